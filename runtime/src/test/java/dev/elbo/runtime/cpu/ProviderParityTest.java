package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;

import dev.elbo.runtime.random.Noise;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The two providers give the same bits, at every size and for every kind of number, and write nothing outside of
/// their range.
class ProviderParityTest {
    static final int[] SIZES = {1, 3, 15, 16, 17, 31, 32, 33, 127, 128, 129, 1000, 4097};

    private static final float[] OUTLIERS = {
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        0.0f,
        -0.0f,
        Float.MIN_VALUE,
        -Float.MIN_NORMAL,
        1e-40f,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        88.8f,
        -104.5f,
        20.5f,
        -20.5f,
        1.0f
    };

    private static final float SENTINEL = 12345.5f;

    private final Arena arena = Arena.ofConfined();
    private final CpuMath plain = CpuMath.plain();
    private final CpuMath vector = Fingerprints.vectors();

    static IntStream sizes() {
        return IntStream.of(SIZES);
    }

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void theVectorProviderIsPresent() {
        assertNotSame(plain, vector, "run with --add-modules jdk.incubator.vector");
    }

    /// n normals of some scale, every fifth of the first hundred replaced by an outlier.
    private MemorySegment numbers(int n, int salt, float scale, boolean outliers) {
        MemorySegment x = arena.allocate(JAVA_FLOAT, Math.max(1, n));
        Noise noise = new Noise(7, 1, salt);
        for (int e = 0; e < n; e++) {
            boolean planted = outliers && e < 100 && e % 5 == salt % 5;
            float value = planted ? OUTLIERS[(e / 5 + salt) % OUTLIERS.length] : scale * noise.normal(e);
            x.setAtIndex(JAVA_FLOAT, e, value);
        }
        return x;
    }

    /// Runs `work` on both providers, each into its own output of `n` sentinels, and compares all of it.
    private void assertSame(String what, int n, BiConsumer<CpuMath, MemorySegment> work) {
        MemorySegment expected = sentinels(n);
        MemorySegment actual = sentinels(n);
        work.accept(plain, expected);
        work.accept(vector, actual);
        assertSameFloats(what, n, expected, actual);
    }

    private MemorySegment sentinels(int n) {
        MemorySegment y = arena.allocate(JAVA_FLOAT, n);
        for (int e = 0; e < n; e++) {
            y.setAtIndex(JAVA_FLOAT, e, SENTINEL);
        }
        return y;
    }

