package dev.elbo.models.layers;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.TransposedConvolution;
import dev.elbo.runtime.ops.Window;
import dev.elbo.runtime.random.Purpose;

/// A layer that enlarges images by the transpose of a convolution: with kernel 4, stride 2 and padding 1 it doubles
/// height and width.
///
/// ```
/// y = activation(weightᵀ ∗ x + bias)     x (n, rows, columns, channels) → y (n, height, width, outputs)
/// ```
///
/// @param weight     (channels, window height, window width, outputs): that of the convolution from y to x
/// @param bias       (outputs), or null: before a [BatchNorm], which would take it away again
/// @param window     kernel, stride and padding of the convolution from y to x
/// @param activation of each output
public record TransposedConv(Tensor weight, Tensor bias, Window window, Activation activation) {
    /// A layer with biases zero.
    ///
    /// @param initial of the weights
    /// @param init    where the draw of the weights comes from
    /// @param memory  holds the parameters
    public static TransposedConv of(
            int channels,
            int outputs,
            Window window,
            Activation activation,
            Initial initial,
            Clock init,
            Memory memory) {
        Tensor weight = weight(channels, outputs, window, initial, init, memory);
        return new TransposedConv(weight, Ops.plain(memory).constant(Shape.of(outputs), 0), window, activation);
    }

    /// A layer without biases or activation, for a [BatchNorm] to follow.
    ///
    /// @param initial of the weights
    /// @param init    where the draw of the weights comes from
    /// @param memory  holds the parameters
    public static TransposedConv linear(
            int channels, int outputs, Window window, Initial initial, Clock init, Memory memory) {
        Tensor weight = weight(channels, outputs, window, initial, init, memory);
        return new TransposedConv(weight, null, window, Activation.NONE);
    }

    private static Tensor weight(int channels, int outputs, Window window, Initial initial, Clock init, Memory memory) {
        int taps = window.height() * window.width();
        int steps = window.strideDown() * window.strideAcross();
        return initial.weight(
                Ops.plain(memory),
                Shape.of(channels, window.height(), window.width(), outputs),
                Math.max(1, taps * channels / steps),
                taps * outputs,
                init.next(Purpose.INITIALISE));
    }

    /// The layer's outputs, the smallest images that the window takes to the extents of x.
    ///
    /// @param x (n, rows, columns, channels)
    /// @return (n, height, width, outputs)
    public Tensor apply(Ops f, Tensor x) {
        TransposedConvolution op = TransposedConvolution.smallest(x, window, activation);
        return bias == null ? f.apply(op, x, weight) : f.apply(op, x, weight, bias);
    }
}
