package dev.elbo.models.energy;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Assign;
import dev.elbo.runtime.ops.StackedLinear;
import dev.elbo.runtime.random.Purpose;

/// Block Gibbs sampling of an [Rbm], and the losses that learn from it.
///
/// ```
/// h ~ p(h | v),  v′ ~ p(v | h)                                       one step
/// loss = mean F(data) − mean F(v′),  v′ held constant                 contrastive divergence
/// ∂loss/∂W = −(⟨v p(h | v)ᵀ⟩_data − ⟨v p(h | v)ᵀ⟩_chain)
/// ```
///
/// Where visible units are real, the loss is without ½ Σ v̂² of F, which no parameter moves, and ½ Σ a², which cancels.
/// Its value means little; its gradient is the estimate of ∂(−log p)/∂θ that contrastive divergence (chain from
/// the data; Hinton 2002) and persistent contrastive divergence (chain kept; Tieleman 2008) descend.
public final class Gibbs {
    private Gibbs() {}

    /// The visible units after `steps` steps.
    ///
    /// @param v       (n, visible), where the chains are
    /// @param steps   at least 1
    /// @param purpose what the draws are for
    /// @return (n, visible)
    public static Tensor chain(Ops f, Rbm rbm, Tensor v, int steps, Clock clock, Purpose purpose) {
        checkSteps(steps);
        return chainFrom(f, rbm, rbm.drawHidden(f, v, clock.next(purpose)), steps, clock, purpose);
    }

    /// The visible units after `steps` steps, of which the first has drawn its hidden units already.
    private static Tensor chainFrom(Ops f, Rbm rbm, Tensor hidden, int steps, Clock clock, Purpose purpose) {
        Tensor h = hidden;
        for (int i = 1; ; i++) {
            Tensor v = rbm.drawVisible(f, h, clock.next(purpose));
            if (i == steps) {
                return v;
            }
            h = rbm.drawHidden(f, v, clock.next(purpose));
        }
    }

    /// Moves chains on, in place: one step is recorded and replayed, so memory does not grow with the steps.
    ///
    /// @param v     (n, visible), overwritten
    /// @param steps at least 1
    public static void advance(Rbm rbm, Tensor v, int steps, Clock clock, Purpose purpose) {
        try (Step<Tensor> one = Step.record(clock, "gibbs", memory -> {
            Assign.bind(chain(Ops.plain(memory), rbm, v, 1, clock, purpose), v);
            return v;
        })) {
            for (int i = 1; i < steps; i++) {
                one.run();
            }
        }
    }

    /// What contrastive divergence descends, with a chain of `steps` steps that starts at the data: [#contrast] with
    /// [#chain], whose first half-step shares its product with the data's free energy.
    ///
    /// @param data  (n, visible)
    /// @param steps at least 1
    /// @return size 1
    public static Tensor divergence(Ops f, Rbm rbm, Tensor data, int steps, Clock clock, Purpose purpose) {
        checkSteps(steps);
        Ops constant = f.detached();
        int n = data.shape().rows();
        StackedLinear logits = new StackedLinear(f, 2 * n, rbm.weights(), rbm.hiddenBias());
        Tensor ofData = logits.push(rbm.units().seen(constant, data));
        Tensor h = constant.bernoulliLogits(ofData, clock.next(purpose));
        Tensor model = chainFrom(constant, rbm, h, steps, clock, purpose);
        logits.push(rbm.units().seen(constant, model));
        StackedLinear.Stack both = logits.end();
        return f.freeEnergyContrast(both.x(), rbm.visibleBias(), both.y(), n);
    }

    /// What is descended when the chains are somebody else's.
    ///
    /// @param data  (n, visible)
    /// @param model (m, visible), visible units of chains; nothing flows back to them
    /// @return size 1
    public static Tensor contrast(Ops f, Rbm rbm, Tensor data, Tensor model) {
        Tensor both = rbm.units().seen(f, f.concatRows(data, model));
        Tensor logits = f.linear(both, rbm.weights(), rbm.hiddenBias());
        return f.freeEnergyContrast(
                both, rbm.visibleBias(), logits, data.shape().rows());
    }

    private static void checkSteps(int steps) {
        if (steps < 1) {
            throw new IllegalArgumentException("Gibbs: a chain has a step; steps=" + steps);
        }
    }
}
