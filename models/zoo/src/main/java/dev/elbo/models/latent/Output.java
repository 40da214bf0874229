package dev.elbo.models.latent;

import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.Head;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Statistic;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.Term;
import dev.elbo.runtime.ops.Activation;

/// The last part of a decoder: what it believes about the data, given its last hidden layer.
public sealed interface Output {
    /// A decoder's last part, made when the width before it is known.
    @FunctionalInterface
    interface Factory {
        /// @param hidden   width of the decoder's last layer
        /// @param features of the data
        Output of(int hidden, int features, Clock init, Memory memory);
    }

    /// A fully connected head.
    Head.Factory DENSE = (inputs, outputs, init, memory) -> Dense.of(inputs, outputs, Activation.NONE, init, memory);

    /// log p(x | h) of each row.
    ///
    /// @param h (n, hidden) or (n, samples, hidden)
    /// @param x (n, features)
    /// @return (n) or (n, samples), nats
    Tensor logLikelihood(Ops f, Tensor h, Tensor x);

    /// onto + log p(x | h) of each row.
    ///
    /// @param h    (n, hidden) or (n, samples, hidden)
    /// @param x    (n, features)
    /// @param onto (n) or (n, samples), nats
    /// @return shape of `onto`, nats
    default Tensor logLikelihood(Ops f, Tensor h, Tensor x, Tensor onto) {
        return f.plus(onto, logLikelihood(f, h, x));
    }

    /// E[x | h].
    ///
    /// @param h (n, hidden) or (n, samples, hidden)
    /// @return (n, features) or (n, samples, features)
    Tensor mean(Ops f, Tensor h);

    /// A draw of p(x | h) beside its mean, of one pass through the last layer. Nothing flows back from
    /// the draw.
    ///
    /// @param h (n, hidden)
    Imputation.Pass sample(Ops f, Tensor h, Draw draw);

    /// Binary data, or data in [0, 1] taken for probabilities.
    ///
    /// ```
    /// p(x | h) = Π_j σ(l_j)^{x_j} (1 − σ(l_j))^{1 − x_j},   l = logits(h)
    /// ```
    record Bernoulli(Head logits) implements Output {
        /// @param init   where the draws of the weights come from
        /// @param memory holds the parameters
        public static Bernoulli of(int hidden, int features, Clock init, Memory memory) {
            return (Bernoulli) by(DENSE).of(hidden, features, init, memory);
        }

        /// A factory with heads of another kind.
        public static Factory by(Head.Factory head) {
            return (hidden, features, init, memory) -> new Bernoulli(head.of(hidden, features, init, memory));
        }

        @Override
        public Tensor logLikelihood(Ops f, Tensor h, Tensor x) {
            return f.bernoulliLogLikelihood(logits.apply(f, h), x);
        }

        @Override
        public Tensor logLikelihood(Ops f, Tensor h, Tensor x, Tensor onto) {
            return f.bernoulliLogLikelihood(logits.apply(f, h), x, onto);
        }

        @Override
        public Tensor mean(Ops f, Tensor h) {
            return f.sigmoid(logits.apply(f, h));
        }

        @Override
        public Imputation.Pass sample(Ops f, Tensor h, Draw draw) {
            Tensor odds = logits.apply(f, h);
            return new Imputation.Pass(f.sigmoid(odds), f.bernoulliLogits(odds, draw));
        }
    }

    /// Real data whose noise is learned.
    ///
    /// ```
    /// p(x | h) = N(x | mean(h), diag exp logVariance(h))
    /// ```
    record Gaussian(Head mean, Head logVariance) implements Output {
        /// @param init   where the draws of the weights come from
        /// @param memory holds the parameters
        public static Gaussian of(int hidden, int features, Clock init, Memory memory) {
            return (Gaussian) by(DENSE).of(hidden, features, init, memory);
        }

        /// A factory with heads of another kind.
        public static Factory by(Head.Factory head) {
            return (hidden, features, init, memory) ->
                    new Gaussian(head.of(hidden, features, init, memory), head.of(hidden, features, init, memory));
        }

        @Override
        public Tensor logLikelihood(Ops f, Tensor h, Tensor x) {
            return f.gaussianLogLikelihood(x, mean.apply(f, h), logVariance.apply(f, h));
        }

        @Override
        public Tensor logLikelihood(Ops f, Tensor h, Tensor x, Tensor onto) {
            return f.gaussianLogLikelihood(x, mean.apply(f, h), logVariance.apply(f, h), onto);
        }

        @Override
        public Tensor mean(Ops f, Tensor h) {
            return mean.apply(f, h);
        }

        @Override
        public Imputation.Pass sample(Ops f, Tensor h, Draw draw) {
            Tensor center = mean.apply(f, h);
            return new Imputation.Pass(center, f.detached().reparameterise(center, logVariance.apply(f, h), draw));
        }
    }

    /// Real data with noise of a known size: maximising its likelihood is least squares.
    ///
    /// ```
    /// p(x | h) = N(x | mean(h), deviation² I)
    /// ```
    ///
    /// @param deviation from [#LEAST] to [#MOST]
    record FixedGaussian(Head mean, float deviation) implements Output {
        /// The largest deviation: beyond it a log-variance would be held, and the noise be another.
        public static final float MOST = (float) Math.exp(0.5 * Term.LOG_VARIANCE_BOUND);

        /// The smallest deviation, for the same reason.
        public static final float LEAST = 1 / MOST;

