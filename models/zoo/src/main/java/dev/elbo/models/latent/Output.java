package dev.elbo.models.latent;

import dev.elbo.models.layers.Dense;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;

/// The last part of a decoder: what it believes about the data, given its last hidden layer.
public sealed interface Output {
    /// log p(x | h) of each row.
    ///
    /// @param h (n, hidden) or (n, samples, hidden)
    /// @param x (n, features)
    /// @return (n) or (n, samples), nats
    Tensor logLikelihood(Ops f, Tensor h, Tensor x);

    /// E[x | h].
    ///
    /// @param h (n, hidden) or (n, samples, hidden)
    /// @return (n, features) or (n, samples, features)
    Tensor mean(Ops f, Tensor h);

    /// Binary data, or data in [0, 1] taken for probabilities.
    ///
    /// ```
    /// p(x | h) = Π_j σ(l_j)^{x_j} (1 − σ(l_j))^{1 − x_j},   l = logits(h)
    /// ```
    record Bernoulli(Dense logits) implements Output {
        /// @param init   where the draws of the weights come from
        /// @param memory holds the parameters
        public static Bernoulli of(int hidden, int features, Clock init, Memory memory) {
            return new Bernoulli(Dense.of(hidden, features, Activation.NONE, init, memory));
        }

        @Override
        public Tensor logLikelihood(Ops f, Tensor h, Tensor x) {
            return f.bernoulliLogLikelihood(logits.apply(f, h), x);
        }

        @Override
        public Tensor mean(Ops f, Tensor h) {
            return f.sigmoid(logits.apply(f, h));
        }
    }

    /// Real data.
    ///
    /// ```
    /// p(x | h) = N(x | mean(h), diag exp logVariance(h))
    /// ```
    record Gaussian(Dense mean, Dense logVariance) implements Output {
        /// @param init   where the draws of the weights come from
        /// @param memory holds the parameters
        public static Gaussian of(int hidden, int features, Clock init, Memory memory) {
            return new Gaussian(
                    Dense.of(hidden, features, Activation.NONE, init, memory),
                    Dense.of(hidden, features, Activation.NONE, init, memory));
        }

        @Override
        public Tensor logLikelihood(Ops f, Tensor h, Tensor x) {
            return f.gaussianLogLikelihood(x, mean.apply(f, h), logVariance.apply(f, h));
        }

        @Override
        public Tensor mean(Ops f, Tensor h) {
            return mean.apply(f, h);
        }
    }
}
