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
import java.util.stream.IntStream;

/// What is missing from examples, filled in by a Markov chain whose steps pass through a model and put back
/// what is known (Rezende, Mohamed & Wierstra 2014, §6.4).
///
/// ```
/// x⁰       = known where known, the data's mean where not
/// x^{t+1}  = known where known, a draw of p(x | h) where not,   h ~ q(h | x^t)
/// estimate = mean of E[x | h] over the second half of the steps of all chains
/// ```
///
/// Several chains for each example tell apart what one alone, which may stay where it first went, takes for certain.
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
            return model.output().sample(f, h, clock.next(Purpose.CHAIN));
        };
    }

    /// Through an RBM.
    public static Through of(Rbm rbm) {
        return (f, v, clock) -> {
            Tensor h = rbm.drawHidden(f, v, clock.next(Purpose.CHAIN));
            return new Pass(rbm.visibleGivenHidden(f, h), rbm.drawVisible(f, h, clock.next(Purpose.CHAIN)));
        };
    }

    /// How long and how often.
    ///
    /// @param chains for each example
    /// @param steps  of each, at least 2
    /// @param seed   of every draw
    public record Effort(int chains, int steps, long seed) {
        /// Checks the numbers.
        public Effort {
            if (chains < 1 || steps < 2) {
                throw new IllegalArgumentException(
                        "Imputation: a chain, and two steps; chains=" + chains + ", steps=" + steps);
            }
        }
    }

    /// Fills in what is missing.
    ///
    /// @param x      (n, features); any finite number where it is not known
    /// @param known  (n, features), 1 or 0
    /// @param start  (features), where chains begin: means of the data
    /// @param memory holds the result
    /// @return (n, features), the known as it was and an estimate of the missing
    public static Tensor fill(Through through, Tensor x, Tensor known, Tensor start, Effort effort, Memory memory) {
        if (!x.shape().equals(known.shape())) {
            throw new IllegalArgumentException(
                    "Imputation: a mask has the data's shape; x=" + x.shape() + ", known=" + known.shape());
        }
        Tensor filled = memory.empty(x.shape());
        try (Arena owner = Arena.ofShared()) {
            Ops f = Ops.plain(Memory.of(x.device(), "imputation", owner));
            Tensor missing = f.minus(f.constant(x.shape(), 1), known);
            Tensor given = f.times(x, known);
            Tensor begun = f.plus(given, f.times(missing, start));
            Tensor sum =
                    sum(f, through, many(f, begun, effort), many(f, given, effort), many(f, missing, effort), effort);
            float weight = 1f / (effort.chains * (effort.steps - effort.steps / 2));
            Tensor estimate = f.times(f.sumOfRows(sum, ofEach(f, x.shape().rows(), effort.chains)), weight);
            Assign.bind(f.plus(given, f.times(missing, estimate)), filled);
            x.device().synchronize();
        }
        return filled;
    }

    /// A row for each chain of each example.
    private static Tensor many(Ops f, Tensor x, Effort effort) {
        Shape rows = Shape.of(x.shape().rows() * effort.chains, x.shape().cols());
        return f.repeatRows(x, effort.chains).as(rows);
    }

    /// The rows of the chains of each example, (n, chains).
    private static Tensor ofEach(Ops f, int n, int chains) {
        int[] rows = IntStream.range(0, n * chains).toArray();
        return f.memory().ints(Shape.of(n, chains), rows);
    }

    /// Σ E[x | h] over the second half of the steps, a row for each chain.
    private static Tensor sum(Ops f, Through through, Tensor chain, Tensor given, Tensor missing, Effort effort) {
        Tensor sum = f.constant(chain.shape(), 0);
        Clock clock = Clock.of(effort.seed, 0, f.memory());
        try (Step<Tensor> step = Step.record(clock, "impute", m -> {
            Ops g = Ops.plain(m);
            Pass pass = through.pass(g, chain, clock);
            Assign.bind(g.plus(given, g.times(missing, pass.drawn())), chain);
            return pass.mean();
        })) {
            // Recording was the first step.
            for (int done = 2; done <= effort.steps; done++) {
                step.run();
                if (done > effort.steps / 2) {
                    Assign.bindSum(step.result(), sum);
                }
            }
            chain.device().synchronize();
        }
        return sum;
    }
}
