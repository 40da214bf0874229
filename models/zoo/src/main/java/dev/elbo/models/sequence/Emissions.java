package dev.elbo.models.sequence;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Statistic;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Purpose;

/// What each state of a hidden Markov model says about an observation.
public sealed interface Emissions {
    /// log b_s(x_t).
    ///
    /// @param x (n, t, features)
    /// @return (n, t, s), nats; densities where x is a number
    Tensor logLikelihood(Ops f, Tensor x);

    /// Number of states.
    int states();

    /// One symbol of many.
    ///
    /// ```
    /// b_s(v) = exp logits[v,s] / Σ_u exp logits[u,s]                x (n, t, 1) i32, a symbol
    /// ```
    ///
    /// A symbol outside of the table was not observed: b = 1 for every state.
    ///
    /// @param logits (symbols, s)
    record Categorical(Tensor logits) implements Emissions {
        /// Nearly uniform.
        ///
        /// @param init   where the draw comes from that tells states apart
        /// @param memory holds the parameters
        public static Categorical of(int symbols, int states, Clock init, Memory memory) {
            Ops f = Ops.plain(memory);
            return new Categorical(f.times(f.normals(Shape.of(symbols, states), init.next(Purpose.INITIALISE)), 0.3f));
        }

        @Override
        public Tensor logLikelihood(Ops f, Tensor x) {
            Tensor normaliser = f.log(f.sumColumns(f.exp(logits)));
            return f.sumOfRows(f.minus(logits, normaliser), x);
        }

        @Override
        public int states() {
            return logits.shape().cols();
        }
    }

    /// Mixtures of Gaussians, each with a covariance of its own.
    ///
    /// ```
    /// b_s(x) = Σ_k w[s,k] N(x | μ_c, Σ_c)                  c = s · components + k
    /// w[s,:] = softmax(weights[s,:])
    /// Σ_c⁻¹  = P_cᵀ P_c,  P_c = diag(exp logScales[c]) + strictly lower part of lower[c]
    /// ```
    ///
    /// P whitens: log N = −½ |P (x − μ)|² + Σ logScales − d/2 log 2π. So a precision is positive whatever the
    /// parameters are, and all components are one matrix product. P x and P μ are subtracted in f32: observations
    /// should be about standard.
    ///
    /// @param weights   (s, components), logits
    /// @param means     (s · components, d)
    /// @param logScales (s · components, d)
    /// @param lower     (s · components · d, d); only what `below` lets through counts
    /// @param diagonal  (d · d), 1 on the diagonal
    /// @param below     (d · d), 1 strictly below the diagonal; all 0 for diagonal covariances
    record Gaussians(Tensor weights, Tensor means, Tensor logScales, Tensor lower, Statistic diagonal, Statistic below)
            implements Emissions {
        private static final double LOG_2_PI = Math.log(2 * Math.PI);

        /// Unit covariances around means drawn near 0.
        ///
        /// @param components of each state's mixture
        /// @param features   of an observation
        /// @param full       whether covariances are full, not diagonal
        /// @param init       where the draw of the means comes from
        /// @param memory     holds the parameters
        public static Gaussians of(int states, int components, int features, boolean full, Clock init, Memory memory) {
            Ops f = Ops.plain(memory);
            int all = states * components;
            float[] diagonal = new float[features * features];
            float[] below = new float[features * features];
            for (int e = 0; e < diagonal.length; e++) {
                diagonal[e] = e / features == e % features ? 1 : 0;
                below[e] = full && e / features > e % features ? 1 : 0;
            }
            return new Gaussians(
                    f.constant(Shape.of(states, components), 0),
                    f.times(f.normals(Shape.of(all, features), init.next(Purpose.INITIALISE)), 0.5f),
                    f.constant(Shape.of(all, features), 0),
                    f.constant(Shape.of(all * features, features), 0),
                    new Statistic(memory.floats(Shape.of(diagonal.length), diagonal)),
                    new Statistic(memory.floats(Shape.of(below.length), below)));
        }

        @Override
        public Tensor logLikelihood(Ops f, Tensor x) {
            Tensor each = components(f, x);
            Shape rows = Shape.of(x.shape().rows(), states(), components());
            Tensor mixed = f.logSumExpRows(each.as(rows));
            return mixed.as(Shape.of(x.shape().extent(0), x.shape().extent(1), states()));
        }

        /// log w[s,k] N(x | μ_c, Σ_c).
        ///
        /// @param x (n, t, d)
        /// @return (n · t, s · components), nats
        public Tensor components(Ops f, Tensor x) {
            int d = means.shape().cols();
            int all = means.shape().rows();
            int rows = x.shape().rows();
            Tensor whitening = whitening(f);
            Tensor shift = f.dotRows(whitening, f.repeatRows(means, d).as(Shape.of(all * d, d)));
            Tensor z = f.minus(f.product(x.as(Shape.of(rows, d)), false, whitening, true), shift);
            Tensor distance = f.sumRows(f.square(z.as(Shape.of(rows, all, d)))).as(Shape.of(rows, all));
            Tensor logWeights = f.logSoftmaxRows(weights).as(Shape.of(all));
            Tensor constant = f.constant(Shape.of(1), (float) (-0.5 * d * LOG_2_PI));
            Tensor ofComponent = f.plus(f.plus(logWeights, f.sumRows(logScales)), constant);
            return f.plus(f.times(distance, -0.5f), ofComponent);
        }

        /// All P_c, one above the other, (s · components · d, d).
        private Tensor whitening(Ops f) {
            int d = means.shape().cols();
            int all = means.shape().rows();
            Shape flat = Shape.of(all, d * d);
            Tensor scales = f.expandRows(f.exp(logScales).as(Shape.of(all * d)), d);
            Tensor onDiagonal = f.times(scales.as(flat), diagonal.value());
            Tensor whole = f.plus(onDiagonal, f.times(lower.as(flat), below.value()));
            return whole.as(Shape.of(all * d, d));
        }

        /// Gaussians of each state.
        public int components() {
            return weights.shape().cols();
        }

        @Override
        public int states() {
            return weights.shape().rows();
        }
    }
}
