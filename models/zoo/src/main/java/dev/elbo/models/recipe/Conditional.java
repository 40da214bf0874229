package dev.elbo.models.recipe;

import dev.elbo.models.data.SequenceSet;
import dev.elbo.models.sequence.Ragged;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Trainer;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.NanPolicy;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.chain.LinearChain;
import java.util.stream.IntStream;

/// Training of a whole model, network and chain as one, by −log p(labels | x), with Adam at a rate that falls to zero
/// along a cosine.
final class Conditional {
    private static final float LONGEST_GRADIENT = 5;
    private static final int REPORTS = 50;

    private Conditional() {}

    /// A model as a chain while it is trained.
    ///
    /// @param <M> the model
    @FunctionalInterface
    interface Noisy<M> {
        LinearChain chain(Ops f, M model, Ragged batch, Clock clock);
    }

    /// @param memory holds the data on the device
    static <M> Training training(
            Parameters<M> parameters, SequenceSet set, Budget budget, Noisy<M> tagger, Memory memory) {
        int count = set.train().count();
        Ragged data = Ragged.upload(set.train(), IntStream.range(0, count).toArray(), memory);
        long steps = Plan.steps(count, budget.batch(), budget.epochs());
        Plan plan = new Plan(
                budget.batch(),
                steps,
                true,
                false,
                new UpdateRule.Adam(),
                Schedule.cosine(budget.rate(), 0, steps),
                LONGEST_GRADIENT,
                NanPolicy.FREEZE,
                budget.seed(),
                (int) Math.max(1, steps / REPORTS));
        return new Trainer<>(
                parameters,
                count,
                (f, model, index, clock) -> {
                    Ragged batch = data.gather(f, index);
                    Inference inference = Inference.of(f, tagger.chain(f, model, batch, clock));
                    return f.negate(
                            f.mean(inference.logLikelihood(batch.labels()).value()));
                },
                plan);
    }
}
