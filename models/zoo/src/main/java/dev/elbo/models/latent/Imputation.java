package dev.elbo.models.latent;

import dev.elbo.models.energy.Rbm;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Assign;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;

/// What is missing from examples, filled in by a Markov chain whose steps pass through a model and put back
/// what is known (Rezende, Mohamed & Wierstra 2014, §6.4).
///
/// ```
/// x⁰       = known where known, fair coins where not
/// x^{t+1}  = known where known, a draw of p(x | h) where not,   h ~ q(h | x^t)
/// estimate = mean of E[x | h] over the second half of the steps
/// ```
///
/// Through an RBM, q is the conditional p(h | v) itself, and the chain is Gibbs sampling of the missing given
/// the known. Through a variational autoencoder q only approximates p(z | x), and so does what the chain
/// settles at.
public final class Imputation {
    private Imputation() {}

    /// What a model says when it has been passed through once.
    ///
    /// @param mean  (n, features), E[x | h]
    /// @param drawn (n, features), of p(x | h)
    public record Pass(Tensor mean, Tensor drawn) {}

    /// A way through a model, by chance.
    @FunctionalInterface
    public interface Through {
        /// @param x     (n, features), where the chain is
        /// @param clock where the draws come from
        Pass pass(Ops f, Tensor x, Clock clock);
    }

    /// Through a variational autoencoder.
    public static Through of(BoundModel model) {
        return (f, x, clock) -> {
            Draw draw = clock.next(Purpose.CHAIN);
            Tensor z = model.encode(f, x).sample(f, 1, draw).z();
            Tensor h = model.decoder()
                    .apply(f, f.reshape(z, Shape.of(x.shape().rows(), z.shape().cols())));
            return new Pass(model.output().mean(f, h), model.output().sample(f, h, clock.next(Purpose.CHAIN)));
        };
    }

    /// Through an RBM.
    public static Through of(Rbm rbm) {
        return (f, v, clock) -> {
            Tensor h = rbm.drawHidden(f, v, clock.next(Purpose.CHAIN));
            return new Pass(rbm.visibleGivenHidden(f, h), rbm.drawVisible(f, h, clock.next(Purpose.CHAIN)));
        };
    }

    /// Fills in what is missing.
    ///
    /// @param x      (n, features); read where known alone
    /// @param known  (n, features), 1 or 0
    /// @param steps  of the chain, at least 2
    /// @param seed   of every draw
    /// @param memory holds the result
    /// @return (n, features), the known as it was and an estimate of the missing
    public static Tensor fill(Through through, Tensor x, Tensor known, int steps, long seed, Memory memory) {
        if (steps < 2 || !x.shape().equals(known.shape())) {
            throw new IllegalArgumentException("Imputation: steps from 2 on, and a mask of the data's shape; steps="
                    + steps + ", x=" + x.shape() + ", known=" + known.shape());
        }
        Ops result = Ops.plain(memory);
        Tensor sum = result.constant(x.shape(), 0);
        try (Arena owner = Arena.ofShared()) {
            Memory own = Memory.of(x.device(), "imputation", owner);
            Clock clock = Clock.of(seed, 0, own);
            Ops f = Ops.plain(own);
            Tensor missing = f.minus(f.constant(x.shape(), 1), known);
            Tensor given = f.times(x, known);
            Tensor coins = f.bernoullis(f.constant(x.shape(), 0.5f), clock.next(Purpose.SAMPLE));
            Tensor chain = f.plus(given, f.times(missing, coins));
            try (Step<Tensor> step = Step.record(clock, "impute", m -> {
                Ops g = Ops.plain(m);
                Pass pass = through.pass(g, chain, clock);
                Assign.bind(g.plus(given, g.times(missing, pass.drawn())), chain);
                return pass.mean();
            })) {
                // Recording was the first step.
                for (int done = 2; done <= steps; done++) {
                    step.run();
                    if (done > steps / 2) {
                        Assign.bindSum(step.result(), sum);
                    }
                }
            }
            Tensor estimate = f.times(sum, 1f / (steps - steps / 2));
            Assign.bind(f.plus(given, f.times(missing, estimate)), sum);
            x.device().synchronize();
        }
        return sum;
    }
}
