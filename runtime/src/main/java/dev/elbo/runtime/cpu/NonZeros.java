package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Working memory of one thread for [LoopedSparse]: lists of where a few rows or columns of a matrix are not zero,
/// and what they are there.
final class NonZeros {
    /// Not a power of two, so that the lists do not push each other out of the cache.
    private static final int ROOM = SparseMath.PART + 16;

    private final int[] places = new int[SparseMath.GROUP * ROOM];
    private final float[] values = new float[SparseMath.GROUP * ROOM];
    private final int[] lengths = new int[SparseMath.GROUP];

    /// List i is that of row `row` + i between two columns.
    void ofRows(Runs runs, MemorySegment a, int cols, long row, int count, int from, int to) {
        Arrays.fill(lengths, 0);
        for (int i = 0; i < count; i++) {
            long start = (row + i) * cols;
            for (int k = from; k < to; k += Long.SIZE) {
                long left = runs.nonZeros(a, start + k, Math.min(Long.SIZE, to - k));
                for (; left != 0; left &= left - 1) {
                    int place = k + Long.numberOfTrailingZeros(left);
                    append(i, place, Floats.get(a, start + place));
                }
            }
        }
    }

    /// List i is that of column `col` + i between two rows.
    void ofColumns(Runs runs, MemorySegment a, int cols, long col, int count, int from, int to) {
        Arrays.fill(lengths, 0);
        for (int k = from; k < to; k++) {
            long start = (long) k * cols + col;
            long left = runs.nonZeros(a, start, count);
            for (; left != 0; left &= left - 1) {
                int i = Long.numberOfTrailingZeros(left);
                append(i, k, Floats.get(a, start + i));
            }
        }
    }

    private void append(int i, int place, float value) {
        int at = i * ROOM + lengths[i]++;
        places[at] = place;
        values[at] = value;
    }

    /// y, overwritten or added into, takes some columns of the rows of b on list i, each times its value.
    void sum(
            int i,
            WeightedRowsLoop loop,
            MemorySegment b,
            int cols,
            int left,
            int width,
            MemorySegment y,
            long yAt,
            boolean first) {
        loop.sum(b, cols, left, width, places, values, i * ROOM, lengths[i], y, yAt, first);
    }
}
