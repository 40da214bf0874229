package dev.elbo.bench.work;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Optimizer;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.ops.ShuffledBatch;
import dev.elbo.runtime.random.Purpose;
import java.util.SplittableRandom;
import java.util.function.BiFunction;

/// Pixels like those of digits, one in five inked, and the step of training on them: one batch gathered at shuffled
/// places and binarised by a draw, objective, gradients, one update.
final class Pixels {
    /// Rows of the data set.
    static final int ROWS = 10_000;

    /// Columns of the data set.
    static final int COLUMNS = 784;

    private Pixels() {}

    /// Grey values in [0, 1], (count, pixels).
    static float[] grey(int count, int pixels) {
        SplittableRandom random = new SplittableRandom(1);
        float[] grey = new float[count * pixels];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = random.nextInt(5) == 0 ? random.nextInt(1, 256) / 255f : 0;
        }
        return grey;
    }

    /// Examples for the check of the loss, (count, pixels).
    static Tensor examples(Site site, int count) {
        SplittableRandom random = new SplittableRandom(2);
        float[] bits = new float[count * COLUMNS];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = random.nextInt(5) == 0 ? 1 : 0;
        }
        return site.array("x", Shape.of(count, COLUMNS), bits);
    }

    /// How a model learns.
    ///
    /// @param sign 1 to lower the objective, -1 to raise it
    record Learning(UpdateRule rule, float rate, int sign) {}

    /// A step of training.
    ///
    /// @param objective of a batch, (batch, pixels)
    static Step<Tensor> training(
            Site site,
            Parameters<?> parameters,
            int batch,
            Learning learning,
            BiFunction<Ops, Tensor, Tensor> objective) {
        Memory memory = site.memory();
        Clock clock = site.clock();
        Tensor data = site.array("data", Shape.of(ROWS, COLUMNS), grey(ROWS, COLUMNS));
        Optimizer optimizer = Optimizer.of(parameters, learning.rule, Schedule.constant(learning.rate), clock, memory);
        return Step.record(clock, "train", m -> {
            Tape tape = new Tape(m);
            parameters.watch(tape);
            Ops f = Ops.taped(m, tape);
            var order = clock.next(Purpose.DATA);
            Tensor bits = ShuffledBatch.bits(data, batch, true, order, clock.next(Purpose.DATA), m);
            Tensor loss = objective.apply(f, bits);
            tape.pullback(loss, learning.sign);
            optimizer.updateLast(loss);
            return loss;
        });
    }

    /// Bytes of a step: the batch, and of each parameter its weight read forwards and backwards, its gradient written,
    /// and what the update reads and writes.
    ///
    /// @param moments numbers that the update rule keeps for a parameter
    static long bytes(int batch, long parameters, int moments) {
        return Float.BYTES * ((long) batch * COLUMNS + parameters * (2 + 1 + 3 + 2 * moments));
    }
}
