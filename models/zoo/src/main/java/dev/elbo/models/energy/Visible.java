package dev.elbo.models.energy;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Statistic;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;

/// What the visible units of an [Rbm] are: their own term of the energy, what they say to the hidden units, and their
/// distribution given those.
public sealed interface Visible {
    /// What the hidden units see of v: the v̂ of the energy's term −v̂ᵀWh.
    ///
    /// @param v (n, visible)
    /// @return (n, visible)
    Tensor seen(Ops f, Tensor v);

    /// The energy of v alone, without hidden units.
    ///
    /// @param v    (n, visible)
    /// @param bias (visible), a
    /// @return (n), nats
    Tensor energy(Ops f, Tensor v, Tensor bias);

    /// −F(v): how probable v is beside others, on the log scale, hidden units summed out.
    ///
    /// @param v      (n, visible)
    /// @param bias   (visible), a
    /// @param logits (n, hidden), of p(h | v)
    /// @return (n), nats
    Tensor negativeFreeEnergy(Ops f, Tensor v, Tensor bias, Tensor logits);

    /// E[v | h].
    ///
    /// @param h       (n, hidden)
    /// @param weights (visible, hidden), W
    /// @param bias    (visible), a
    /// @return (n, visible)
    Tensor mean(Ops f, Tensor h, Tensor weights, Tensor bias);

    /// A draw of v given h.
    ///
    /// @param h       (n, hidden)
    /// @param weights (visible, hidden), W
    /// @param bias    (visible), a
    /// @return (n, visible)
    Tensor draw(Ops f, Tensor h, Tensor weights, Tensor bias, Draw draw);

    /// Bits.
    ///
    /// ```
    /// energy −aᵀv,   v̂ = v,   p(v_i = 1 | h) = σ(a_i + (Wh)_i)
    /// ```
    record Bernoulli() implements Visible {
        @Override
        public Tensor seen(Ops f, Tensor v) {
            return v;
        }

        @Override
        public Tensor energy(Ops f, Tensor v, Tensor bias) {
            Tensor sum = f.product(v, bias.as(Shape.of(bias.shape().cols(), 1)));
            return f.negate(f.reshape(sum, Shape.of(v.shape().rows())));
        }

        @Override
        public Tensor negativeFreeEnergy(Ops f, Tensor v, Tensor bias, Tensor logits) {
            return f.negativeFreeEnergy(v, bias, logits);
        }

        @Override
        public Tensor mean(Ops f, Tensor h, Tensor weights, Tensor bias) {
            return f.linearTransposed(h, weights, bias, Activation.SIGMOID);
        }

        @Override
        public Tensor draw(Ops f, Tensor h, Tensor weights, Tensor bias, Draw draw) {
            return f.bernoulliLinearTransposed(h, weights, bias, draw);
        }
    }

    /// Real numbers, each with a deviation that is known beforehand: that of the data, say (Hinton 2010, §13.2, whose
    /// data are scaled to σ = 1 instead).
    ///
    /// ```
    /// energy ½ Σ_i (v̂_i − a_i)²,   v̂_i = v_i / σ_i,   p(v | h) = N(σ ∘ (a + Wh), diag σ²)
    /// ```
    ///
    /// Biases are in units of σ, as weights are: one rate of learning suits units of every scale.
    ///
    /// @param deviation (visible), σ; above 0
    record Gaussian(Statistic deviation) implements Visible {
        private static final float LEAST = 0.05f;

        /// Units of these deviations; those that hardly move count as 0.05, for weights divide by them.
        ///
        /// @param memory holds them
        public static Gaussian of(float[] deviations, Memory memory) {
            return new Gaussian(new Statistic(memory.floats(Shape.of(deviations.length), held(deviations))));
        }

        private static float[] held(float[] deviations) {
            float[] held = deviations.clone();
            for (int i = 0; i < held.length; i++) {
                held[i] = Math.max(held[i], LEAST);
            }
            return held;
        }

        @Override
        public Tensor seen(Ops f, Tensor v) {
            return f.divide(v, deviation.value());
        }

        @Override
        public Tensor energy(Ops f, Tensor v, Tensor bias) {
            return f.times(f.sumRows(f.square(f.minus(seen(f, v), bias))), 0.5f);
        }

        @Override
        public Tensor negativeFreeEnergy(Ops f, Tensor v, Tensor bias, Tensor logits) {
            return f.minus(f.softplusRows(logits), energy(f, v, bias));
        }

        @Override
        public Tensor mean(Ops f, Tensor h, Tensor weights, Tensor bias) {
            return f.times(f.linearTransposed(h, weights, bias, Activation.NONE), deviation.value());
        }

        @Override
        public Tensor draw(Ops f, Tensor h, Tensor weights, Tensor bias, Draw draw) {
            Tensor mean = mean(f, h, weights, bias);
            return f.plus(mean, f.times(f.normals(mean.shape(), draw), deviation.value()));
        }
    }
}
