package dev.elbo.models.quality;

import dev.elbo.models.data.Examples;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.NanPolicy;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;

/// How a [Classifier] is trained: the likelihood of the labels, by Adam, its rate falling to zero along a cosine.
public final class Recognition {
    private static final int REPORTS = 20;

    private Recognition() {}

    /// A training that has not begun.
    ///
    /// @param classifier borrowed; changed by training
    /// @param train      with labels
    /// @param rate       of learning at first
    /// @param seed       of the order of the examples
    /// @param memory     holds the examples as long as the training
    public static Trainer<Classifier> training(
            Parameters<Classifier> classifier,
            Examples train,
            int batch,
            long steps,
            double rate,
            long seed,
            Memory memory) {
        Tensor pictures = train.upload(memory);
        Tensor labels = memory.ints(Shape.of(train.count(), 1), train.labels());
        Plan plan = new Plan(
                batch,
                steps,
                true,
                false,
                new UpdateRule.Adam(),
                Schedule.cosine(rate, 0, steps),
                0,
                NanPolicy.FREEZE,
                seed,
                (int) Math.max(1, steps / REPORTS));
        return new Trainer<>(
                classifier,
                train.count(),
                (f, model, index, _) -> {
                    Tensor x = f.gatherRows(pictures, index);
                    Tensor label = f.reshape(f.gatherRows(labels, index), Shape.of(batch));
                    Tensor logits = model.logits(f, model.features(f, x));
                    return f.minusMean(f.categoricalLogLikelihood(logits, label));
                },
                plan);
    }
}