        /// Checks the deviation.
        public FixedGaussian {
            if (!(LEAST <= deviation && deviation <= MOST)) {
                throw new IllegalArgumentException("FixedGaussian: deviation out of range; deviation=" + deviation
                        + ", least=" + LEAST + ", most=" + MOST);
            }
        }

        /// A factory for noise of this size.
        public static Factory of(float deviation) {
            return by(DENSE, deviation);
        }

        /// The same with a head of another kind.
        public static Factory by(Head.Factory head, float deviation) {
            return (hidden, features, init, memory) ->
                    new FixedGaussian(head.of(hidden, features, init, memory), deviation);
        }

        @Override
        public Tensor logLikelihood(Ops f, Tensor h, Tensor x) {
            Tensor center = mean.apply(f, h);
            return f.gaussianLogLikelihood(x, center, logVariance(f, center.shape()));
        }

        @Override
        public Tensor mean(Ops f, Tensor h) {
            return mean.apply(f, h);
        }

        @Override
        public Imputation.Pass sample(Ops f, Tensor h, Draw draw) {
            Tensor center = mean.apply(f, h);
            Tensor drawn = f.detached().reparameterise(center, logVariance(f, center.shape()), draw);
            return new Imputation.Pass(center, drawn);
        }

        private Tensor logVariance(Ops f, Shape shape) {
            return f.constant(shape, (float) (2 * Math.log(deviation)));
        }
    }

    /// Data of a few levels, evenly spaced from 0 to 1: grey pictures without the idea that grey is between
    /// black and white.
    ///
    /// ```
    /// p(x_j = l / (levels − 1) | h) = softmax(logits_j(h))_l          0 ≤ l < levels
    /// ```
    ///
    /// A value between two levels counts for both, by how near it is: the expectation over rounding it at
    /// random. So two levels are the [Bernoulli] output.
    ///
    /// @param logits of every level of every feature
    /// @param values (levels, 1), the levels themselves
    record Categorical(Head logits, Statistic values) implements Output {
        /// A factory for so many levels.
        ///
        /// @param levels at least 2
        public static Factory of(int levels) {
            return by(DENSE, levels);
        }

        /// The same with a head of another kind.
        ///
        /// @param levels at least 2
        public static Factory by(Head.Factory head, int levels) {
            if (levels < 2) {
                throw new IllegalArgumentException("Categorical: at least two levels; levels=" + levels);
            }
            float[] values = new float[levels];
            for (int level = 0; level < levels; level++) {
                values[level] = (float) level / (levels - 1);
            }
            return (hidden, features, init, memory) -> new Categorical(
                    head.of(hidden, features * levels, init, memory),
                    new Statistic(memory.floats(Shape.of(levels, 1), values)));
        }

        @Override
        public Tensor logLikelihood(Ops f, Tensor h, Tensor x) {
            Tensor flat = logits.apply(f, h);
            Tensor logP = f.logSoftmaxRows(sites(f, flat));
            // One observation beside every sample drawn for it.
            Tensor observed =
                    f.repeatRows(counts(f, x), flat.shape().rows() / x.shape().rows());
            Tensor sums = f.dotRows(f.reshape(logP, flat.shape()), f.reshape(observed, flat.shape()));
            return f.reshape(sums, flat.shape().withoutCols());
        }

        @Override
        public Tensor mean(Ops f, Tensor h) {
            return expected(f, logits.apply(f, h));
        }

        private Tensor expected(Ops f, Tensor flat) {
            Tensor expected = f.product(f.softmaxRows(sites(f, flat)), values.value());
            return f.reshape(expected, flat.shape().withCols(flat.shape().cols() / levels()));
        }

        /// By Gumbel's trick: the largest of logits − log(−log u).
        @Override
        public Imputation.Pass sample(Ops f, Tensor h, Draw draw) {
            Tensor flat = logits.apply(f, h);
            // A uniform draw is a multiple of 2⁻²⁴ from 0 on: half a step up, so that no logarithm is infinite.
            Tensor u = f.plus(f.uniforms(flat.shape(), draw), f.constant(Shape.of(1), 0x1p-25f));
            Tensor noisy = f.minus(flat, f.log(f.negate(f.log(u))));
            Tensor level = f.maxRows(sites(f, noisy)).index();
            Tensor drawn = f.reshape(
                    f.gatherRows(values.value(), level),
                    flat.shape().withCols(flat.shape().cols() / levels()));
            return new Imputation.Pass(expected(f, flat), drawn);
        }

        /// (sites, levels)
        private Tensor sites(Ops f, Tensor flat) {
            return f.reshape(flat, Shape.of(Math.toIntExact(flat.shape().size() / levels()), levels()));
        }

        /// How much each value of x counts for each level: relu(1 − |(levels − 1) (x − value)|).
        ///
        /// @param x (n, features)
        /// @return (n, features · levels)
        private Tensor counts(Ops f, Tensor x) {
            int levels = levels();
            Tensor flat = f.reshape(x, Shape.of(Math.toIntExact(x.shape().size())));
            Tensor apart = f.minus(f.expandRows(flat, levels), f.reshape(values.value(), Shape.of(levels)));
            Tensor near = f.relu(f.minus(f.constant(Shape.of(1), 1), f.times(f.abs(apart), levels - 1)));
            return f.reshape(near, x.shape().withCols(x.shape().cols() * levels));
        }

        private int levels() {
            return values.value().shape().rows();
        }
    }
}
