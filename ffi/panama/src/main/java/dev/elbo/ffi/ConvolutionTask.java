package dev.elbo.ffi;

import java.util.Objects;

/// One convolution with everything that is fixed before it runs.
///
/// ```
/// r = activation(alpha · pass(first, second) + beta · r + bias)      bias (channels of r)
/// ```
///
/// All are f32, but that in the precision BF16 the operands are bf16, and the result if it is to be rounded: many
/// engines know one type for all three.
///
/// @param shape      geometry, layout and precision
/// @param pass       which of x, w and y is computed
/// @param alpha      factor of the convolution
/// @param beta       factor of what r held; 0 overwrites it, whatever it was
/// @param biased     whether a bias is added for each channel of r
/// @param activation applied last
/// @param rounded    whether r is bf16 as the operands are
public record ConvolutionTask(
        ConvolutionShape shape,
        ConvolutionShape.Pass pass,
        float alpha,
        float beta,
        boolean biased,
        Activation activation,
        boolean rounded) {

    /// @throws IllegalArgumentException if a filter gradient is to have a bias or an activation, or a result is to be
    ///     rounded where operands are not, or where bias or activation follow
    public ConvolutionTask {
        Objects.requireNonNull(shape, "shape");
        Objects.requireNonNull(activation, "activation");
        if (pass == ConvolutionShape.Pass.FILTER_GRADIENT && (biased || activation != Activation.NONE)) {
            throw new IllegalArgumentException("convolution: a filter gradient takes neither bias nor activation;"
                    + " biased=" + biased + ", activation=" + activation);
        }
        if (rounded && (shape.precision() != Precision.BF16 || biased || activation != Activation.NONE)) {
            throw new IllegalArgumentException("convolution: a bf16 result is that of bf16 operands alone; precision="
                    + shape.precision() + ", biased=" + biased + ", activation=" + activation);
        }
    }

    /// The plain pass: r = pass(first, second).
    public static ConvolutionTask of(ConvolutionShape shape, ConvolutionShape.Pass pass) {
        return new ConvolutionTask(shape, pass, 1, 0, false, Activation.NONE, false);
    }

    /// The same, scaled, and added into `beta` times what r held.
    public ConvolutionTask scaled(float alpha, float beta) {
        return new ConvolutionTask(shape, pass, alpha, beta, biased, activation, rounded);
    }

    /// The same, followed by a bias and an activation.
    public ConvolutionTask then(Activation activation) {
        return new ConvolutionTask(shape, pass, alpha, beta, true, activation, rounded);
    }

    /// The same with a result in bf16.
    public ConvolutionTask intoBf16() {
        return new ConvolutionTask(shape, pass, alpha, beta, biased, activation, true);
    }
}
