package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;

/// [RowMath] in plain Java.
interface PlainRows extends RowMath {
    Map<Term, TermLoop> TERM = LoopCopies.of(Term.class, PlainTermLoop.class, TermLoop.class);

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
        RowSums.forward(TERM.get(term), term.scale(), x1, x2, x3, y, from, to, cols, divisor, first);
    }

    @Override
    default void sumRowsPullback(
            Term term,
            int argument,
            Rows x1,
            Rows x2,
            Rows x3,
            MemorySegment dy,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            float divisor,
            boolean first) {
        RowSums.pullback(TERM.get(term), argument, x1, x2, x3, dy, dx, from, to, cols, divisor, first);
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
        Scratch.tree(sums, width);
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
    default void sumSegments(Term term, MemorySegment x, MemorySegment partials, long from, long to, long n) {
        RowSums.segments(TERM.get(term), term.scale(), x, partials, from, to, n);
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
}
