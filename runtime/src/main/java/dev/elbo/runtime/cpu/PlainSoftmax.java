package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;
import static java.lang.Float.NEGATIVE_INFINITY;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.runtime.portable.PortableMath;
import java.lang.foreign.MemorySegment;

/// [SoftmaxMath] in plain Java.
interface PlainSoftmax extends SoftmaxMath {
    @Override
    default void logSumExpRows(MemorySegment x, MemorySegment y, long from, long to, int cols, float shift) {
        for (long i = from; i < to; i++) {
            float max = max(x, i * cols, cols);
            put(y, i, logSum(max, sumExp(x, max, i * cols, cols)) + shift);
        }
    }

    @Override
    default void logSumExpRowsPullback(
            MemorySegment x,
            MemorySegment y,
            MemorySegment dy,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            float shift,
            boolean first) {
        for (long i = from; i < to; i++) {
            float logSum = get(y, i) - shift;
            float d = get(dy, i);
            for (long e = i * cols; e < (i + 1) * cols; e++) {
                contribute(dx, e, logSum == NEGATIVE_INFINITY ? 0.0f : d * PortableMath.exp(get(x, e) - logSum), first);
            }
        }
    }

    @Override
    default void softmaxRows(MemorySegment x, MemorySegment y, long from, long to, int cols) {
        for (long i = from; i < to; i++) {
            float max = max(x, i * cols, cols);
            float sum = (float) sumExp(x, max, i * cols, cols);
            weights(x, y, max, sum, i * cols, cols);
        }
    }

    @Override
    default void softmaxRowsPullback(
            MemorySegment y, MemorySegment dy, MemorySegment dx, long from, long to, int cols, boolean first) {
        TermLoop product = PlainRows.TERM.get(Term.PRODUCT);
        for (long i = from; i < to; i++) {
            float mean = (float) product.sum(dy, i * cols, y, i * cols, null, 0, cols);
            for (long e = i * cols; e < (i + 1) * cols; e++) {
                contribute(dx, e, get(y, e) * (get(dy, e) - mean), first);
            }
        }
    }

    @Override
    default void logSoftmaxRows(MemorySegment x, MemorySegment y, long from, long to, int cols) {
        for (long i = from; i < to; i++) {
            float max = max(x, i * cols, cols);
            float logSum = logSum(max, sumExp(x, max, i * cols, cols));
            for (long e = i * cols; e < (i + 1) * cols; e++) {
                put(y, e, logSum == NEGATIVE_INFINITY ? logSum : get(x, e) - logSum);
            }
        }
    }

    @Override
    default void logSoftmaxRowsPullback(
            MemorySegment y, MemorySegment dy, MemorySegment dx, long from, long to, int cols, boolean first) {
        TermLoop value = PlainRows.TERM.get(Term.VALUE);
        for (long i = from; i < to; i++) {
            float sum = (float) value.sum(dy, i * cols, null, 0, null, 0, cols);
            for (long e = i * cols; e < (i + 1) * cols; e++) {
                float d = get(dy, e) - PortableMath.exp(get(y, e)) * sum;
                contribute(dx, e, get(y, e) == NEGATIVE_INFINITY ? 0.0f : d, first);
            }
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
            float max = max(x, i * cols, cols);
            double sum = sumExp(x, max, i * cols, cols);
            double squares = sumSquaredExp(x, max, i * cols, cols);
            weights(x, w, max, (float) sum, i * cols, cols);
            put(y, i, logSum(max, sum) + shift);
            put(ess, i, max == NEGATIVE_INFINITY ? 0.0f : (float) (sum * sum / squares));
        }
    }

    @Override
    default void categoricalRows(
            MemorySegment x, MemorySegment label, MemorySegment y, MemorySegment logSum, long from, long to, int cols) {
        for (long i = from; i < to; i++) {
            float max = max(x, i * cols, cols);
            float total = logSum(max, sumExp(x, max, i * cols, cols));
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
            boolean possible = which >= 0 && which < cols && get(x, i * cols + which) != NEGATIVE_INFINITY;
            float d = get(dy, i);
            for (int j = 0; j < cols; j++) {
                float share = PortableMath.exp(get(x, i * cols + j) - get(logSum, i));
                float gradient = possible ? d * ((j == which ? 1.0f : 0.0f) - share) : 0.0f;
                contribute(dx, i * cols + j, gradient, first);
            }
        }
    }

    private static float max(MemorySegment x, long start, int cols) {
        float max = NEGATIVE_INFINITY;
        for (long e = start; e < start + cols; e++) {
            float candidate = get(x, e);
            max = candidate > max || candidate != candidate ? candidate : max;
        }
        return max;
    }

    private static double sumExp(MemorySegment x, float max, long start, int cols) {
        if (max == NEGATIVE_INFINITY) {
            return 0.0;
        }
        double[] sums = Scratch.ofThread().zeroedSums();
        for (int j = 0; j < cols; j++) {
            sums[j & Scratch.LANES - 1] += PortableMath.exp(get(x, start + j) - max);
        }
        return Scratch.tree(sums);
    }

    /// Squared in f64.
    private static double sumSquaredExp(MemorySegment x, float max, long start, int cols) {
        double[] sums = Scratch.ofThread().zeroedSums();
        for (int j = 0; j < cols; j++) {
            double weight = PortableMath.exp(get(x, start + j) - max);
            sums[j & Scratch.LANES - 1] += weight * weight;
        }
        return Scratch.tree(sums);
    }

    private static void weights(MemorySegment x, MemorySegment w, float max, float sum, long start, int cols) {
        for (long e = start; e < start + cols; e++) {
            put(w, e, max == NEGATIVE_INFINITY ? 0.0f : PortableMath.exp(get(x, e) - max) / sum);
        }
    }

    /// L of a row.
    private static float logSum(float max, double sum) {
        return max + PortableMath.log((float) sum);
    }
}
