package dev.elbo.models.layers;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Sample;

/// Normal distributions, one for each row.
public sealed interface Normal {
    /// Where they lie, (n, cols).
    Tensor mean();

    /// Draws of each, with their densities and the divergence from N(0, I).
    ///
    /// @param samples of each row, at least 1
    Sample sample(Ops f, int samples, Draw draw);

    /// log density of points.
    ///
    /// @param z (n, cols) or (n, samples, cols)
    /// @return (n) or (n, samples), nats
    Tensor logDensity(Ops f, Tensor z);

    /// Independent coordinates: N(mean, diag exp logVariance).
    ///
    /// @param mean        (n, cols)
    /// @param logVariance (n, cols)
    record Diagonal(Tensor mean, Tensor logVariance) implements Normal {
        @Override
        public Sample sample(Ops f, int samples, Draw draw) {
            return f.gaussianSample(mean, logVariance, samples, draw);
        }

        @Override
        public Tensor logDensity(Ops f, Tensor z) {
            return f.gaussianLogLikelihood(z, mean, logVariance);
        }
    }

    /// Any covariance: N(mean, L Lᵀ).
    ///
    /// @param mean   (n, cols)
    /// @param factor (n, cols (cols + 1) / 2), L packed as [dev.elbo.runtime.ops.CholeskySample] says
    record Full(Tensor mean, Tensor factor) implements Normal {
        @Override
        public Sample sample(Ops f, int samples, Draw draw) {
            return f.choleskySample(mean, factor, samples, draw);
        }

        @Override
        public Tensor logDensity(Ops f, Tensor z) {
            return f.choleskyLogLikelihood(z, mean, factor);
        }
    }
}
