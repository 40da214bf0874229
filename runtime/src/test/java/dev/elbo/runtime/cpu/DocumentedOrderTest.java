package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.random.Noise;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Sums and products are added up in the order that [CpuMath] and [ProductMath] write down, bit for bit, and are
/// right against f64. The order is spelt out here a second time, as slowly as it reads.
class DocumentedOrderTest {
    private final Arena arena = Arena.ofShared();
    private final CpuMath math = Fingerprints.vectors();

    static int[] sizes() {
        return ProviderParityTest.SIZES;
    }

    @AfterEach
    void close() {
        arena.close();
    }

    /// Numbers of very different sizes, whose sum tells the order.
    private MemorySegment numbers(int n, int salt) {
        MemorySegment x = arena.allocate(JAVA_FLOAT, Math.max(1, n));
        Noise noise = new Noise(3, 1, salt);
        for (int e = 0; e < n; e++) {
            x.setAtIndex(JAVA_FLOAT, e, noise.normal(2L * e) * (float) Math.scalb(1.0, noise.word(2L * e + 1) & 31));
        }
        return x;
    }

    /// s[i] = t[i] + t[i+16] + …, then the tree, then the division, then one rounding.
    private static double documentedSum(int n, IntToDoubleFunction term) {
        double[] s = new double[16];
        for (int i = 0; i < 16; i++) {
            for (int e = i; e < n; e += 16) {
                s[i] += term.applyAsDouble(e);
            }
        }
        double[] eight = new double[8];
        for (int i = 0; i < 8; i++) {
            eight[i] = s[i] + s[i + 8];
        }
        double[] four = {eight[0] + eight[4], eight[1] + eight[5], eight[2] + eight[6], eight[3] + eight[7]};
        return four[0] + four[2] + (four[1] + four[3]);
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void rowsAreSummedInTheDocumentedOrder(int cols) {
        MemorySegment x = numbers(3 * cols, 1);
        MemorySegment y = arena.allocate(JAVA_FLOAT, 3);
        math.sumRows(Term.VALUE, Rows.of(x), null, null, y, 0, 3, cols, cols, true);
        for (int i = 0; i < 3; i++) {
            int row = i * cols;
            double sum = documentedSum(cols, j -> x.getAtIndex(JAVA_FLOAT, row + j));
            assertEquals((float) (sum / cols), y.getAtIndex(JAVA_FLOAT, i), "row " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void columnsAreSummedInTheDocumentedOrder(int rows) {
        int cols = 19;
        MemorySegment x = numbers(rows * cols, 2);
        MemorySegment y = arena.allocate(JAVA_FLOAT, cols);
        math.sumColumns(x, y, 0, cols, rows, cols, 1, true);
        for (int j = 0; j < cols; j++) {
            int col = j;
            double sum = documentedSum(rows, i -> x.getAtIndex(JAVA_FLOAT, (long) i * cols + col));
            assertEquals((float) sum, y.getAtIndex(JAVA_FLOAT, j), "column " + j);
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void columnsOfManyRowsAreSummedBySegments(int hundreds) {
        int rows = 3 * hundreds;
        int cols = 19;
        MemorySegment x = numbers(rows * cols, 2);
        MemorySegment y = arena.allocate(JAVA_FLOAT, cols);
        int segments = (rows + 255) / 256;
        MemorySegment partials = arena.allocate(JAVA_DOUBLE, (long) segments * cols);
        math.sumColumnSegments(x, partials, 0, segments / 2, rows, cols);
        math.sumColumnSegments(x, partials, segments / 2, segments, rows, cols);
        math.sumColumnPartials(partials, y, 0, cols, segments, cols, 2, true);
        for (int j = 0; j < cols; j++) {
            int col = j;
            double sum = documentedSum(segments, q -> {
                double chain = 0;
                for (int i = 256 * q; i < Math.min(rows, 256 * q + 256); i++) {
                    chain += x.getAtIndex(JAVA_FLOAT, (long) i * cols + col);
                }
                return chain;
            });
            assertEquals((float) (sum / 2), y.getAtIndex(JAVA_FLOAT, j), "column " + j);
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void everythingIsSummedBySegments(int thousands) {
        int n = 7 * thousands;
        MemorySegment x = numbers(n, 3);
        int segments = (n + 1023) / 1024;
        MemorySegment partials = arena.allocate(JAVA_DOUBLE, segments);
        MemorySegment y = arena.allocate(JAVA_FLOAT, 1);
        math.sumSegments(Term.VALUE, x, partials, 0, segments / 2, n);
        math.sumSegments(Term.VALUE, x, partials, segments / 2, segments, n);
        math.sumPartials(partials, y, segments, n, true);
        double sum = documentedSum(
                segments,
                s -> documentedSum(Math.min(1024, n - 1024 * s), e -> x.getAtIndex(JAVA_FLOAT, 1024L * s + e)));
        assertEquals((float) (sum / n), y.getAtIndex(JAVA_FLOAT, 0));
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void anElementOfAProductIsOneChain(int inner) {
        int rows = 5;
        int cols = 37;
        MemorySegment a = numbers(rows * inner, 4);
        MemorySegment b = numbers(inner * cols, 5);
        MemorySegment c = arena.allocate(JAVA_FLOAT, rows * cols);
        math.multiply(a, inner, 1, b, cols, 1, null, c, 0, rows, inner, cols, 1, 0, Unary.IDENTITY, 0);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                float s = 0;
                double exact = 0;
                double magnitude = 0;
                for (int k = 0; k < inner; k++) {
                    float left = a.getAtIndex(JAVA_FLOAT, (long) i * inner + k);
                    float right = b.getAtIndex(JAVA_FLOAT, (long) k * cols + j);
                    s = Math.fma(left, right, s);
                    exact += (double) left * right;
                    magnitude += Math.abs((double) left * right);
                }
                assertEquals(s, c.getAtIndex(JAVA_FLOAT, (long) i * cols + j));
                assertEquals(exact, s, 1e-7 * magnitude * Math.sqrt(inner) + 1e-30);
            }
        }
    }

    /// Segments of 256 rows, each one chain in f64; then the order of all sums.
    @ParameterizedTest
    @MethodSource("sizes")
    void momentsAreSummedInTheDocumentedOrder(int rows) {
        int cols = 19;
        float epsilon = 0.25f;
        MemorySegment x = numbers(rows * cols, 7);
        int segments = NormaliseMath.segments(rows);
        MemorySegment partials = arena.allocate(JAVA_DOUBLE, 2L * segments * cols);
        MemorySegment kept = arena.allocate(JAVA_FLOAT, 4 * cols);
        MemorySegment running = arena.allocate(JAVA_FLOAT, 2 * cols);
        math.sumMoments(x, partials, 0, segments, rows, cols);
        MemorySegment variance = running.asSlice(4L * cols);
        math.batchMoments(partials, kept, running, variance, 0, cols, rows, cols, 1, epsilon);
        for (int j = 0; j < cols; j++) {
            int column = j;
            double[] sums = new double[segments];
            double[] squares = new double[segments];
            for (int i = 0; i < rows; i++) {
                double value = x.getAtIndex(JAVA_FLOAT, (long) i * cols + j);
                sums[i / 256] += value;
                squares[i / 256] += value * value;
            }
            double mean = documentedSum(segments, q -> sums[q]) / rows;
            double v = Math.max(documentedSum(segments, q -> squares[q]) / rows - mean * mean, 0);
            assertEquals((float) mean, kept.getAtIndex(JAVA_FLOAT, column));
            assertEquals((float) (1 / Math.sqrt(v + epsilon)), kept.getAtIndex(JAVA_FLOAT, cols + column));
            assertEquals((float) mean, running.getAtIndex(JAVA_FLOAT, column));
        }
    }

    /// The running moments move towards those of the batch, the variance as one of a sample: by its definition in two
    /// passes. A NaN stays in its channel.
    @ParameterizedTest
    @MethodSource("sizes")
    void runningMomentsFollowTheirDefinition(int rows) {
        int cols = 19;
        int broken = 7;
        double momentum = 0.25;
        MemorySegment x = numbers(rows * cols, 8);
        x.setAtIndex(JAVA_FLOAT, broken, Float.NaN);
        int segments = NormaliseMath.segments(rows);
        MemorySegment partials = arena.allocate(JAVA_DOUBLE, 2L * segments * cols);
        MemorySegment kept = arena.allocate(JAVA_FLOAT, 4 * cols);
        MemorySegment means = arena.allocate(JAVA_FLOAT, cols);
        MemorySegment variances = arena.allocate(JAVA_FLOAT, cols);
        for (int j = 0; j < cols; j++) {
            means.setAtIndex(JAVA_FLOAT, j, 3 - j);
            variances.setAtIndex(JAVA_FLOAT, j, 1 + j);
        }
        math.sumMoments(x, partials, 0, segments, rows, cols);
        math.batchMoments(partials, kept, means, variances, 0, cols, rows, cols, (float) momentum, 1e-5f);
        for (int j = 0; j < cols; j++) {
            float running = means.getAtIndex(JAVA_FLOAT, j);
            float spread = variances.getAtIndex(JAVA_FLOAT, j);
            if (j == broken) {
                assertTrue(Float.isNaN(running) && Float.isNaN(spread), running + ", " + spread);
                continue;
            }
            double mean = 0;
            double squares = 0;
            double size = 0;
            for (int i = 0; i < rows; i++) {
                mean += x.getAtIndex(JAVA_FLOAT, (long) i * cols + j) / (double) rows;
            }
            for (int i = 0; i < rows; i++) {
                double value = x.getAtIndex(JAVA_FLOAT, (long) i * cols + j);
                squares += (value - mean) * (value - mean);
                size += value * value;
            }
            double variance = rows == 1 ? 0 : squares / (rows - 1);
            double wanted = (1 - momentum) * (1 + j) + momentum * variance;
            String where = "rows " + rows + ", column " + j;
            assertEquals(
                    (1 - momentum) * (3 - j) + momentum * mean, running, 1e-6 * (3 + cols + Math.abs(mean)), where);
            // The sums of squares are f64: what cancels takes their last digits alone.
            assertEquals(wanted, spread, 1e-7 * wanted + 1e-14 * size, where);
        }
    }

    /// Draws are made some rows at a time, in memory that does not grow with the square of their width: on a thread
    /// that has none yet, for rows a thousand of which would be more than an array holds.
    @Test
    void wideRowsAreDrawnAFewAtATime() throws Exception {
        int rows = 3;
        int cols = 1449;
        MemorySegment mean = numbers(rows * cols, 10);
        MemorySegment logVariance = arena.allocate(JAVA_FLOAT, rows * cols);
        MemorySegment together = arena.allocate(JAVA_FLOAT, rows * cols);
        MemorySegment apart = arena.allocate(JAVA_FLOAT, rows * cols);
        try (ExecutorService fresh = Executors.newSingleThreadExecutor()) {
            fresh.submit(() -> math.reparameterise(
                            mean, logVariance, together, null, null, null, 0, rows, 1, cols, 1, 2, 3))
                    .get();
        }
        for (int row = 0; row < rows; row++) {
            math.reparameterise(mean, logVariance, apart, null, null, null, row, row + 1, 1, cols, 1, 2, 3);
        }
        assertEquals(-1, together.mismatch(apart));
    }

    /// The maximum of nothing stands nowhere: there is no place to add to.
    @Test
    void rowsOfNothingTakeNoGradient() {
        MemorySegment index = arena.allocate(JAVA_INT, 3);
        index.fill((byte) -1);
        MemorySegment dy = numbers(3, 9);
        MemorySegment dx = arena.allocate(JAVA_FLOAT, 0);
        for (boolean first : new boolean[] {true, false}) {
            math.maxRowsPullback(dy, index, dx, 0, 3, 0, first);
        }
        assertEquals(0, dx.byteSize());
    }

    /// log-sum-exp, softmax, weights and likelihoods against their definitions in f64.
    @ParameterizedTest
    @MethodSource("sizes")
    void normalisersAreRight(int cols) {
        MemorySegment x = arena.allocate(JAVA_FLOAT, cols);
        math.normals(x, 0, cols, 1, 2, 3);
        math.scale(7, x, x, 0, cols, true);
        double sum = 0;
        double squares = 0;
        for (int j = 0; j < cols; j++) {
            double weight = Math.exp(x.getAtIndex(JAVA_FLOAT, j));
            sum += weight;
            squares += weight * weight;
        }
        MemorySegment w = arena.allocate(JAVA_FLOAT, cols);
        MemorySegment y = arena.allocate(JAVA_FLOAT, 1);
        MemorySegment ess = arena.allocate(JAVA_FLOAT, 1);
        float shift = (float) -Math.log(cols);
        math.importanceWeightsRows(x, w, y, ess, 0, 1, cols, shift);
        assertEquals(Math.log(sum / cols), y.getAtIndex(JAVA_FLOAT, 0), 5e-6);
        assertEquals(sum * sum / squares, ess.getAtIndex(JAVA_FLOAT, 0), 1e-5 * cols);
        for (int j = 0; j < cols; j++) {
            double expected = Math.exp(x.getAtIndex(JAVA_FLOAT, j)) / sum;
            // x − max is rounded before its exp: at −60 that is 2e-6 of the result
            assertEquals(expected, w.getAtIndex(JAVA_FLOAT, j), 4e-6 * expected + 1e-30);
        }
    }
}
