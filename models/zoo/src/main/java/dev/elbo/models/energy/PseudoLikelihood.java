package dev.elbo.models.energy;

import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;

/// Pseudo-likelihood of an [Rbm] of bits (Besag 1975): how well each bit is told from all the others. No log Z is
/// needed; as a figure of merit it is far above the likelihood, and good only to compare a model with itself.
///
/// ```
/// log PL(v) = Σ_i log p(v_i | v without i) = Σ_i log σ(F(v with bit i turned) − F(v))
/// ```
public final class PseudoLikelihood {
    private PseudoLikelihood() {}

    /// Mean over the rows, every bit of every row, nothing drawn.
    ///
    /// @param v (n, visible), bits
    /// @return nats per row
    public static double mean(Rbm rbm, Tensor v) {
        if (!(rbm.units() instanceof Visible.Bernoulli)) {
            throw new IllegalArgumentException("PseudoLikelihood: of bits alone; units=" + rbm.units());
        }
        int n = v.shape().rows();
        int visible = rbm.visible();
        double sum = 0;
        try (Arena all = Arena.ofShared()) {
            Memory memory = Memory.of(v.device(), "pseudo-likelihood", all);
            Ops f = Ops.plain(memory);
            // 1 − 2v turns a bit when it is added to it, and is the sign that its weights enter with.
            Tensor turn = f.plus(f.times(v, -2), f.constant(Shape.of(1), 1));
            Tensor logits = rbm.hiddenLogits(f, v);
            Tensor hidden = f.softplusRows(logits);
            Tensor ofBias = f.times(turn, rbm.visibleBias());
            for (int i = 0; i < visible; i++) {
                sum += bit(rbm, i, turn, ofBias, logits, hidden);
            }
        }
        return sum / n;
    }

    /// Σ over the rows of log p(v_i | the others), from the inputs that bit i alone changes.
    private static double bit(Rbm rbm, int i, Tensor turn, Tensor ofBias, Tensor logits, Tensor hidden) {
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(turn.device(), "pseudo-likelihood of a bit", owner);
            Ops f = Ops.plain(memory);
            Tensor row = rbm.weights().rows(i, i + 1);
            Tensor sign = f.sliceColumns(turn, i, i + 1);
            Tensor turned = f.plus(logits, f.product(sign, row));
            Tensor rise = f.minus(f.softplusRows(turned), hidden);
            Tensor bias = f.reshape(f.sliceColumns(ofBias, i, i + 1), rise.shape());
            // log σ(−x) = −softplus(x), x being what the turned bit gains in −F.
            return -turn.device().scalar(f.sum(f.softplus(f.plus(rise, bias))));
        }
    }
}
