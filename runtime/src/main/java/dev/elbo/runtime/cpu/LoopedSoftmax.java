package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;
import static java.lang.Float.NEGATIVE_INFINITY;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.runtime.portable.PortableMath;
import java.lang.foreign.MemorySegment;

/// [SoftmaxMath], composed of a provider's loops. The exps of a row are written to scratch once and used from
/// there.
interface LoopedSoftmax extends SoftmaxMath, Loops {
    @Override
    default void logSumExpRows(MemorySegment x, MemorySegment y, long from, long to, int cols, float shift) {
        if (cols <= ShortRows.COLS) {
            logSumExpShortRows(x, y, from, to, cols, shift);
            return;
        }
        for (long i = from; i < to; i++) {
            float max = runs().max(x, i * cols, cols);
            put(y, i, logSum(max, sum(exps(x, max, i * cols, cols), max, cols)) + shift);
        }
    }

    @Override
    default void logSumExpRowsPullback(
            MemorySegment x,
            MemorySegment y,
            PerRow dy,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            float shift,
            boolean first) {
        for (long i = from; i < to; i++) {
            float logSum = get(y, i) - shift;
            if (logSum == NEGATIVE_INFINITY) {
                loop(RowMap.FILL).run(null, 0, 0, 0, dx, i * cols, cols, first);
            } else {
                loop(RowMap.EXP_LESS_TIMES).run(x, i * cols, logSum, dy.at(i), dx, i * cols, cols, first);
            }
        }
    }

    private void logSumExpShortRows(MemorySegment x, MemorySegment y, long from, long to, int cols, float shift) {
        int some = ShortRows.rows(cols);
        float[] sums = Scratch.ofThread().product(2 * Scratch.RUN);
        for (long r = from; r < to; r += some) {
            int count = (int) Math.min(some, to - r);
            float[] rows = ShortRows.bring(x, r, count, cols);
            for (int i = 0; i < count; i++) {
                sums[Scratch.RUN + i] = ShortRows.lessMax(rows, i * cols, cols);
            }
            runs().exp(rows, count * cols);
            for (int i = 0; i < count; i++) {
                sums[i] = (float) ShortRows.sum(rows, i * cols, cols);
            }
            runs().log(sums, count);
            for (int i = 0; i < count; i++) {
                float max = sums[Scratch.RUN + i];
                put(y, r + i, (max == NEGATIVE_INFINITY ? max : max + sums[i]) + shift);
            }
        }
    }

    @Override
    default void softmaxRows(MemorySegment x, MemorySegment y, long from, long to, int cols) {
        for (long i = from; i < to; i++) {
            float max = runs().max(x, i * cols, cols);
            MemorySegment exps = exps(x, max, i * cols, cols);
            weights(exps, max, (float) sum(exps, max, cols), y, i * cols, cols);
        }
    }

    @Override
    default void softmaxRowsPullback(
            MemorySegment y, MemorySegment dy, MemorySegment dx, long from, long to, int cols, boolean first) {
        for (long i = from; i < to; i++) {
            float mean = (float) loop(Term.PRODUCT).sum(dy, i * cols, y, i * cols, null, 0, cols);
            loop(RowMap.SOFTMAX_GRADIENT).run(y, i * cols, dy, i * cols, mean, 0, dx, i * cols, cols, first);
        }
    }

    @Override
    default void logSoftmaxRows(MemorySegment x, MemorySegment y, long from, long to, int cols) {
        for (long i = from; i < to; i++) {
            float max = runs().max(x, i * cols, cols);
            float logSum = logSum(max, sum(exps(x, max, i * cols, cols), max, cols));
            if (logSum == NEGATIVE_INFINITY) {
                loop(RowMap.FILL).run(null, 0, logSum, 0, y, i * cols, cols, true);
            } else {
                loop(RowMap.LESS).run(x, i * cols, logSum, 0, y, i * cols, cols, true);
            }
        }
    }

