package dev.elbo.models.layers;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Statistic;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Moments;
import dev.elbo.runtime.random.Purpose;

/// A layer that normalises each channel, see [BatchNormalise].
///
/// ```
/// y = activation(scale · (x − μ) / √(v + ε) + shift)          x, y (…, channels)
/// ```
///
/// In training μ and v are those of the batch, and the running ones follow them; afterwards the running ones serve.
///
/// @param scale      (channels)
/// @param shift      (channels)
/// @param mean       (channels), running
/// @param variance   (channels), running, unbiased
/// @param activation of each output
public record BatchNorm(Tensor scale, Tensor shift, Statistic mean, Statistic variance, Activation activation) {
    /// Weight of a batch in the running moments.
    public static final float MOMENTUM = 0.1f;

    /// ε.
    public static final float EPSILON = 1e-5f;

    /// A layer that at first only normalises.
    ///
    /// @param memory holds parameters and statistics
    public static BatchNorm of(int channels, Activation activation, Memory memory) {
        return of(Ops.plain(memory).constant(Shape.of(channels), 1), activation, memory);
    }

    /// A layer whose scales are normal around 1, with this standard deviation; 0.02 in DCGAN.
    ///
    /// @param init   where the draw of the scales comes from
    /// @param memory holds parameters and statistics
    public static BatchNorm around1(int channels, float deviation, Activation activation, Clock init, Memory memory) {
        Ops f = Ops.plain(memory);
        Tensor normals = f.normals(Shape.of(channels), init.next(Purpose.INITIALISE));
        return of(f.plus(f.times(normals, deviation), f.constant(Shape.of(1), 1)), activation, memory);
    }

    private static BatchNorm of(Tensor scale, Activation activation, Memory memory) {
        Ops f = Ops.plain(memory);
        Shape channels = scale.shape();
        return new BatchNorm(
                scale,
                f.constant(channels, 0),
                new Statistic(f.constant(channels, 0)),
                new Statistic(f.constant(channels, 1)),
                activation);
    }

    /// Outputs by the moments of this batch, which the running ones follow.
    ///
    /// @param x (…, channels)
    /// @return (…, channels)
    public Tensor train(Ops f, Tensor x) {
        return f.batchNormalise(x, scale, shift, running(), MOMENTUM, EPSILON, activation);
    }

    /// Outputs by the running moments: each from its own x alone.
    ///
    /// @param x (…, channels)
    /// @return (…, channels)
    public Tensor infer(Ops f, Tensor x) {
        return f.normalise(x, scale, shift, running(), EPSILON, activation);
    }

    private Moments running() {
        return new Moments(mean.value(), variance.value());
    }
}
