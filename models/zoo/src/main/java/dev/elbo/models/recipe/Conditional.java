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
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.chain.LinearChain;
import java.util.stream.IntStream;

/// Training of a whole model, network and chain as one, by −log p of what is known given x, with Adam at a rate that
/// falls to zero along a cosine.
final class Conditional {
    private static final float LONGEST_GRADIENT = 5;
    private static final int REPORTS = 50;

    private Conditional() {}

    /// What training makes large.
    ///
    /// @param <M> the model
    @FunctionalInterface
    interface Criterion<M> {
        /// @param index (batch), i32, which sequences the batch is
        /// @param clock where the draws of the step come from
        /// @return (batch), nats
        Tensor logProbability(Ops f, M model, Ragged batch, Tensor index, Clock clock);
    }

    /// log p(labels | x).
    ///
    /// @param batch the labels are of
    static Tensor ofLabels(Ops f, LinearChain chain, Ragged batch) {
        return Inference.of(f, chain).logLikelihood(batch.labels()).value();
    }

    /// @param memory holds the data on the device
    static <M> Training training(
            Parameters<M> parameters, SequenceSet set, Budget budget, Criterion<M> criterion, Memory memory) {
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
                    return f.minusMean(criterion.logProbability(f, model, batch, index, clock));
                },
                plan);
    }
}