    private static void assertSameFloats(String what, int n, MemorySegment expected, MemorySegment actual) {
        for (int e = 0; e < n; e++) {
            float left = expected.getAtIndex(JAVA_FLOAT, e);
            float right = actual.getAtIndex(JAVA_FLOAT, e);
            if (Float.floatToIntBits(left) != Float.floatToIntBits(right)) {
                int at = e;
                assertEquals(left, right, () -> what + ", element " + at + " of " + n);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Unary.class)
    void unaryFunctionsAgree(Unary f) {
        for (int n : SIZES) {
            for (float scale : new float[] {1, 30}) {
                MemorySegment x = numbers(n, 1, scale, true);
                MemorySegment y = numbers(n, 2, 1, true);
                MemorySegment dy = numbers(n, 3, 1, true);
                int from = n / 3;
                assertSame(f + " value", n, (m, out) -> m.unary(f, 0.2f, x, out, from, n));
                for (boolean first : new boolean[] {true, false}) {
                    assertSame(f + " gradient", n, (m, out) -> m.unaryPullback(f, 0.2f, x, y, dy, out, from, n, first));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Binary.class)
    void binaryFunctionsAgreeHoweverTheyAreBroadcast(Binary f) {
        int[][] strides = {{-1, 1}, {0, 1}, {1, 0}, {0, 0}};
        for (int cols : SIZES) {
            int n = 3 * cols;
            MemorySegment a = numbers(n, 1, 1, true);
            MemorySegment b = numbers(n, 2, 1, true);
            MemorySegment dy = numbers(n, 3, 1, true);
            for (int[] s : strides) {
                for (int[] t : strides) {
                    int aRow = s[0] < 0 ? cols : s[0];
                    int bRow = t[0] < 0 ? cols : t[0];
                    int from = cols / 2;
                    int to = n - cols / 3;
                    assertSame(
                            f + " value",
                            n,
                            (m, out) -> m.binary(f, a, aRow, s[1], b, bRow, t[1], out, from, to, cols));
                    for (boolean ofB : new boolean[] {true, false}) {
                        assertSame(
                                f + " gradient",
                                n,
                                (m, out) -> m.binaryPullback(
                                        f, ofB, a, aRow, s[1], b, bRow, t[1], dy, out, from, to, cols, ofB));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Term.class)
    void sumsOfTermsAgree(Term term) {
        for (int cols : SIZES) {
            for (boolean outliers : new boolean[] {true, false}) {
                int rows = 6;
                Rows x1 = Rows.of(numbers(rows * cols, 1, 3, outliers));
                Rows x2 = new Rows(numbers(rows / 2 * cols, 2, 3, outliers), 2);
                Rows x3 = new Rows(numbers(rows / 3 * cols, 3, 3, outliers), 3);
                PerRow dy = PerRow.of(numbers(rows, 4, 1, false));
                assertSame(
                        term + " sum",
                        rows,
                        (m, out) -> m.sumRows(term, x1, x2, x3, out, 1, rows - 1, cols, cols, outliers));
                for (int k = 1; k <= term.arity(); k++) {
                    int argument = k;
                    assertSame(
                            term + " gradient " + k,
                            rows * cols,
                            (m, out) -> m.sumRowsPullback(
                                    term, argument, x1, x2, x3, dy, out, 1, rows / argument, cols, 1, outliers));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RowMap.class)
    void mapsAlongRowsAgree(RowMap map) {
        for (int n : SIZES) {
            MemorySegment u = numbers(n, 1, 3, true);
            MemorySegment v = numbers(n, 2, 3, true);
            MemorySegment w = numbers(n, 3, 3, true);
            for (boolean first : new boolean[] {true, false}) {
                assertSame(
                        map.name(),
                        n + 2,
                        (m, out) -> ((Loops) m).loop(map).run(u, 0, v, 0, w, 0, 0.7f, 1.3f, out, 1, n, first));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void reductionsAgree(int cols) {
        for (boolean outliers : new boolean[] {true, false}) {
            int rows = 40;
            int n = rows * cols;
            MemorySegment x = numbers(n, 1, 3, outliers);
            MemorySegment dy = numbers(n, 2, 1, outliers);
            int to = cols - cols / 5;
            assertSame("sumColumns", cols, (m, out) -> m.sumColumns(x, out, cols / 4, to, rows, cols, rows, outliers));
            assertSame("sumColumnsPullback", n, (m, out) -> m.sumColumnsPullback(dy, out, 1, 5, cols, 3, outliers));
            assertSame("copyRows", n, (m, out) -> m.copyRows(x, cols, out, cols, 1, rows, cols - 1, outliers));
            assertSame("maxRows", 2 * rows, (m, out) -> m.maxRows(x, out, out.asSlice(4L * rows), 0, rows, cols));
            MemorySegment index = arena.allocate(JAVA_INT, rows);
            MemorySegment largest = arena.allocate(JAVA_FLOAT, rows);
            plain.maxRows(x, largest, index, 0, rows, cols);
            assertSame("maxRowsPullback", n, (m, out) -> m.maxRowsPullback(dy, index, out, 2, rows, cols, outliers));
            assertSame("sum", 1, (m, out) -> {
                MemorySegment partials = arena.allocate(JAVA_DOUBLE, n / RowMath.SEGMENT + 1);
                long segments = (n + RowMath.SEGMENT - 1) / RowMath.SEGMENT;
                m.sumSegments(Term.SQUARE, x, partials, 0, segments, n);
                m.sumPartials(partials, out, segments, n, false);
            });
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void normalisersAgree(int cols) {
        int rows = 6;
        int n = rows * cols;
        MemorySegment x = numbers(n, 1, 20, false);
        for (int j = 0; j < cols; j++) {
            x.setAtIndex(JAVA_FLOAT, cols + j, Float.NEGATIVE_INFINITY); // an impossible row
        }
        x.setAtIndex(JAVA_FLOAT, 2 * cols + cols / 2, Float.NaN);
        x.setAtIndex(JAVA_FLOAT, 3 * cols + cols / 2, Float.POSITIVE_INFINITY);
        x.setAtIndex(JAVA_FLOAT, 4 * cols + cols / 2, Float.NEGATIVE_INFINITY);
        MemorySegment dy = numbers(n, 2, 1, false);
        MemorySegment y = arena.allocate(JAVA_FLOAT, n);
        MemorySegment label = arena.allocateFrom(JAVA_INT, 0, 0, 0, cols / 2, cols / 2, cols);
        float shift = (float) -Math.log(cols);
        for (boolean first : new boolean[] {true, false}) {
            assertSame("logSumExp", rows, (m, out) -> m.logSumExpRows(x, out, 0, rows, cols, shift));
            plain.logSumExpRows(x, y, 0, rows, cols, shift);
            assertSame(
                    "logSumExp'",
                    n,
                    (m, out) -> m.logSumExpRowsPullback(x, y, PerRow.of(dy), out, 0, rows, cols, shift, first));
            assertSame("softmax", n, (m, out) -> m.softmaxRows(x, out, 0, rows, cols));
            plain.softmaxRows(x, y, 0, rows, cols);
            assertSame("softmax'", n, (m, out) -> m.softmaxRowsPullback(y, dy, out, 0, rows, cols, first));
            assertSame("logSoftmax", n, (m, out) -> m.logSoftmaxRows(x, out, 0, rows, cols));
            plain.logSoftmaxRows(x, y, 0, rows, cols);
            assertSame("logSoftmax'", n, (m, out) -> m.logSoftmaxRowsPullback(y, dy, out, 0, rows, cols, first));
            assertSame(
                    "importanceWeights",
                    n + 2 * rows,
                    (m, out) -> m.importanceWeightsRows(
                            x, out, out.asSlice(4L * n), out.asSlice(4L * (n + rows)), 0, rows, cols, shift));
            assertSame(
                    "categorical",
                    2 * rows,
                    (m, out) -> m.categoricalRows(x, label, out, out.asSlice(4L * rows), 0, rows, cols));
            MemorySegment logSum = arena.allocate(JAVA_FLOAT, rows);
            plain.categoricalRows(x, label, y, logSum, 0, rows, cols);
            assertSame(
                    "categorical'",
                    n,
                    (m, out) -> m.categoricalRowsPullback(x, label, logSum, dy, out, 0, rows, cols, first));
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void drawsAgreeWhereverARangeBeginsAndEnds(int n) {
        long seed = 0x123456789abcdefL;
        long step = (5L << 32) + 3;
        int operation = 2 << 24 | 9;
        MemorySegment p = numbers(n, 1, 0.5f, true);
        for (int from : new int[] {0, 1, 2, 3, 5, n / 2}) {
            int begin = Math.min(from, n);
            assertSame("uniforms", n, (m, out) -> m.uniforms(out, begin, n, seed, step, operation));
            assertSame("normals", n, (m, out) -> m.normals(out, begin, n, seed, step, operation));
            assertSame("bernoulli", n, (m, out) -> m.bernoulli(p, out, begin, n, seed, step, operation));
            assertSame("bernoulliLogits", n, (m, out) -> m.bernoulliLogits(p, out, begin, n, seed, step, operation));
            assertSame(
                    "dropout",
                    n,
                    (m, out) -> m.dropout(p, out, begin, n, 0.3f, 2.0f, seed, step, operation, begin > 1));
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void reparameterisedDrawsAgree(int cols) {
        for (int samples : new int[] {1, 3, 20}) {
            int rows = 3;
            int n = rows * cols;
            MemorySegment mean = numbers(n, 1, 1, true);
            MemorySegment logVariance = numbers(n, 2, 2, true);
            MemorySegment dz = numbers(n * samples, 3, 1, false);
            PerRow dKl = PerRow.of(numbers(rows, 4, 1, false));
            PerRow dLogQ = PerRow.of(numbers(rows * samples, 5, 1, false));
            PerRow dRatio = PerRow.of(numbers(rows * samples, 6, 1, false));
            MemorySegment drawn = numbers(n * samples, 7, 1, false);
            assertSame(
                    "reparameterise",
                    n * samples + rows + 2 * rows * samples,
                    (m, out) -> m.reparameterise(
                            mean,
                            logVariance,
                            out,
                            out.asSlice(4L * n * samples),
                            out.asSlice(4L * (n * samples + rows)),
                            out.asSlice(4L * (n * samples + rows + rows * samples)),
                            0,
                            rows,
                            samples,
                            cols,
                            1,
                            2,
                            3));
            for (boolean given : new boolean[] {true, false}) {
                assertSame(
                        "reparameterisePullback",
                        2 * n,
                        (m, out) -> m.reparameterisePullback(
                                mean,
                                logVariance,
                                given ? drawn : null,
                                dz,
                                given ? dKl : PerRow.NONE,
                                given ? dLogQ : PerRow.NONE,
                                given ? dRatio : PerRow.NONE,
                                out,
                                out.asSlice(4L * n),
                                1,
                                rows,
                                samples,
                                cols,
                                1,
                                2,
                                3,
                                given,
                                !given));
            }
        }
    }

    @Test
    void fullCovariancesAgree() {
        int rows = 3;
        for (int cols : new int[] {1, 2, 15, 16, 17, 40, 129}) {
            for (int samples : new int[] {1, 3, 20}) {
                int n = rows * samples * cols;
                int packed = FactorMath.packed(cols);
                MemorySegment mean = numbers(rows * cols, 1, 1, true);
                MemorySegment factor = numbers(rows * packed, 2, 1, true);
                MemorySegment x = numbers(n, 3, 1, true);
                MemorySegment dy = numbers(rows * samples, 4, 1, false);
                assertSame("draws", n + rows + 2 * rows * samples, (m, out) -> {
                    MemorySegment kl = out.asSlice(4L * n);
                    MemorySegment logQ = out.asSlice(4L * (n + rows));
                    MemorySegment ratio = out.asSlice(4L * (n + rows + rows * samples));
                    m.factorDraws(mean, factor, out, kl, logQ, ratio, 0, rows, samples, cols, 1, 2, 3);
                });
                for (boolean drawn : new boolean[] {true, false}) {
                    assertSame(
                            "pullback",
                            rows * (cols + packed),
                            (m, out) -> m.factorPullback(
                                    mean,
                                    factor,
                                    drawn ? x : null,
                                    x,
                                    drawn ? null : x,
                                    drawn ? PerRow.of(mean) : PerRow.NONE,
                                    PerRow.of(dy),
                                    drawn ? PerRow.of(dy) : PerRow.NONE,
                                    out,
                                    out.asSlice(4L * rows * cols),
                                    1,
                                    rows,
                                    samples,
                                    cols,
                                    1,
                                    2,
                                    3,
                                    drawn,
                                    !drawn));
                }
                assertSame("density", n + rows * samples, (m, out) -> {
                    MemorySegment y = out.asSlice(4L * n);
                    m.factorDensity(x, mean, factor, out, y, 0, rows * samples, samples, cols);
                });
                assertSame("density pullback", 2 * n, (m, out) -> {
                    MemorySegment dx = out.asSlice(4L * n);
                    m.factorDensityPullback(factor, x, dy, out, dx, 0, rows * samples, samples, cols, false);
                });
            }
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void updatesAgree(int n) {
        MemorySegment gradient = numbers(n, 1, 1, true);
        for (boolean flag : new boolean[] {true, false}) {
            float decay = flag ? 0.01f : 0;
            updateAgrees("sgd", n, (m, p, u, v) -> m.sgd(p, gradient, u, n / 3, n, 0.9f, 1e-2f, 0.5f, flag, decay));
            updateAgrees("rmsProp", n, (m, p, u, v) -> {
                MemorySegment velocity = flag ? u : null;
                m.rmsProp(p, gradient, v, velocity, n / 3, n, 0.9f, 1e-2f, 0.9f, 1e-8f, 0.5f, decay);
            });
            for (boolean inside : new boolean[] {true, false}) {
                for (boolean decoupled : new boolean[] {true, false}) {
                    updateAgrees(
                            "adam",
                            n,
                            (m, p, u, v) -> m.adam(
                                    p, gradient, u, v, n / 3, n, 0.9f, 1e-2f, 0.9f, 0.999f, 1.2f, 1.1f, 1e-8f, inside,
                                    decay, decoupled));
                }
            }
        }
        assertSame("scale", n, (m, out) -> m.scale(1.5f, gradient, out, n / 3, n, false));
        assertSame("fill", n, (m, out) -> m.fill(2.5f, out, n / 3, n));
    }

    private interface Update {
        void run(CpuMath math, MemorySegment p, MemorySegment u, MemorySegment v);
    }

    /// Parameters and two moments, one after the other.
    private void updateAgrees(String what, int n, Update update) {
        MemorySegment before = numbers(3 * n, 2, 1, false);
        assertSame(what, 3 * n, (m, out) -> {
            MemorySegment.copy(before, 0, out, 0, 12L * n);
            update.run(m, out, out.asSlice(4L * n), out.asSlice(8L * n));
        });
    }

    @Test
    void productsAgreeInAllFourTransposes() {
        int[][] shapes = {{1, 1, 1}, {5, 3, 7}, {4, 16, 32}, {9, 33, 31}, {3, 129, 65}, {17, 64, 1}, {2, 0, 5}};
        for (int[] shape : shapes) {
            int rows = shape[0];
            int inner = shape[1];
            int cols = shape[2];
            MemorySegment a = numbers(rows * inner, 1, 1, false);
            MemorySegment b = numbers(inner * cols, 2, 1, true);
            MemorySegment bias = numbers(cols, 3, 1, false);
            for (int transpose = 0; transpose < 4; transpose++) {
                boolean ta = (transpose & 1) != 0;
                boolean tb = (transpose & 2) != 0;
                assertSame(
                        "multiply",
                        rows * cols,
                        (m, out) -> m.multiply(
                                a,
                                ta ? 1 : inner,
                                ta ? rows : 1,
                                b,
                                tb ? 1 : cols,
                                tb ? inner : 1,
                                ta ? bias : null,
                                out,
                                tb ? rows / 3 : 0,
                                rows,
                                inner,
                                cols,
                                0.5f,
                                tb ? 0.25f : 0.0f,
                                ta ? Unary.TANH : Unary.IDENTITY,
                                0));
            }
        }
    }

    @Test
    void sumsOfRowsAgree() {
        int[][] shapes = {{1, 1, 1}, {17, 65, 31}, {3, 513, 129}, {33, 64, 203}, {16, 1025, 64}};
        for (int[] shape : shapes) {
            int rows = shape[0];
            int inner = shape[1];
            int cols = shape[2];
            MemorySegment a = numbers(rows * inner, 1, 1, true);
            for (int e = 0; e < rows * inner; e += 3) {
                a.setAtIndex(JAVA_FLOAT, e, 0.0f);
            }
            MemorySegment b = numbers(inner * cols, 2, 1, false);
            MemorySegment bias = numbers(cols, 3, 1, false);
            for (boolean transposed : new boolean[] {true, false}) {
                assertSame(
                        "multiplySparse",
                        rows * cols,
                        (m, out) -> m.multiplySparse(
                                a,
                                transposed,
                                b,
                                transposed ? null : bias,
                                out,
                                transposed ? rows / 3 : 0,
                                rows,
                                rows,
                                inner,
                                cols,
                                transposed));
            }
            int n = rows * inner;
            assertEquals(plain.nonZeros(a, n / 3, n), vector.nonZeros(a, n / 3, n));
            assertEquals(plain.finite(a, n / 3, n), vector.finite(a, n / 3, n));
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void oneThatIsNotFiniteIsFoundWhereverItStands(int n) {
        MemorySegment x = numbers(n, 1, 1e37f, false);
        for (CpuMath math : new CpuMath[] {plain, vector}) {
            assertEquals(true, math.finite(x, 0, n));
            for (int e = 0; e < n; e += Math.max(1, n / 37)) {
                float before = x.getAtIndex(JAVA_FLOAT, e);
                for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                    x.setAtIndex(JAVA_FLOAT, e, bad);
                    assertEquals(false, math.finite(x, 0, n), bad + " at " + e + " of " + n);
                    assertEquals(true, math.finite(x, e + 1, n));
                }
                x.setAtIndex(JAVA_FLOAT, e, before);
            }
        }
    }

    /// Batch normalisation of all widths around a vector, over one segment of rows and several.
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 15, 16, 17, 33})
    void normalisationsAgree(int cols) {
        for (int rows : new int[] {1, 5, 256, 300, 770}) {
            int n = rows * cols;
            int segments = NormaliseMath.segments(rows);
            MemorySegment x = numbers(n, 1, 5, rows == 5);
            MemorySegment y = numbers(n, 2, 1, rows == 5);
            MemorySegment dy = numbers(n, 3, 1, false);
            MemorySegment scale = numbers(cols, 4, 1, false);
            MemorySegment shift = numbers(cols, 5, 1, false);
            for (boolean first : new boolean[] {true, false}) {
                assertSame("normalisation", 2 * n + 8 * cols, (m, out) -> {
                    MemorySegment kept = out.asSlice(4L * 2 * n, 4L * 4 * cols);
                    MemorySegment running = out.asSlice(4L * (2 * n + 4 * cols), 4L * 2 * cols);
                    MemorySegment variance = running.asSlice(4L * cols);
                    MemorySegment slopes = out.asSlice(4L * (2 * n + 6 * cols));
                    MemorySegment partials = arena.allocate(JAVA_DOUBLE, 2L * segments * cols);
                    MemorySegment g = arena.allocate(JAVA_FLOAT, n).copyFrom(dy.asSlice(0, 4L * n));
                    m.sumMoments(x, partials, 0, segments, rows, cols);
                    m.batchMoments(partials, kept, running, variance, 0, cols, rows, cols, 0.1f, 1e-5f);
                    m.normalise(x, kept, scale, shift, out, rows / 3, rows, cols, Unary.RELU, 0);
                    m.sumSlopes(x, y, kept, g, partials, 0, segments, rows, cols, Unary.LEAKY_RELU, 0.2f);
                    m.slopeMeans(
                            partials, kept, slopes, slopes.asSlice(4L * cols), 0, cols, rows, cols, first, first, true);
                    m.normalisePullback(x, g, kept, scale, out.asSlice(4L * n), rows / 3, rows, cols, first);
                });
            }
        }
    }
}
