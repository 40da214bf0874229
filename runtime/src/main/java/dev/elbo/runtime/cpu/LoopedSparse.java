package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// [SparseMath], composed of a provider's loops: the places of what is not zero in a group of rows are listed, and
/// then each row is the sum of the rows of B on its list.
interface LoopedSparse extends SparseMath, Loops {
    /// Columns of B that are run through for all rows of a group, since they fit into a cache.
    int PANEL = 128;

    @Override
    default boolean sumsRowsFast() {
        LoopedMath plain = LoopedMath.Plain.INSTANCE;
        return runs() != plain.runs() && weightedRows() != plain.weightedRows();
    }

    @Override
    default long nonZeros(MemorySegment x, long from, long to) {
        Runs runs = runs();
        long count = 0;
        for (long e = from; e < to; e += Long.SIZE) {
            count += Long.bitCount(runs.nonZeros(x, e, (int) Math.min(Long.SIZE, to - e)));
        }
        return count;
    }

    @Override
    default boolean finite(MemorySegment x, long from, long to) {
        return runs().finite(x, from, to - from);
    }

    @Override
    default void multiplySparse(
            MemorySegment a,
            boolean transposed,
            MemorySegment b,
            MemorySegment bias,
            MemorySegment c,
            long from,
            long to,
            int rows,
            int inner,
            int cols,
            boolean accumulate) {
        NonZeros lists = Scratch.ofThread().nonZeros();
        WeightedRowsLoop loop = weightedRows();
        for (long row = from; row < to; row += GROUP) {
            int group = (int) Math.min(GROUP, to - row);
            for (int k = 0; k < inner; k += PART) {
                int end = Math.min(inner, k + PART);
                if (transposed) {
                    lists.ofColumns(runs(), a, rows, row, group, k, end);
                } else {
                    lists.ofRows(runs(), a, inner, row, group, k, end);
                }
                boolean first = k == 0 && !accumulate;
                for (int left = 0; left < cols; left += PANEL) {
                    int width = Math.min(PANEL, cols - left);
                    for (int i = 0; i < group; i++) {
                        lists.sum(i, loop, b, cols, left, width, c, (row + i) * cols + left, first);
                    }
                }
            }
            for (int i = 0; i < group && bias != null; i++) {
                loop.add(bias, cols, c, (row + i) * cols);
            }
        }
    }
}