    @Override
    default void logSoftmaxRowsPullback(
            MemorySegment y, MemorySegment dy, MemorySegment dx, long from, long to, int cols, boolean first) {
        for (long i = from; i < to; i++) {
            float sum = (float) loop(Term.VALUE).sum(dy, i * cols, null, 0, null, 0, cols);
            loop(RowMap.LOG_SOFTMAX_GRADIENT).run(y, i * cols, dy, i * cols, sum, 0, dx, i * cols, cols, first);
        }
    }

    @Override
    default void importanceWeightsRows(
            MemorySegment x,
            MemorySegment w,
            MemorySegment y,
            MemorySegment ess,
            long from,
            long to,
            int cols,
            float shift) {
        for (long i = from; i < to; i++) {
            float max = runs().max(x, i * cols, cols);
            MemorySegment exps = exps(x, max, i * cols, cols);
            double sum = sum(exps, max, cols);
            put(y, i, logSum(max, sum) + shift);
            put(ess, i, max == NEGATIVE_INFINITY ? 0.0f : (float) (sum * sum / sumOfSquares(exps, cols)));
            weights(exps, max, (float) sum, w, i * cols, cols);
        }
    }

    @Override
    default void categoricalRows(
            MemorySegment x, MemorySegment label, MemorySegment y, MemorySegment logSum, long from, long to, int cols) {
        for (long i = from; i < to; i++) {
            float max = runs().max(x, i * cols, cols);
            float total = logSum(max, sum(exps(x, max, i * cols, cols), max, cols));
            int which = label.getAtIndex(JAVA_INT, i);
            float logit = which >= 0 && which < cols ? get(x, i * cols + which) : Float.NaN;
            put(logSum, i, total);
            put(y, i, logit == NEGATIVE_INFINITY ? logit : logit - total);
        }
    }

    @Override
    default void categoricalRowsPullback(
            MemorySegment x,
            MemorySegment label,
            MemorySegment logSum,
            MemorySegment dy,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            boolean first) {
        for (long i = from; i < to; i++) {
            int which = label.getAtIndex(JAVA_INT, i);
            long at = i * cols + which;
            if (which < 0 || which >= cols || get(x, at) == NEGATIVE_INFINITY) {
                loop(RowMap.FILL).run(null, 0, 0, 0, dx, i * cols, cols, first);
                continue;
            }
            float log = get(logSum, i);
            float ofLabel = get(dy, i) * (1.0f - PortableMath.exp(get(x, at) - log));
            float before = first ? 0.0f : get(dx, at);
            loop(RowMap.LABEL_GRADIENT).run(x, i * cols, log, get(dy, i), dx, i * cols, cols, first);
            put(dx, at, before);
            contribute(dx, at, ofLabel, first);
        }
    }

    /// exp(x − max) of a row, in scratch; nothing where max is −∞.
    private MemorySegment exps(MemorySegment x, float max, long start, int cols) {
        MemorySegment run = Scratch.ofThread().run(cols);
        if (max != NEGATIVE_INFINITY) {
            loop(RowMap.EXP_LESS).run(x, start, max, 0, run, 0, cols, true);
        }
        return run;
    }

    /// S of a row.
    private double sum(MemorySegment exps, float max, int cols) {
        return max == NEGATIVE_INFINITY ? 0.0 : loop(Term.VALUE).sum(exps, 0, null, 0, null, 0, cols);
    }

    /// L of a row.
    private static float logSum(float max, double sum) {
        return max + PortableMath.log((float) sum);
    }

    private void weights(MemorySegment exps, float max, float sum, MemorySegment w, long at, int cols) {
        if (max == NEGATIVE_INFINITY) {
            loop(RowMap.FILL).run(null, 0, 0, 0, w, at, cols, true);
        } else {
            loop(RowMap.QUOTIENT).run(exps, 0, sum, 0, w, at, cols, true);
        }
    }

    /// Squared in f64.
    private static double sumOfSquares(MemorySegment exps, int cols) {
        double[] sums = Scratch.ofThread().zeroedSums();
        for (int j = 0; j < cols; j++) {
            double weight = get(exps, j);
            sums[j & Scratch.LANES - 1] += weight * weight;
        }
        return Scratch.tree(sums);
    }
}
