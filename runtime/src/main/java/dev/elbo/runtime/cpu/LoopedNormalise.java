package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import java.lang.foreign.MemorySegment;

/// [NormaliseMath], composed of a provider's loops.
interface LoopedNormalise extends NormaliseMath, Loops {
    @Override
    default void sumMoments(MemorySegment x, MemorySegment partials, long from, long to, int rows, int cols) {
        double[] sums = Scratch.ofThread().doubles(2 * cols);
        for (long q = from; q < to; q++) {
            normaliser().moments(x, sums, q * SEGMENT, Math.min(rows, (q + 1) * SEGMENT), cols);
            MemorySegment.copy(sums, 0, partials, JAVA_DOUBLE, q * 2 * cols * Double.BYTES, 2 * cols);
        }
    }

    @Override
    default void batchMoments(
            MemorySegment partials,
            MemorySegment kept,
            MemorySegment mean,
            MemorySegment variance,
            long from,
            long to,
            int rows,
            int cols,
            float momentum,
            float epsilon) {
        double unbiased = (double) rows / Math.max(rows - 1, 1);
        for (long j = from; j < to; j++) {
            double m = sumSegments(partials, j, rows, cols) / rows;
            double spread = sumSegments(partials, cols + j, rows, cols) / rows - m * m;
            double v = spread < 0 ? 0 : spread;
            put(kept, j, (float) m);
            put(kept, cols + j, (float) (1 / Math.sqrt(v + epsilon)));
            follow(mean, j, m, momentum);
            follow(variance, j, v * unbiased, momentum);
        }
    }

    private static void follow(MemorySegment running, long j, double value, double momentum) {
        double r = get(running, j);
        put(running, j, (float) Math.fma(momentum, value - r, r));
    }

    /// Sum over all segments of one of their 2 · `cols` sums.
    private static double sumSegments(MemorySegment partials, long at, int rows, int cols) {
        double[] sums = Scratch.ofThread().zeroedSums();
        int segments = NormaliseMath.segments(rows);
        for (int q = 0; q < segments; q++) {
            sums[q & Scratch.LANES - 1] += partials.getAtIndex(JAVA_DOUBLE, q * 2L * cols + at);
        }
        return Scratch.tree(sums);
    }

    @Override
    default void runningMoments(
            MemorySegment mean,
            MemorySegment variance,
            MemorySegment kept,
            long from,
            long to,
            int cols,
            float epsilon) {
        for (long j = from; j < to; j++) {
            put(kept, j, get(mean, j));
            put(kept, cols + j, (float) (1 / Math.sqrt((double) get(variance, j) + epsilon)));
        }
    }

    @Override
    default void normalise(
            MemorySegment x,
            MemorySegment kept,
            MemorySegment scale,
            MemorySegment shift,
            MemorySegment y,
            long from,
            long to,
            int cols,
            Unary f,
            float parameter) {
        normaliser().normalise(x, kept, scale, shift, y, from, to, cols);
        if (f != Unary.IDENTITY) {
            loop(f, 0, (to - from) * cols).forward(parameter, y, y, from * cols, to * cols);
        }
    }

    @Override
    default void sumSlopes(
            MemorySegment x,
            MemorySegment y,
            MemorySegment kept,
            MemorySegment dy,
            MemorySegment partials,
            long from,
            long to,
            int rows,
            int cols,
            Unary f,
            float parameter) {
        double[] sums = Scratch.ofThread().doubles(2 * cols);
        for (long q = from; q < to; q++) {
            long start = q * SEGMENT;
            long end = Math.min(rows, start + SEGMENT);
            if (f != Unary.IDENTITY) {
                loop(f, 1, (end - start) * cols).pullback(parameter, y, y, dy, dy, start * cols, end * cols, true);
            }
            normaliser().slopes(x, dy, kept, sums, start, end, cols);
            MemorySegment.copy(sums, 0, partials, JAVA_DOUBLE, q * 2 * cols * Double.BYTES, 2 * cols);
        }
    }

    @Override
    default void slopeMeans(
            MemorySegment partials,
            MemorySegment kept,
            MemorySegment dScale,
            MemorySegment dShift,
            long from,
            long to,
            int rows,
            int cols,
            boolean firstScale,
            boolean firstShift,
            boolean batch) {
        for (long j = from; j < to; j++) {
            double slopes = sumSegments(partials, j, rows, cols);
            double products = sumSegments(partials, cols + j, rows, cols);
            if (dShift != null) {
                contribute(dShift, j, (float) slopes, firstShift);
            }
            if (dScale != null) {
                contribute(dScale, j, (float) products, firstScale);
            }
            put(kept, 2L * cols + j, batch ? (float) (slopes / rows) : 0);
            put(kept, 3L * cols + j, batch ? (float) (products / rows) : 0);
        }
    }

    @Override
    default void normalisePullback(
            MemorySegment x,
            MemorySegment g,
            MemorySegment kept,
            MemorySegment scale,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            boolean first) {
        normaliser().pullback(x, g, kept, scale, dx, from, to, cols, first);
    }
}
