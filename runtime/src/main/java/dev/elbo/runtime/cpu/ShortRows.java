package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/// Rows of a few elements, where calling a loop for each costs more than the row: some hundred of them at a time are
/// brought into an array, and all their exps and logs are found in one run each. The bits are those of long rows.
final class ShortRows {
    /// The longest of them.
    static final int COLS = 12;

    private ShortRows() {}

    /// Rows that are brought in at a time.
    static int rows(int cols) {
        return Scratch.RUN / Math.max(1, cols);
    }

    /// Rows from `from` on, in scratch.
    static float[] bring(MemorySegment x, long from, int count, int cols) {
        float[] rows = Scratch.ofThread().floats(Scratch.RUN);
        MemorySegment.copy(x, JAVA_FLOAT, from * cols << 2, rows, 0, count * cols);
        return rows;
    }

    /// Σ of a row, in the order of sixteen accumulators and their tree, of which those beyond the row are 0.
    static double sum(float[] x, int at, int cols) {
        double s0 = term(x, at, cols, 0) + term(x, at, cols, 8);
        double s1 = term(x, at, cols, 1) + term(x, at, cols, 9);
        double s2 = term(x, at, cols, 2) + term(x, at, cols, 10);
        double s3 = term(x, at, cols, 3) + term(x, at, cols, 11);
        double s4 = term(x, at, cols, 4);
        double s5 = term(x, at, cols, 5);
        double s6 = term(x, at, cols, 6);
        double s7 = term(x, at, cols, 7);
        return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
    }

    private static double term(float[] x, int at, int cols, int k) {
        return k < cols ? 0.0 + x[at + k] : 0.0;
    }

    /// Subtracts the largest of a row from it.
    ///
    /// @return the largest, NaN if one is
    static float lessMax(float[] x, int at, int cols) {
        float max = Float.NEGATIVE_INFINITY;
        for (int e = at; e < at + cols; e++) {
            max = x[e] > max || x[e] != x[e] ? x[e] : max;
        }
        for (int e = at; e < at + cols; e++) {
            x[e] -= max;
        }
        return max;
    }
}
