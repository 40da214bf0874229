package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// [RowMath], composed of a provider's loops.
interface LoopedRows extends RowMath, Loops {
    /// Columns summed at a time: their accumulators stay in the first-level cache.
    int COLUMNS = 128;

    @Override
    default void sumRows(
            Term term,
            Rows x1,
            Rows x2,
            Rows x3,
            MemorySegment y,
            long from,
            long to,
            int cols,
            float divisor,
            boolean first) {
        if (term == Term.VALUE && cols <= ShortRows.COLS && x1.repeat() == 1) {
            sumShortRows(x1.data(), y, from, to, cols, divisor, first);
            return;
        }
        TermLoop loop = loop(term, 0, (to - from) * cols);
        for (long r = from; r < to; r++) {
            double sum = loop.sum(
                    x1.data(), x1.start(r, cols), data(x2), start(x2, r, cols), data(x3), start(x3, r, cols), cols);
            contribute(y, r, (float) (term.scale() * sum / divisor), first);
        }
    }

    private static void sumShortRows(
            MemorySegment x, MemorySegment y, long from, long to, int cols, float divisor, boolean first) {
        int some = ShortRows.rows(cols);
        for (long r = from; r < to; r += some) {
            int count = (int) Math.min(some, to - r);
            float[] rows = ShortRows.bring(x, r, count, cols);
            for (int i = 0; i < count; i++) {
                contribute(y, r + i, (float) (ShortRows.sum(rows, i * cols, cols) / divisor), first);
            }
        }
    }

    @Override
    default void sumRowsPullback(
            Term term,
            int argument,
            Rows x1,
            Rows x2,
            Rows x3,
            PerRow dy,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            float divisor,
            boolean first) {
        int repeat = (argument == 1 ? x1 : argument == 2 ? x2 : x3).repeat();
        TermLoop loop = loop(term, argument, (to - from) * repeat * cols);
        boolean shared = repeat > 1;
        MemorySegment gradients = shared ? Scratch.ofThread().run(cols) : dx;
        double[] sums = Scratch.ofThread().doubles(cols);
        for (long owner = from; owner < to; owner++) {
            Arrays.fill(sums, 0, cols, 0.0);
            for (long r = owner * repeat; r < (owner + 1) * repeat; r++) {
                loop.pullback(
                        argument,
                        dy.at(r) / divisor,
                        x1.data(),
                        x1.start(r, cols),
                        data(x2),
                        start(x2, r, cols),
                        data(x3),
                        start(x3, r, cols),
                        gradients,
                        shared ? 0 : owner * cols,
                        cols,
                        shared || first);
                if (shared) {
                    runs().add(gradients, 0, sums, 0, cols);
                }
            }
            if (shared) {
                for (int j = 0; j < cols; j++) {
                    contribute(dx, owner * cols + j, (float) sums[j], first);
                }
            }
        }
    }

    private static MemorySegment data(Rows rows) {
        return rows == null ? null : rows.data();
    }

    private static long start(Rows rows, long r, int cols) {
        return rows == null ? 0 : rows.start(r, cols);
    }

    @Override
    default void sumColumns(
            MemorySegment x, MemorySegment y, long from, long to, int rows, int cols, float divisor, boolean first) {
        double[] sums = Scratch.ofThread().doubles(Scratch.LANES * COLUMNS);
        for (long left = from; left < to; left += COLUMNS) {
            int width = (int) Math.min(COLUMNS, to - left);
            Arrays.fill(sums, 0, Scratch.LANES * width, 0.0);
            // A lane at a time, so that its sums stay in registers.
            for (int lane = 0; lane < Math.min(rows, Scratch.LANES); lane++) {
                int count = (rows - lane + Scratch.LANES - 1) / Scratch.LANES;
                long start = (long) lane * cols + left;
                runs().add(x, start, (long) Scratch.LANES * cols, count, sums, lane * width, width);
            }
            Scratch.tree(sums, width);
            for (int j = 0; j < width; j++) {
                contribute(y, left + j, (float) (sums[j] / divisor), first);
            }
        }
    }

    @Override
    default void sumColumnSegments(MemorySegment x, MemorySegment partials, long from, long to, int rows, int cols) {
        double[] sums = Scratch.ofThread().doubles(cols);
        for (long q = from; q < to; q++) {
            Arrays.fill(sums, 0, cols, 0.0);
            long start = q * SEGMENT_ROWS;
            int count = (int) Math.min(SEGMENT_ROWS, rows - start);
            runs().add(x, start * cols, cols, count, sums, 0, cols);
            MemorySegment.copy(sums, 0, partials, JAVA_DOUBLE, q * cols * Double.BYTES, cols);
        }
    }

    @Override
    default void sumColumnPartials(
            MemorySegment partials,
            MemorySegment y,
            long from,
            long to,
            int segments,
            int cols,
            float divisor,
            boolean first) {
        for (long j = from; j < to; j++) {
            double[] sums = Scratch.ofThread().zeroedSums();
            for (int q = 0; q < segments; q++) {
                sums[q & Scratch.LANES - 1] += partials.getAtIndex(JAVA_DOUBLE, (long) q * cols + j);
            }
            contribute(y, j, (float) (Scratch.tree(sums) / divisor), first);
        }
    }

    @Override
    default void sumColumnsPullback(
            MemorySegment dy, MemorySegment dx, long from, long to, int cols, float divisor, boolean first) {
        RowLoop quotient = loop(RowMap.QUOTIENT, (to - from) * cols);
        for (long i = from; i < to; i++) {
            quotient.run(dy, 0, divisor, 0, dx, i * cols, cols, first);
        }
    }

    @Override
    default void sumSegments(Term term, MemorySegment x, MemorySegment partials, long from, long to, long n) {
        TermLoop loop = loop(term, 0, n - from * SEGMENT);
        for (long s = from; s < to; s++) {
            long start = s * SEGMENT;
            double sum = loop.sum(x, start, null, 0, null, 0, Math.min(SEGMENT, n - start));
            partials.setAtIndex(JAVA_DOUBLE, s, term.scale() * sum);
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
            float max = runs().max(x, i * cols, cols);
            int at = cols == 0 ? -1 : (int) runs().find(max, x, i * cols, cols);
            put(y, i, cols == 0 ? max : get(x, i * cols + at)); // of two zeros, the first
            index.setAtIndex(JAVA_INT, i, at);
        }
    }

    @Override
    default void maxRowsPullback(
            MemorySegment dy, MemorySegment index, MemorySegment dx, long from, long to, int cols, boolean first) {
        RowLoop fill = loop(RowMap.FILL);
        for (long i = from; i < to; i++) {
            int at = index.getAtIndex(JAVA_INT, i);
            float before = first || at < 0 ? 0.0f : get(dx, i * cols + at);
            fill.run(null, 0, 0.0f, 0, dx, i * cols, cols, first);
            if (at >= 0) {
                put(dx, i * cols + at, first ? get(dy, i) : before + get(dy, i));
            }
        }
    }
}
