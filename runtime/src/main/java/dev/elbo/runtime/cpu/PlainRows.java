package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.runtime.portable.PortableMath;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;

/// [RowMath] in plain Java.
interface PlainRows extends RowMath {
    Map<Term, TermLoop> TERM = LoopCopies.of(Term.class, PlainTermLoop.class, TermLoop.class);

    @Override
    default void sumRows(
            Term term,
            MemorySegment x1,
            MemorySegment x2,
            MemorySegment x3,
            MemorySegment y,
            long from,
            long to,
            int cols,
            float divisor,
            boolean first) {
        TermLoop loop = TERM.get(term);
        for (long i = from; i < to; i++) {
            contribute(y, i, (float) (loop.sum(x1, x2, x3, i * cols, cols) / divisor), first);
        }
    }

    @Override
    default void sumRowsPullback(
            Term term,
            int argument,
            MemorySegment x1,
            MemorySegment x2,
            MemorySegment x3,
            MemorySegment dy,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            float divisor,
            boolean first) {
        TermLoop loop = TERM.get(term);
        for (long i = from; i < to; i++) {
            loop.pullback(argument, get(dy, i) / divisor, x1, x2, x3, dx, i * cols, cols, first);
        }
    }

    @Override
    default void sumColumns(
            MemorySegment x, MemorySegment y, long from, long to, int rows, int cols, float divisor, boolean first) {
        int width = (int) (to - from);
        double[] sums = Scratch.ofThread().doubles(Scratch.LANES * width);
        Arrays.fill(sums, 0, Scratch.LANES * width, 0.0);
        for (int i = 0; i < rows; i++) {
            int lane = (i & Scratch.LANES - 1) * width;
            for (int j = 0; j < width; j++) {
                sums[lane + j] += get(x, (long) i * cols + from + j);
            }
        }
        for (int step = Scratch.LANES / 2; step > 0; step /= 2) {
            for (int s = 0; s < step * width; s++) {
                sums[s] += sums[s + step * width];
            }
        }
        for (int j = 0; j < width; j++) {
            contribute(y, from + j, (float) (sums[j] / divisor), first);
        }
    }

    @Override
    default void sumColumnsPullback(
            MemorySegment dy, MemorySegment dx, long from, long to, int cols, float divisor, boolean first) {
        for (long i = from; i < to; i++) {
            for (int j = 0; j < cols; j++) {
                contribute(dx, i * cols + j, get(dy, j) / divisor, first);
            }
        }
    }

    @Override
    default void sumSegments(
            Term term,
            MemorySegment x1,
            MemorySegment x2,
            MemorySegment x3,
            MemorySegment partials,
            long from,
            long to,
            long n) {
        TermLoop loop = TERM.get(term);
        for (long s = from; s < to; s++) {
            long start = s * SEGMENT;
            partials.setAtIndex(JAVA_DOUBLE, s, loop.sum(x1, x2, x3, start, Math.min(SEGMENT, n - start)));
        }
    }

    @Override
    default void sumPartials(MemorySegment partials, MemorySegment y, long count, float divisor, boolean first) {
        double[] sums = Scratch.ofThread().zeroedSums();
        for (long s = 0; s < count; s++) {
            sums[(int) s & Scratch.LANES - 1] += partials.getAtIndex(JAVA_DOUBLE, s);
        }
        contribute(y, 0, (float) (Scratch.tree(sums) / divisor), first);
    }

    @Override
    default void maxRows(MemorySegment x, MemorySegment y, MemorySegment index, long from, long to, int cols) {
        for (long i = from; i < to; i++) {
            float max = Float.NEGATIVE_INFINITY;
            int at = -1;
            for (int j = 0; j < cols; j++) {
                float candidate = get(x, i * cols + j);
                if (at < 0 || candidate > max || candidate != candidate && max == max) {
                    max = candidate;
                    at = j;
                }
            }
            put(y, i, max);
            index.setAtIndex(JAVA_INT, i, at);
        }
    }

    @Override
    default void maxRowsPullback(
            MemorySegment dy, MemorySegment index, MemorySegment dx, long from, long to, int cols, boolean first) {
        for (long i = from; i < to; i++) {
            int at = index.getAtIndex(JAVA_INT, i);
            for (int j = 0; j < cols; j++) {
                contribute(dx, i * cols + j, j == at ? get(dy, i) : 0.0f, first);
            }
        }
    }

    @Override
    default void logSumExpRows(MemorySegment x, MemorySegment y, long from, long to, int cols, float divisor) {
        for (long i = from; i < to; i++) {
            float max = max(x, i * cols, cols);
            float sum = (float) (sumExp(x, max, i * cols, cols) / divisor);
            put(y, i, max == Float.NEGATIVE_INFINITY ? max : max + PortableMath.log(sum));
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
            float divisor,
            boolean first) {
        for (long i = from; i < to; i++) {
            float log = get(y, i);
            float scale = get(dy, i) / divisor;
            for (long e = i * cols; e < (i + 1) * cols; e++) {
                float g = log == Float.NEGATIVE_INFINITY ? 0.0f : scale * PortableMath.exp(get(x, e) - log);
                contribute(dx, e, g, first);
            }
        }
    }

    @Override
    default void softmaxRows(MemorySegment x, MemorySegment y, long from, long to, int cols) {
        for (long i = from; i < to; i++) {
            float max = max(x, i * cols, cols);
            float sum = (float) sumExp(x, max, i * cols, cols);
            for (long e = i * cols; e < (i + 1) * cols; e++) {
                put(y, e, PortableMath.exp(get(x, e) - max) / sum);
            }
        }
    }

    @Override
    default void softmaxRowsPullback(
            MemorySegment y, MemorySegment dy, MemorySegment dx, long from, long to, int cols, boolean first) {
        TermLoop product = TERM.get(Term.PRODUCT);
        for (long i = from; i < to; i++) {
            float mean = (float) product.sum(y, dy, null, i * cols, cols);
            for (long e = i * cols; e < (i + 1) * cols; e++) {
                contribute(dx, e, get(y, e) * (get(dy, e) - mean), first);
            }
        }
    }

    private static float max(MemorySegment x, long start, int cols) {
        float max = Float.NEGATIVE_INFINITY;
        for (long e = start; e < start + cols; e++) {
            float candidate = get(x, e);
            max = candidate > max || candidate != candidate ? candidate : max;
        }
        return max;
    }

    private static double sumExp(MemorySegment x, float max, long start, int cols) {
        double[] sums = Scratch.ofThread().zeroedSums();
        for (int j = 0; j < cols; j++) {
            sums[j & Scratch.LANES - 1] += PortableMath.exp(get(x, start + j) - max);
        }
        return Scratch.tree(sums);
    }
}
