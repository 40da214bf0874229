package dev.elbo.runtime.ops;

import dev.elbo.runtime.ConvolutionShape;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// The launches of convolutions in their three directions, and what their operations share.
final class Convolutions {
    private Convolutions() {}

    /// Extents of a convolution of x.
    static ConvolutionShape shape(String operation, Window window, Tensor x, Tensor weight) {
        checkGoTogether(operation, window, x, weight, 3);
        Shape image = x.shape();
        return new ConvolutionShape(
                image.extent(0),
                image.extent(1),
                image.extent(2),
                image.extent(3),
                weight.shape().extent(0),
                window);
    }

    /// Extents of the convolution that makes x of an image of `height` × `width`.
    static ConvolutionShape transposed(
            String operation, Window window, int height, int width, Tensor x, Tensor weight) {
        checkGoTogether(operation, window, x, weight, 0);
        Shape map = x.shape();
        if (window.outHeight(height) != map.extent(1) || window.outWidth(width) != map.extent(2)) {
            throw new IllegalArgumentException(operation + ": the window does not make x of such an image; x=" + map
                    + ", image=" + Shape.of(height, width) + ", window=" + window);
        }
        return new ConvolutionShape(map.extent(0), height, width, weight.shape().extent(3), map.extent(3), window);
    }

    /// @param axis of the weight that meets the channels of x
    private static void checkGoTogether(String operation, Window window, Tensor x, Tensor weight, int axis) {
        Shape image = x.shape();
        Shape kernel = weight.shape();
        boolean fits = image.rank() == 4
                && kernel.rank() == 4
                && kernel.extent(1) == window.height()
                && kernel.extent(2) == window.width()
                && kernel.extent(axis) == image.extent(3);
        if (!fits) {
            throw new IllegalArgumentException(operation + ": shapes do not go together; x=" + image + ", weight="
                    + kernel + ", window=" + window);
        }
    }

    /// Binds y (+)= x ∗ w, then f(y + bias).
    ///
    /// @param bias (outputs), or null
    static void bind(
            String operation,
            ConvolutionShape shape,
            Tensor x,
            Tensor weight,
            Tensor bias,
            Tensor y,
            boolean first,
            Activation activation) {
        switch (y.device()) {
            case CpuDevice cpu ->
                cpu.bindConvolution(
                        operation,
                        shape,
                        x,
                        weight,
                        bias,
                        y,
                        first,
                        activation.f().loop(),
                        activation.parameter());
            case CudaDevice cuda ->
                cuda.bindConvolution(
                        operation,
                        shape,
                        x,
                        weight,
                        bias,
                        y,
                        first,
                        activation.f().loop(),
                        activation.parameter());
        }
    }

    /// Binds x (+)= wᵀ ∗ y, then f(x + bias).
    ///
    /// @param bias (channels), or null
    static void bindTransposed(
            String operation,
            ConvolutionShape shape,
            Tensor y,
            Tensor weight,
            Tensor bias,
            Tensor x,
            boolean first,
            Activation activation) {
        switch (x.device()) {
            case CpuDevice cpu ->
                cpu.bindConvolutionTransposed(
                        operation,
                        shape,
                        y,
                        weight,
                        bias,
                        x,
                        first,
                        activation.f().loop(),
                        activation.parameter());
            case CudaDevice cuda ->
                cuda.bindConvolutionTransposed(
                        operation,
                        shape,
                        y,
                        weight,
                        bias,
                        x,
                        first,
                        activation.f().loop(),
                        activation.parameter());
        }
    }

    /// Binds dw (+)= Σ x ∗ dy.
    static void bindWeight(
            String operation, ConvolutionShape shape, Tensor x, Tensor dy, Tensor dWeight, boolean first) {
        switch (dWeight.device()) {
            case CpuDevice cpu -> cpu.bindConvolutionWeight(operation, shape, x, dy, dWeight, first);
            case CudaDevice cuda -> cuda.bindConvolutionWeight(operation, shape, x, dy, dWeight, first);
        }
    }

    /// Binds dy = dy · f′.
    static void bindSlope(Activation activation, Tensor y, Tensor dy) {
        if (activation.f() != Function.IDENTITY) {
            new Pointwise(activation.f(), activation.parameter()).bindPullback(y, y, dy, dy, true);
        }
    }

    /// Binds the sum of dy over all pixels, if it is wanted.
    static void bindBias(Tensor dy, Gradient dBias) {
        if (dBias.wanted()) {
            Shape shape = dy.shape();
            SumColumns.bind(dy, dBias.into(), shape.rows(), shape.cols(), 1, dBias.first());
        }
    }
}
