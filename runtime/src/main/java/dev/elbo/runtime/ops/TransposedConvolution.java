package dev.elbo.runtime.ops;

import dev.elbo.runtime.ConvolutionShape;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// Transposed convolution with an activation, with or without a bias: the linear map of [Convolution] run
/// backwards, as generators use it to enlarge images.
///
/// ```
/// y[i,h,v]   = f(b + Σ w[:,r,s]ᵀ · x[i,p,q])     over the r, p with h = p·stride + r − pad; likewise across
///              x (n, …, k), w (k, kernel height, kernel width, c), b (c) → y (n, height, width, c)
/// g          = dy ∘ f′                                                   in place of dy
/// dx        += the convolution of g by w
/// dw[o,r,s] += Σ_{i,p,q} x[i,p,q,o] · g[i, p·stride + r − pad, q·stride + s − pad]
/// db        += Σ_{i,h,v} g[i,h,v]
/// ```
///
/// A convolution by the same window makes x's extents of y's. Where the stride lets several images do that,
/// height and width say which is meant.
///
/// @param window     kernel, stride and padding of the convolution that this transposes
/// @param height     rows of y
/// @param width      columns of y
/// @param activation f
public record TransposedConvolution(Window window, int height, int width, Activation activation)
        implements Op.Binary, Op.Ternary {
    /// The one that makes the smallest images of x.
    ///
    /// @param x (n, rows, columns, k)
    public static TransposedConvolution smallest(Tensor x, Window window, Activation activation) {
        int height = window.inHeight(x.shape().extent(1));
        return new TransposedConvolution(
                window, height, window.inWidth(x.shape().extent(2)), activation);
    }

    @Override
    public Tensor forward(Tensor x, Tensor weight, Memory memory) {
        return forward(x, weight, null, memory);
    }

    @Override
    public Tensor forward(Tensor x, Tensor weight, Tensor bias, Memory memory) {
        ConvolutionShape shape = shape(x, weight);
        if (bias != null) {
            Shapes.exactly(name(), "bias", Shape.of(shape.channels()), bias);
        }
        Tensor y = memory.empty(shape.x());
        Convolutions.bindTransposed(name(), shape, x, weight, bias, y, true, activation);
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor weight, Tensor y, Tensor dy, Gradient dx, Gradient dWeight) {
        ConvolutionShape shape = shape(x, weight);
        Convolutions.bindSlope(activation, y, dy);
        if (dWeight.wanted()) {
            Convolutions.bindWeight(name(), shape, dy, x, dWeight.into(), dWeight.first());
        }
        if (dx.wanted()) {
            Convolutions.bind(name(), shape, dy, weight, null, dx.into(), dx.first(), Activation.NONE);
        }
    }

    @Override
    public void pullback(
            Tensor x, Tensor weight, Tensor bias, Tensor y, Tensor dy, Gradient dx, Gradient dWeight, Gradient dBias) {
        pullback(x, weight, y, dy, dx, dWeight);
        Convolutions.bindBias(dy, dBias);
    }

    private ConvolutionShape shape(Tensor x, Tensor weight) {
        return Convolutions.transposed(name(), window, height, width, x, weight);
    }
}
