package dev.elbo.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.runtime.portable.PortableMath;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Rows on both sides of [ShortRows#COLS] against what a row is by definition, bit for bit.
class ShortRowsTest {
    private static final int ROWS = 300;

    private final Arena arena = Arena.ofAuto();

    /// Normal numbers; in a row here and there a zero with a sign, an infinity, a NaN or nothing but −∞.
    private MemorySegment rows(int cols) {
        SplittableRandom random = new SplittableRandom(cols);
        MemorySegment x = arena.allocate(ValueLayout.JAVA_FLOAT, (long) ROWS * cols);
        float[] planted = {-0.0f, Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY};
        for (int e = 0; e < ROWS * cols; e++) {
            int row = e / cols;
            boolean all = row % 37 == 0;
            float normal = (float) (3 * random.nextGaussian());
            Floats.put(
                    x, e, all ? planted[row / 37 % 4] : random.nextInt(60) == 0 ? planted[random.nextInt(4)] : normal);
        }
        return x;
    }

    private MemorySegment room(int length) {
        return arena.allocate(ValueLayout.JAVA_FLOAT, length);
    }

    private static double tree(float[] row) {
        double[] sums = new double[Scratch.LANES];
        for (int k = 0; k < row.length; k++) {
            sums[k % Scratch.LANES] += row[k];
        }
        return Scratch.tree(sums);
    }

    private static float[] row(MemorySegment x, int r, int cols) {
        float[] row = new float[cols];
        for (int k = 0; k < cols; k++) {
            row[k] = Floats.get(x, (long) r * cols + k);
        }
        return row;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 9, 11, 12, 13, 16})
    void sumsAreThoseOfTheTree(int cols) {
        MemorySegment x = rows(cols);
        MemorySegment y = room(ROWS);
        MemorySegment dx = room(ROWS * cols);
        CpuMath.best().sumRows(Term.VALUE, Rows.of(x), null, null, y, 0, ROWS, cols, 3, true);
        CpuMath.best().sumRowsPullback(Term.VALUE, 1, Rows.of(x), null, null, PerRow.of(y), dx, 0, ROWS, cols, 3, true);
        CpuMath.best()
                .sumRowsPullback(Term.VALUE, 1, Rows.of(x), null, null, PerRow.of(y), dx, 0, ROWS, cols, 3, false);
        for (int r = 0; r < ROWS; r++) {
            float sum = (float) (tree(row(x, r, cols)) / 3);
            assertEquals(sum, Floats.get(y, r));
            assertEquals(sum / 3 + sum / 3, Floats.get(dx, (long) r * cols + cols - 1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 9, 11, 12, 13, 16})
    void logSumExpsAreThoseOfTheirDefinition(int cols) {
        MemorySegment x = rows(cols);
        MemorySegment y = room(ROWS);
        MemorySegment dx = room(ROWS * cols);
        CpuMath.best().logSumExpRows(x, y, 0, ROWS, cols, 0.5f);
        CpuMath.best().logSumExpRowsPullback(x, y, PerRow.of(x), dx, 0, ROWS, cols, 0.5f, true);
        for (int r = 0; r < ROWS; r++) {
            float[] row = row(x, r, cols);
            float max = Float.NEGATIVE_INFINITY;
            for (float each : row) {
                max = each > max || each != each ? each : max;
            }
            float[] exps = new float[cols];
            for (int k = 0; k < cols; k++) {
                exps[k] = PortableMath.exp(row[k] - max);
            }
            boolean none = max == Float.NEGATIVE_INFINITY;
            float expected = (none ? max : max + PortableMath.log((float) tree(exps))) + 0.5f;
            assertEquals(expected, Floats.get(y, r), "row " + r);
            for (int k = 0; k < cols; k++) {
                // The covector is x, of which row r is dy's element r.
                float slope = none ? 0 : Floats.get(x, r) * PortableMath.exp(row[k] - (expected - 0.5f));
                assertEquals(slope, Floats.get(dx, (long) r * cols + k), "row " + r + ", column " + k);
            }
        }
    }
}
