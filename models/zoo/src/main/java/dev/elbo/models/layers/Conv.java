package dev.elbo.models.layers;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Convolution;
import dev.elbo.runtime.ops.Window;
import dev.elbo.runtime.random.Purpose;

/// A convolutional layer over images whose channels lie innermost.
///
/// ```
/// y = activation(x ∗ weight + bias)     x (n, height, width, channels) → y (n, …, outputs)
/// ```
///
/// @param weight     (outputs, window height, window width, channels)
/// @param bias       (outputs), or null: before a [BatchNorm], which would take it away again
/// @param window     kernel, stride and padding
/// @param activation of each output
public record Conv(Tensor weight, Tensor bias, Window window, Activation activation) {
    /// A layer with biases zero.
    ///
    /// @param initial of the weights
    /// @param init    where the draw of the weights comes from
    /// @param memory  holds the parameters
    public static Conv of(
            int channels,
            int outputs,
            Window window,
            Activation activation,
            Initial initial,
            Clock init,
            Memory memory) {
        Tensor weight = weight(channels, outputs, window, initial, init, memory);
        return new Conv(weight, Ops.plain(memory).constant(Shape.of(outputs), 0), window, activation);
    }

    /// A layer without biases or activation, for a [BatchNorm] to follow.
    ///
    /// @param initial of the weights
    /// @param init    where the draw of the weights comes from
    /// @param memory  holds the parameters
    public static Conv linear(int channels, int outputs, Window window, Initial initial, Clock init, Memory memory) {
        return new Conv(weight(channels, outputs, window, initial, init, memory), null, window, Activation.NONE);
    }

    private static Tensor weight(int channels, int outputs, Window window, Initial initial, Clock init, Memory memory) {
        int taps = window.height() * window.width();
        int steps = window.strideDown() * window.strideAcross();
        return initial.weight(
                Ops.plain(memory),
                Shape.of(outputs, window.height(), window.width(), channels),
                taps * channels,
                Math.max(1, taps * outputs / steps),
                init.next(Purpose.INITIALISE));
    }

    /// The layer's outputs.
    ///
    /// @param x (n, height, width, channels)
    /// @return (n, out height, out width, outputs)
    public Tensor apply(Ops f, Tensor x) {
        Convolution op = new Convolution(window, activation);
        return bias == null ? f.apply(op, x, weight) : f.apply(op, x, weight, bias);
    }
}
