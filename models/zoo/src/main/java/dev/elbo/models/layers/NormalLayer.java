package dev.elbo.models.layers;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;

/// A layer whose output is a normal distribution.
public sealed interface NormalLayer {
    /// A layer of either kind, made when the width before it is known.
    @FunctionalInterface
    interface Factory {
        /// @param inputs width of the layer before
        /// @param cols   dimensions of the distribution
        NormalLayer of(int inputs, int cols, Clock init, Memory memory);
    }

    /// The distributions.
    ///
    /// @param h (n, inputs), or (…, inputs): outer extents count as rows
    Normal apply(Ops f, Tensor h);

    /// Dimensions of the distribution.
    int cols();

    /// Independent coordinates.
    ///
    /// ```
    /// N(mean(h), diag exp logVariance(h))
    /// ```
    record Diagonal(Dense mean, Dense logVariance) implements NormalLayer {
        /// @param init   where the draws of the weights come from
        /// @param memory holds the parameters
        public static Diagonal of(int inputs, int cols, Clock init, Memory memory) {
            return new Diagonal(
                    Dense.of(inputs, cols, Activation.NONE, init, memory),
                    Dense.of(inputs, cols, Activation.NONE, init, memory));
        }

        @Override
        public Normal.Diagonal apply(Ops f, Tensor h) {
            return new Normal.Diagonal(mean.apply(f, h), logVariance.apply(f, h));
        }

        @Override
        public int cols() {
            return mean.outputs();
        }
    }

    /// Any covariance.
    ///
    /// ```
    /// N(mean(h), L Lᵀ),   L = factor(h), lower triangular, its diagonal an exponential
    /// ```
    record Full(Dense mean, Dense factor) implements NormalLayer {
        /// @param init   where the draws of the weights come from
        /// @param memory holds the parameters
        public static Full of(int inputs, int cols, Clock init, Memory memory) {
            return new Full(
                    Dense.of(inputs, cols, Activation.NONE, init, memory),
                    Dense.of(inputs, cols * (cols + 1) / 2, Activation.NONE, init, memory));
        }

        @Override
        public Normal.Full apply(Ops f, Tensor h) {
            return new Normal.Full(mean.apply(f, h), factor.apply(f, h));
        }

        @Override
        public int cols() {
            return mean.outputs();
        }
    }
}
