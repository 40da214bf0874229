package dev.elbo.runtime.kernels;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.kernels.KernelEntry;
import dev.elbo.kernels.KernelFamily;
import dev.elbo.kernels.Kernels;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Gpu;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.Binary;
import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.cpu.FactorMath;
import dev.elbo.runtime.cpu.NormaliseMath;
import dev.elbo.runtime.cpu.PerRow;
import dev.elbo.runtime.cpu.RowMath;
import dev.elbo.runtime.cpu.Rows;
import dev.elbo.runtime.cpu.Term;
import dev.elbo.runtime.cpu.Unary;
import dev.elbo.runtime.kernels.Twins.Twin;
import dev.elbo.runtime.ops.ShuffledBatch;
import dev.elbo.runtime.ops.ShuffledRows;
import dev.elbo.runtime.random.Noise;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every kernel that ships runs here on the device of this run, the simulated one with all checks on, and gives the
/// bits of the CPU's loop of the same name; where there is none, those of the few lines that say what it does.
@Tag("device")
class KernelTwinsTest {
    private static final CpuMath CPU = CpuMath.plain();
    private static final long SEED = 0x1234_5678_9abcL;
    private static final long STEP = (1L << 32) + 42;
    private static final int OPERATION = 3 << 24 | 7;
    private static final List<int[]> SHAPES =
            List.of(new int[] {1, 1}, new int[] {3, 5}, new int[] {17, 33}, new int[] {2, 1000}, new int[] {33, 16});
    private static final List<Boolean> FLAGS = List.of(true, false);

    private interface Body {
        void run(Twins twins, int rows, int cols, boolean flag);
    }

    /// What runs some kernels, forward and pullback together.
    private record Case(Body body, Set<String> kernels) {
        Case(Body body, String... kernels) {
            this(body, Set.of(kernels));
        }

        @Override
        public String toString() {
            return new TreeSet<>(kernels).toString();
        }
    }

    private static final List<Case> CASES = List.of(
            new Case(KernelTwinsTest::unary, "unary_f32"),
            new Case(KernelTwinsTest::unaryPullback, "unary_pullback_f32"),
            new Case(KernelTwinsTest::binary, "binary_f32", "binary_pullback_f32"),
            new Case(KernelTwinsTest::scale, "scale_f32"),
            new Case(KernelTwinsTest::fill, "fill_f32"),
            new Case(KernelTwinsTest::bf16, "round_bf16", "widen_bf16"),
            new Case(KernelTwinsTest::copyRows, "copy_rows_f32"),
            new Case(KernelTwinsTest::concatRows, "concat_rows_f32"),
            new Case(KernelTwinsTest::repeatRows, "repeat_rows_f32", "repeat_rows_pullback_f32"),
            new Case(KernelTwinsTest::matmul, "matmul_f32"),
            new Case(KernelTwinsTest::matmulBernoulli, "matmul_bernoulli_f32"),
            new Case(ConvolutionTwins::forward, "convolution_f32"),
            new Case(ConvolutionTwins::input, "convolution_input_pullback_f32"),
            new Case(
                    ConvolutionTwins::weight,
                    "convolution_weight_pullback_f32",
                    "convolution_weight_sums_pullback_f32"),
            new Case(
                    NormaliseTwins::forward,
                    "batch_normalise_sums_f32",
                    "batch_normalise_moments_f32",
                    "batch_normalise_f32"),
            new Case(NormaliseTwins::running, "batch_normalise_running_f32"),
            new Case(
                    NormaliseTwins::pullback,
                    "batch_normalise_sums_pullback_f32",
                    "batch_normalise_means_pullback_f32",
                    "batch_normalise_pullback_f32"),
            new Case(KernelTwinsTest::sumRows, "sum_rows_f32", "sum_rows_pullback_f32"),
            new Case(KernelTwinsTest::sumColumnsOfEach, "sum_columns_each_f32"),
            new Case(KernelTwinsTest::sumColumns, "sum_columns_f32", "sum_columns_pullback_f32"),
            new Case(KernelTwinsTest::sumTallColumns, "sum_column_segments_f32", "sum_column_partials_f32"),
            new Case(KernelTwinsTest::sumAll, "sum_segments_f32", "sum_partials_f32"),
            new Case(KernelTwinsTest::maxRows, "max_rows_f32", "max_rows_pullback_f32"),
            new Case(KernelTwinsTest::sumTerms, "sum_terms_rows_f32", "sum_terms_rows_pullback_f32"),
            new Case(
                    KernelTwinsTest::freeEnergy,
                    "free_energy_rows_f32",
                    "contrast_f32",
                    "free_energy_contrast_pullback_f32"),
            new Case(
                    KernelTwinsTest::categorical,
                    "categorical_log_likelihood_rows_f32",
                    "categorical_log_likelihood_rows_pullback_f32"),
            new Case(KernelTwinsTest::logSumExp, "logsumexp_rows_f32", "logsumexp_rows_pullback_f32"),
            new Case(KernelTwinsTest::softmax, "softmax_rows_f32", "softmax_rows_pullback_f32"),
            new Case(KernelTwinsTest::logSoftmax, "log_softmax_rows_f32", "log_softmax_rows_pullback_f32"),
            new Case(KernelTwinsTest::importanceWeights, "importance_weights_rows_f32"),
            new Case(
                    KernelTwinsTest::draws,
                    "uniform_f32",
                    "normal_f32",
                    "bernoulli_f32",
                    "bernoulli_each_f32",
                    "bernoulli_logits_f32",
                    "dropout_f32"),
            new Case(KernelTwinsTest::reparameterise, "reparameterise_f32", "reparameterise_rows_f32"),
            new Case(
                    KernelTwinsTest::reparameterisePullback,
                    "reparameterise_pullback_f32",
                    "reparameterise_samples_pullback_f32"),
            new Case(KernelTwinsTest::fullCovariance, "gaussian_full_rows_f32", "gaussian_full_pullback_f32"),
            new Case(
                    KernelTwinsTest::fullDensity,
                    "gaussian_full_density_rows_f32",
                    "gaussian_full_density_rows_pullback_f32",
                    "gaussian_full_pullback_f32"),
            new Case(KernelTwinsTest::control, "control_f32"),
            new Case(KernelTwinsTest::sgd, "sgd_f32"),
            new Case(KernelTwinsTest::rmsprop, "rmsprop_f32"),
            new Case(KernelTwinsTest::adam, "adam_f32"),
            new Case(KernelTwinsTest::withdraw, "withdraw_f32"),
            new Case(KernelTwinsTest::shuffled, "shuffled_rows_i32"),
            new Case(KernelTwinsTest::batch, "shuffled_batch_f32", "shuffled_batch_u8"),
            new Case(
                    KernelTwinsTest::gather,
                    "gather_rows_f32",
                    "gather_rows_u8",
                    "gather_rows_i32",
                    "gather_rows_pullback_f32"),
            new Case(KernelTwinsTest::features, "sum_of_rows_f32", "sum_of_rows_pullback_f32"),
            new Case(KernelTwinsTest::columns, "gather_columns_f32", "gather_columns_pullback_f32"),
            new Case(KernelTwinsTest::advance, "advance_u32"),
            new Case(KernelTwinsTest::schedule, "schedule_f32"));

    private static CudaChip gpu;

    @BeforeAll
    static void open() {
        if (!Gpu.SIMULATED) {
            Gpu.require();
            gpu = new CudaChip();
        }
    }

    @AfterAll
    static void close() {
        if (gpu != null) {
            gpu.close();
        }
    }

    static Stream<Case> cases() {
        return CASES.stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theBitsAreThoseOfTheTwin(Case kernels) {
        Set<String> launched = new TreeSet<>();
        for (int[] shape : SHAPES) {
            for (boolean flag : FLAGS) {
                long order = flag ? 0 : shape[1];
                try (Twins twins = new Twins(gpu == null ? SimulatedChip.of(order) : gpu, shape[1], order)) {
                    kernels.body.run(twins, shape[0], shape[1], flag);
                    launched.addAll(twins.launched());
                }
            }
        }
        assertTrue(launched.containsAll(kernels.kernels), "launched only " + launched);
    }

    @Test
    void noKernelIsWithoutATest() {
        Set<String> shipped = Kernels.families().stream()
                .filter(family -> family.header().bitContract())
                .flatMap(family -> family.entries().stream())
                .map(KernelEntry::name)
                .collect(Collectors.toSet());
        Set<String> tested =
                CASES.stream().flatMap(kernels -> kernels.kernels.stream()).collect(Collectors.toSet());
        assertEquals(shipped, tested);
    }

    /// The codes that the kernels get are the ordinals of the CPU's tables.
    @Test
    void codesAreOrdinals() {
        KernelFamily pointwise = Kernels.family("pointwise");
        for (Unary f : Unary.values()) {
            assertEquals(f.ordinal(), pointwise.constant(f.name()));
        }
        for (Binary f : Binary.values()) {
            assertEquals(f.ordinal(), pointwise.constant(f.name()));
        }
        for (Term term : Term.values()) {
            assertEquals(term.ordinal(), Kernels.family("likelihood").constant("TERM_" + term.name()));
        }
        assertEquals(RowMath.SEGMENT, Kernels.family("reduce").constant("SEGMENT"));
        assertEquals(NormaliseMath.SEGMENT, Kernels.family("batch_normalise").constant("SEGMENT_ROWS"));
        assertEquals(Term.LOG_VARIANCE_BOUND, Kernels.family("likelihood").constant("LOG_VARIANCE_BOUND"));
    }

    private static Twin gradient(Twins t, int n, boolean first) {
        return first ? t.floats(n) : t.normals(n);
    }

    private static void unary(Twins t, int rows, int cols, boolean first) {
        int n = rows * cols;
        for (Unary f : Unary.values()) {
            Twin x = t.outliers(n);
            Twin y = first ? t.floats(n) : x;
            CPU.unary(f, 0.2f, x.host(), y.host(), 0, n);
            t.launch("unary_f32", x, y, n, f.ordinal(), 0.2f);
            t.assertSame(f.name(), y);
        }
    }

    private static void unaryPullback(Twins t, int rows, int cols, boolean first) {
        int n = rows * cols;
        for (Unary f : Unary.values()) {
            Twin x = f.readsX() ? t.outliers(n) : null;
            Twin y = f.readsY() ? t.outliers(n) : null;
            Twin dy = t.outliers(n);
            Twin dx = first ? dy : t.outliers(n);
            CPU.unaryPullback(
                    f,
                    0.2f,
                    x == null ? null : x.host(),
                    y == null ? null : y.host(),
                    dy.host(),
                    dx.host(),
                    0,
                    n,
                    first);
            t.launch("unary_pullback_f32", x, y, dy, dx, n, f.ordinal(), 0.2f, first);
            t.assertSame(f.name(), dx);
        }
    }

    private static void binary(Twins t, int rows, int cols, boolean first) {
        int n = rows * cols;
        int[][] strides = {{cols, 1}, {0, 1}, {1, 0}, {0, 0}};
        int[] sizes = {n, cols, rows, 1};
        for (Binary f : Binary.values()) {
            for (int[] one : new int[][] {{0, 0}, {0, 1}, {2, 0}, {3, 1}}) {
                int[] as = strides[one[0]];
                int[] bs = strides[one[1]];
                Twin a = t.outliers(sizes[one[0]]);
                Twin b = t.outliers(sizes[one[1]]);
                Twin y = t.floats(n);
                CPU.binary(f, a.host(), as[0], as[1], b.host(), bs[0], bs[1], y.host(), 0, n, cols);
                t.launch("binary_f32", a, b, y, rows, cols, as[0], as[1], bs[0], bs[1], f.ordinal());
                t.assertSame(f.name(), y);
                for (boolean ofB : List.of(false, true)) {
                    Twin dy = t.outliers(n);
                    Twin d = first ? dy : t.outliers(n);
                    CPU.binaryPullback(
                            f, ofB, a.host(), as[0], as[1], b.host(), bs[0], bs[1], dy.host(), d.host(), 0, n, cols,
                            first);
                    t.launch(
                            "binary_pullback_f32",
                            a,
                            b,
                            dy,
                            d,
                            rows,
                            cols,
                            as[0],
                            as[1],
                            bs[0],
                            bs[1],
                            f.ordinal(),
                            ofB,
                            first);
                    t.assertSame(f.name() + " gradient", d);
                }
            }
        }
    }

    private static void scale(Twins t, int rows, int cols, boolean first) {
        int n = rows * cols;
        Twin x = t.outliers(n);
        Twin y = gradient(t, n, first);
        CPU.scale(0.3f, x.host(), y.host(), 0, n, first);
        t.launch("scale_f32", x, y, n, 0.3f, first);
        t.assertSame("scale", y);
    }

    private static void fill(Twins t, int rows, int cols, boolean first) {
        int n = rows * cols;
        Twin y = t.floats(n);
        CPU.fill(-2.5f, y.host(), 0, n);
        t.launch("fill_f32", y, n, -2.5f);
        t.assertSame("fill", y);
    }

    private static void bf16(Twins t, int rows, int cols, boolean first) {
        int n = rows * cols;
        Twin x = t.outliers(n);
        float[] edges = {1 + 0x1p-8f, 1 + 0x3p-8f, -Float.MAX_VALUE, Float.intBitsToFloat(0x7f80_0001), 0x1.ffp-127f};
        for (int i = 0; i < Math.min(n, edges.length); i++) {
            x.host().setAtIndex(JAVA_FLOAT, n - 1 - i, edges[i]);
        }
        t.written(x);
        Twin words = t.floats((n + 1) / 2);
        t.launch("round_bf16", x, words, n);
        MemorySegment rounded = t.device(words);
        Twin bias = first ? null : t.outliers(cols);
        Twin y = gradient(t, n, first);
        for (int i = 0; i < n; i++) {
            int word = rounded.getAtIndex(JAVA_INT, i / 2);
            float value = Float.intBitsToFloat(i % 2 == 0 ? word << 16 : word & 0xffff_0000);
            assertEquals(nearestBf16(x.at(i)), value, "of " + x.at(i));
            float sum = first ? value : y.at(i) + (value + bias.at(i % cols));
            y.host().setAtIndex(JAVA_FLOAT, i, sum);
        }
        assertEquals(0, n % 2 == 0 ? 0 : rounded.getAtIndex(JAVA_INT, n / 2) >>> 16, "what is missing");
        t.launch("widen_bf16", words, bias, y, n, cols, first);
        t.assertSame("widened", y);
    }

    /// The nearer of the two numbers of bf16 about x, in f64, where the next one after the largest is 2¹²⁸; of two
    /// that are as near, that which ends in 0.
    private static float nearestBf16(float x) {
        if (!Float.isFinite(x)) {
            return x;
        }
        int bits = Float.floatToRawIntBits(x) & 0xffff_0000;
        float down = Float.intBitsToFloat(bits);
        float up = Float.intBitsToFloat(bits + 0x1_0000);
        double beyond = Float.isInfinite(up) ? Math.copySign(0x1p128, up) : up;
        double toDown = Math.abs((double) x - down);
        double toUp = Math.abs(beyond - x);
        boolean even = (bits & 0x1_0000) == 0;
        return toDown < toUp || toDown == toUp && even ? down : up;
    }

    private static void copyRows(Twins t, int rows, int cols, boolean first) {
        int wide = cols + 3;
        Twin x = t.normals(rows * cols);
        Twin y = t.normals(rows * wide);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                float before = first ? 0.0f : y.at(i * wide + j);
                y.host().setAtIndex(JAVA_FLOAT, (long) i * wide + j, before + x.at(i * cols + j));
            }
        }
        t.launch("copy_rows_f32", x, y, rows, cols, cols, wide, first);
        t.assertSame("copy", y);
    }

    private static void concatRows(Twins t, int rows, int cols, boolean first) {
        Twin a = t.outliers(rows * cols);
        Twin b = t.outliers((rows + 1) * cols);
        Twin y = t.floats(a.size() + b.size());
        for (int e = 0; e < y.size(); e++) {
            y.host().setAtIndex(JAVA_FLOAT, e, e < a.size() ? a.at(e) : b.at(e - a.size()));
        }
        t.launch("concat_rows_f32", a, b, y, 2 * rows + 1, cols, rows);
        t.assertSame("both", y);
    }

    private static void repeatRows(Twins t, int rows, int cols, boolean first) {
        int times = 3;
        Twin x = t.outliers(rows * cols);
        Twin y = t.floats(rows * times * cols);
        Twin dx = gradient(t, rows * cols, first);
        for (int e = 0; e < y.size(); e++) {
            y.host().setAtIndex(JAVA_FLOAT, e, x.at(e / cols / times * cols + e % cols));
        }
        t.launch("repeat_rows_f32", x, y, rows, cols, times);
        t.assertSame("repeat", y);
        for (int e = 0; e < dx.size(); e++) {
            float sum = 0;
            for (int s = 0; s < times; s++) {
                sum += y.at((e / cols * times + s) * cols + e % cols);
            }
            dx.host().setAtIndex(JAVA_FLOAT, e, first ? sum : dx.at(e) + sum);
        }
        t.launch("repeat_rows_pullback_f32", y, dx, rows, cols, times, first);
        t.assertSame("repeat gradient", dx);
    }

    private static void matmul(Twins t, int rows, int cols, boolean first) {
        for (int inner : new int[] {1, 16, 21}) {
            for (int transposes = 0; transposes < 4; transposes++) {
                boolean ta = (transposes & 1) != 0;
                boolean tb = (transposes & 2) != 0;
                Twin a = t.normals(rows * inner);
                Twin b = t.normals(inner * cols);
                Twin bias = ta ? t.normals(cols) : null;
                Twin c = gradient(t, rows * cols, first);
                int aRow = ta ? 1 : inner;
                int aInner = ta ? rows : 1;
                int bInner = tb ? 1 : cols;
                int bCol = tb ? inner : 1;
                float beta = first ? 0.0f : 0.5f;
                CPU.multiply(
                        a.host(),
                        aRow,
                        aInner,
                        b.host(),
                        bInner,
                        bCol,
                        bias == null ? null : bias.host(),
                        c.host(),
                        0,
                        rows,
                        inner,
                        cols,
                        0.7f,
                        beta,
                        Unary.TANH,
                        0);
                t.launch(
                        "matmul_f32",
                        a,
                        b,
                        bias,
                        c,
                        rows,
                        cols,
                        inner,
                        1,
                        aRow,
                        aInner,
                        bInner,
                        bCol,
                        cols,
                        0,
                        0,
                        0,
                        0.7f,
                        beta,
                        Unary.TANH.ordinal(),
                        0);
                t.assertSame("product", c);
            }
        }
    }

    private static void matmulBernoulli(Twins t, int rows, int cols, boolean first) {
        int inner = 10;
        Twin a = t.normals(rows * inner);
        Twin b = t.normals(inner * cols);
        Twin bias = t.normals(cols);
        Twin p = first ? t.floats(rows * cols) : null;
        Twin means = t.floats(rows * cols);
        Twin c = t.floats(rows * cols);
        CPU.multiply(
                a.host(),
                inner,
                1,
                b.host(),
                cols,
                1,
                bias.host(),
                means.host(),
                0,
                rows,
                inner,
                cols,
                1,
                0,
                Unary.SIGMOID,
                0);
        CPU.bernoulli(means.host(), c.host(), 0, rows * cols, SEED, STEP, OPERATION);
        t.launch(
                "matmul_bernoulli_f32",
                a,
                b,
                bias,
                p,
                c,
                t.noise(SEED, STEP),
                OPERATION,
                rows,
                cols,
                inner,
                inner,
                1,
                cols,
                1,
                1);
        t.assertSame("draw", c);
        if (first) {
            p.host().copyFrom(means.host());
            t.assertSame("probability", p);
        }
    }

    private static void sumRows(Twins t, int rows, int cols, boolean first) {
        Twin x = t.outliers(rows * cols);
        Twin y = gradient(t, rows, first);
        CPU.sumRows(Term.VALUE, Rows.of(x.host()), null, null, y.host(), 0, rows, cols, cols, first);
        t.launch("sum_rows_f32", x, y, rows, cols, cols, first);
        t.assertSame("sum", y);
        Twin dy = t.outliers(rows);
        Twin dx = gradient(t, rows * cols, first);
        CPU.sumRowsPullback(
                Term.VALUE,
                1,
                Rows.of(x.host()),
                null,
                null,
                PerRow.of(dy.host()),
                dx.host(),
                0,
                rows,
                cols,
                cols,
                first);
        t.launch("sum_rows_pullback_f32", dy, dx, rows, cols, cols, first);
        t.assertSame("sum gradient", dx);
    }

    private static void sumColumns(Twins t, int rows, int cols, boolean first) {
        Twin x = t.outliers(rows * cols);
        Twin y = gradient(t, cols, first);
        CPU.sumColumns(x.host(), y.host(), 0, cols, rows, cols, rows, first);
        t.launch("sum_columns_f32", x, y, rows, cols, rows, first);
        t.assertSame("sum", y);
        Twin dy = t.outliers(cols);
        Twin dx = gradient(t, rows * cols, first);
        CPU.sumColumnsPullback(dy.host(), dx.host(), 0, rows, cols, rows, first);
        t.launch("sum_columns_pullback_f32", dy, dx, rows, cols, rows, first);
        t.assertSame("sum gradient", dx);
    }

    /// Of as many matrices as a launch takes, and of a few; no two of them alike.
    private static void sumColumnsOfEach(Twins t, int rows, int cols, boolean first) {
        int count = first ? 8 : 3;
        Object[] arguments = new Object[4 * 8 + 2];
        Twin[] y = new Twin[count];
        for (int k = 0; k < 8; k++) {
            int own = k < count ? rows + k : 0;
            int wide = k < count ? Math.max(1, cols - 16 * k) : 0;
            Twin x = k < count ? t.outliers(own * wide) : null;
            if (k < count) {
                y[k] = t.floats(wide);
                CPU.sumColumns(x.host(), y[k].host(), 0, wide, own, wide, 1, true);
            }
            arguments[4 * k] = x;
            arguments[4 * k + 1] = k < count ? y[k] : null;
            arguments[4 * k + 2] = own;
            arguments[4 * k + 3] = wide;
        }
        arguments[4 * 8] = cols;
        arguments[4 * 8 + 1] = count;
        t.launch("sum_columns_each_f32", arguments);
        for (int k = 0; k < count; k++) {
            t.assertSame("sum of matrix " + k, y[k]);
        }
    }

    /// As many rows as make several segments.
    private static void sumTallColumns(Twins t, int rows, int cols, boolean first) {
        int tall = 37 * rows;
        int segments = Math.ceilDiv(tall, RowMath.SEGMENT_ROWS);
        Twin x = t.outliers(tall * cols);
        Twin partials = t.empty((long) Double.BYTES * segments * cols);
        Twin y = gradient(t, cols, first);
        CPU.sumColumnSegments(x.host(), partials.host(), 0, segments, tall, cols);
        t.launch("sum_column_segments_f32", x, partials, tall, cols, segments);
        t.assertSameDoubles("partial", partials);
        CPU.sumColumnPartials(partials.host(), y.host(), 0, cols, segments, cols, tall, first);
        t.launch("sum_column_partials_f32", partials, y, segments, cols, tall, first);
        t.assertSame("sum", y);
    }

    private static void sumAll(Twins t, int rows, int cols, boolean first) {
        int n = rows * cols;
        int segments = Math.ceilDiv(n, RowMath.SEGMENT);
        for (Term term : List.of(Term.VALUE, Term.SQUARE)) {
            Twin x = t.normals(n);
            Twin partials = t.empty((long) Double.BYTES * segments);
            Twin y = gradient(t, 1, first);
            CPU.sumSegments(term, x.host(), partials.host(), 0, segments, n);
            CPU.sumPartials(partials.host(), y.host(), segments, n, first);
            t.launch("sum_segments_f32", x, partials, n, term.ordinal());
            t.launch("sum_partials_f32", partials, y, segments, n, first);
            t.assertSameDoubles("partial", partials);
            t.assertSame("sum of all", y);
        }
    }

    private static void maxRows(Twins t, int rows, int cols, boolean first) {
        for (Twin x : List.of(t.outliers(rows * cols), t.normals(rows * cols))) {
            Twin y = t.floats(rows);
            Twin index = t.floats(rows);
            CPU.maxRows(x.host(), y.host(), index.host(), 0, rows, cols);
            t.launch("max_rows_f32", x, y, index, rows, cols);
            t.assertSame("maximum", y);
            t.assertSame("place", index);
            Twin dy = t.normals(rows);
            Twin dx = gradient(t, rows * cols, first);
            CPU.maxRowsPullback(dy.host(), index.host(), dx.host(), 0, rows, cols, first);
            t.launch("max_rows_pullback_f32", dy, index, dx, rows, cols, first);
            t.assertSame("maximum gradient", dx);
        }
    }

    private static void freeEnergy(Twins t, int rows, int cols, boolean first) {
        int all = rows + 1;
        int hidden = cols + 3;
        Twin v = t.outliers(all * cols);
        Twin a = t.normals(cols);
        Twin l = t.outliers(all * hidden);
        Twin s = t.floats(all);
        Rows biases = new Rows(a.host(), all);
        Rows logits = Rows.of(l.host());
        CPU.sumRows(Term.PRODUCT, Rows.of(v.host()), biases, null, s.host(), 0, all, cols, 1, true);
        CPU.sumRows(Term.SOFTPLUS, logits, null, null, s.host(), 0, all, hidden, 1, false);
        t.launch("free_energy_rows_f32", v, a, l, s, all, cols, hidden);
        t.assertSame("rows", s);
        Twin y = t.floats(1);
        Rows lower = Rows.of(s.host().asSlice(4L * rows));
        CPU.sumRows(Term.VALUE, Rows.of(s.host()), null, null, y.host(), 0, 1, rows, -rows, true);
        CPU.sumRows(Term.VALUE, lower, null, null, y.host(), 0, 1, 1, 1, false);
        t.launch("contrast_f32", s, y, all, rows);
        t.assertSame("contrast", y);
        for (Twin dy : new Twin[] {null, t.of(0.7f)}) {
            Twin w = t.floats(all);
            for (int r = 0; r < all; r++) {
                w.host().setAtIndex(JAVA_FLOAT, r, r < rows ? 0.7f / -rows : 0.7f);
            }
            Twin dl = gradient(t, l.size(), first);
            CPU.sumRowsPullback(
                    Term.SOFTPLUS, 1, logits, null, null, PerRow.of(w.host()), dl.host(), 0, all, hidden, 1, first);
            float known = dy == null ? 0.7f : 0;
            t.launch("free_energy_contrast_pullback_f32", l, dy, w, dl, all, hidden, rows, known, first);
            t.assertSame("weights", w);
            t.assertSame("gradient of logits", dl);
        }
    }

    private static void sumTerms(Twins t, int base, int cols, boolean first) {
        for (Term term : Term.values()) {
            for (int[] repeats : new int[][] {{1, 1, 1}, {1, 3, 3}, {3, 1, 1}, {1, 1, 3}}) {
                int rows = 3 * base;
                Twin[] x = new Twin[3];
                Rows[] r = new Rows[3];
                for (int k = 0; k < term.arity(); k++) {
                    x[k] = t.outliers(rows / repeats[k] * cols);
                    r[k] = new Rows(x[k].host(), repeats[k]);
                }
                Twin y = t.normals(rows);
                CPU.sumRows(term, r[0], r[1], r[2], y.host(), 0, rows, cols, 1, first);
                Twin onto = first ? null : y;
                int code = term.ordinal();
                t.launch(
                        "sum_terms_rows_f32",
                        x[0],
                        x[1],
                        x[2],
                        onto,
                        y,
                        rows,
                        cols,
                        repeats[0],
                        repeats[1],
                        repeats[2],
                        code);
                t.assertSame(term.name(), y);
                Twin dy = first ? t.normals(rows) : null;
                PerRow each = first ? PerRow.of(dy.host()) : new PerRow(null, 0.3f);
                for (int k = 1; k <= term.arity(); k++) {
                    Twin dx = gradient(t, x[k - 1].size(), first);
                    CPU.sumRowsPullback(
                            term, k, r[0], r[1], r[2], each, dx.host(), 0, rows / repeats[k - 1], cols, 1, first);
                    t.launch(
                            "sum_terms_rows_pullback_f32",
                            x[0],
                            x[1],
                            x[2],
                            dy,
                            dx,
                            rows,
                            cols,
                            repeats[0],
                            repeats[1],
                            repeats[2],
                            code,
                            k,
                            each.all(),
                            first);
                    t.assertSame(term.name() + " gradient " + k + " of " + repeats[k - 1], dx);
                }
            }
        }
    }

    private static void categorical(Twins t, int rows, int cols, boolean first) {
        int[] labels = new int[rows];
        for (int i = 0; i < rows; i++) {
            labels[i] = i == 1 ? cols : i == 2 ? -1 : i * 7 % cols;
        }
        for (Twin x : List.of(t.normals(rows * cols, 30), t.outliers(rows * cols))) {
            Twin label = t.of(labels);
            Twin y = t.floats(rows);
            Twin logSum = t.floats(rows);
            CPU.categoricalRows(x.host(), label.host(), y.host(), logSum.host(), 0, rows, cols);
            t.launch("categorical_log_likelihood_rows_f32", x, label, y, logSum, rows, cols);
            t.assertSame("log-likelihood", y);
            t.assertSame("log-sum", logSum);
            Twin dy = t.normals(rows);
            Twin dx = gradient(t, rows * cols, first);
            CPU.categoricalRowsPullback(
                    x.host(), label.host(), logSum.host(), dy.host(), dx.host(), 0, rows, cols, first);
            t.launch("categorical_log_likelihood_rows_pullback_f32", x, label, logSum, dy, dx, rows, cols, first);
            t.assertSame("gradient", dx);
        }
    }

    /// Scores, scores that overflow exp, and rows that nothing can produce.
    private static List<Twin> scores(Twins t, int rows, int cols) {
        Twin impossible = t.normals(rows * cols);
        for (int j = 0; j < cols; j++) {
            impossible.host().setAtIndex(JAVA_FLOAT, j, Float.NEGATIVE_INFINITY);
        }
        return List.of(t.normals(rows * cols, 80), t.outliers(rows * cols), t.written(impossible));
    }

    private static void logSumExp(Twins t, int rows, int cols, boolean first) {
        float shift = first ? 0.0f : (float) -Math.log(cols);
        for (Twin x : scores(t, rows, cols)) {
            Twin y = t.floats(rows);
            CPU.logSumExpRows(x.host(), y.host(), 0, rows, cols, shift);
            t.launch("logsumexp_rows_f32", x, y, rows, cols, shift);
            t.assertSame("log-sum-exp", y);
            Twin dy = t.normals(rows);
            Twin dx = gradient(t, rows * cols, first);
            PerRow each = first ? PerRow.of(dy.host()) : new PerRow(null, 0.3f);
            CPU.logSumExpRowsPullback(x.host(), y.host(), each, dx.host(), 0, rows, cols, shift, first);
            String pullback = "logsumexp_rows_pullback_f32";
            t.launch(pullback, x, y, first ? dy : null, dx, rows, cols, shift, each.all(), first);
            t.assertSame("gradient", dx);
        }
    }

    private static void softmax(Twins t, int rows, int cols, boolean first) {
        for (Twin x : scores(t, rows, cols)) {
            Twin y = t.floats(rows * cols);
            CPU.softmaxRows(x.host(), y.host(), 0, rows, cols);
            t.launch("softmax_rows_f32", x, y, rows, cols);
            t.assertSame("softmax", y);
            Twin dy = t.normals(rows * cols);
            Twin dx = gradient(t, rows * cols, first);
            CPU.softmaxRowsPullback(y.host(), dy.host(), dx.host(), 0, rows, cols, first);
            t.launch("softmax_rows_pullback_f32", y, dy, dx, rows, cols, first);
            t.assertSame("gradient", dx);
        }
    }

    private static void logSoftmax(Twins t, int rows, int cols, boolean first) {
        for (Twin x : scores(t, rows, cols)) {
            Twin y = t.floats(rows * cols);
            CPU.logSoftmaxRows(x.host(), y.host(), 0, rows, cols);
            t.launch("log_softmax_rows_f32", x, y, rows, cols);
            t.assertSame("log-softmax", y);
            Twin dy = t.normals(rows * cols);
            Twin dx = gradient(t, rows * cols, first);
            CPU.logSoftmaxRowsPullback(y.host(), dy.host(), dx.host(), 0, rows, cols, first);
            t.launch("log_softmax_rows_pullback_f32", y, dy, dx, rows, cols, first);
            t.assertSame("gradient", dx);
        }
    }

    private static void importanceWeights(Twins t, int rows, int cols, boolean first) {
        float shift = (float) -Math.log(cols);
        for (Twin x : scores(t, rows, cols)) {
            Twin w = t.floats(rows * cols);
            Twin y = t.floats(rows);
            Twin ess = t.floats(rows);
            CPU.importanceWeightsRows(x.host(), w.host(), y.host(), ess.host(), 0, rows, cols, shift);
            t.launch("importance_weights_rows_f32", x, w, y, ess, rows, cols, shift);
            t.assertSame("weights", w);
            t.assertSame("bound", y);
            t.assertSame("effective sample size", ess);
        }
    }

    private static void draws(Twins t, int rows, int cols, boolean first) {
        int n = rows * cols;
        Twin noise = t.noise(SEED, STEP);
        Twin y = t.floats(n);
        CPU.uniforms(y.host(), 0, n, SEED, STEP, OPERATION);
        t.launch("uniform_f32", y, noise, OPERATION, n);
        t.assertSame("uniform", y);
        Twin z = t.floats(n);
        CPU.normals(z.host(), 0, n, SEED, STEP, OPERATION);
        t.launch("normal_f32", z, noise, OPERATION, n);
        t.assertSame("normal", z);
        Twin b = t.floats(n);
        for (int e = 0; e < n; e++) {
            b.host().setAtIndex(JAVA_FLOAT, e, new Noise(SEED, STEP, OPERATION).bernoulli(e, 0.3f));
        }
        t.launch("bernoulli_f32", b, noise, OPERATION, n, 0.3f);
        t.assertSame("bernoulli", b);
        Twin each = t.floats(n);
        CPU.bernoulli(y.host(), each.host(), 0, n, SEED, STEP, OPERATION + 1);
        t.launch("bernoulli_each_f32", y, each, noise, OPERATION + 1, n);
        t.assertSame("bernoulli of each", each);
        Twin logits = t.outliers(n);
        CPU.bernoulliLogits(logits.host(), each.host(), 0, n, SEED, STEP, OPERATION);
        t.launch("bernoulli_logits_f32", logits, each, noise, OPERATION, n);
        t.assertSame("bernoulli of logits", each);
        Twin dropped = gradient(t, n, first);
        CPU.dropout(z.host(), dropped.host(), 0, n, 0.8f, 1.25f, SEED, STEP, OPERATION, first);
        t.launch("dropout_f32", z, dropped, noise, OPERATION, n, 0.8f, 1.25f, first);
        t.assertSame("dropout", dropped);
    }

    private static void reparameterise(Twins t, int rows, int cols, boolean first) {
        for (int samples : new int[] {1, 3}) {
            Twin mu = t.normals(rows * cols);
            Twin logVariance = t.outliers(rows * cols);
            Twin noise = t.noise(SEED, STEP);
            Twin z = t.floats(rows * samples * cols);
            Twin kl = t.floats(rows);
            Twin logQ = t.floats(rows * samples);
            Twin ratio = t.floats(rows * samples);
            CPU.reparameterise(
                    mu.host(),
                    logVariance.host(),
                    z.host(),
                    kl.host(),
                    logQ.host(),
                    ratio.host(),
                    0,
                    rows,
                    samples,
                    cols,
                    SEED,
                    STEP,
                    OPERATION);
            t.launch(
                    "reparameterise_rows_f32",
                    mu,
                    logVariance,
                    z,
                    first ? kl : null,
                    first ? logQ : null,
                    first ? ratio : null,
                    noise,
                    OPERATION,
                    rows,
                    cols,
                    samples);
            t.assertSame("z", z);
            if (first) {
                t.assertSame("kl", kl);
                t.assertSame("log q", logQ);
                t.assertSame("log ratio", ratio);
            }
            Twin flat = t.floats(z.size());
            t.launch("reparameterise_f32", mu, logVariance, flat, noise, OPERATION, rows, cols, samples);
            flat.host().copyFrom(z.host());
            t.assertSame("z alone", flat);
        }
    }

    private static void reparameterisePullback(Twins t, int rows, int cols, boolean first) {
        for (int samples : new int[] {1, 2, 19}) {
            for (boolean full : FLAGS) {
                Twin mu = t.normals(rows * cols);
                Twin logVariance = t.outliers(rows * cols);
                Twin dz = full && !first ? null : t.normals(rows * samples * cols);
                Twin dKl = full ? t.normals(rows) : null;
                Twin dLogQ = full ? t.normals(rows * samples) : null;
                Twin z = full ? t.normals(rows * samples * cols) : null;
                Twin dRatio = full && first ? t.normals(rows * samples) : null;
                PerRow ratio = full && !first ? new PerRow(null, 0.3f) : perRow(dRatio);
                Twin noise = t.noise(SEED, STEP);
                for (String kernel : samples == 1
                        ? List.of("reparameterise_pullback_f32", "reparameterise_samples_pullback_f32")
                        : List.of("reparameterise_samples_pullback_f32")) {
                    Twin dMu = gradient(t, rows * cols, first);
                    Twin dLogVariance = gradient(t, rows * cols, !first);
                    CPU.reparameterisePullback(
                            mu.host(),
                            logVariance.host(),
                            host(z),
                            host(dz),
                            perRow(dKl),
                            perRow(dLogQ),
                            ratio,
                            dMu.host(),
                            dLogVariance.host(),
                            0,
                            rows,
                            samples,
                            cols,
                            SEED,
                            STEP,
                            OPERATION,
                            first,
                            !first);
                    if (kernel.contains("samples")) {
                        t.launch(
                                kernel,
                                mu,
                                logVariance,
                                z,
                                dz,
                                dKl,
                                dLogQ,
                                dRatio,
                                dMu,
                                dLogVariance,
                                noise,
                                OPERATION,
                                rows,
                                cols,
                                samples,
                                0f,
                                0f,
                                ratio.all(),
                                first,
                                !first);
                    } else {
                        t.launch(
                                kernel,
                                mu,
                                logVariance,
                                z,
                                dz,
                                dKl,
                                dLogQ,
                                dRatio,
                                dMu,
                                dLogVariance,
                                noise,
                                OPERATION,
                                rows,
                                cols,
                                0f,
                                0f,
                                ratio.all(),
                                first,
                                !first);
                    }
                    t.assertSame(kernel + " mean, samples " + samples, dMu);
                    t.assertSame(kernel + " log-variance, samples " + samples, dLogVariance);
                }
            }
        }
    }

    /// The columns of a case; a factor of the widest would be half a million elements.
    private static int few(int cols) {
        return Math.min(cols, 40);
    }

    private static void fullCovariance(Twins t, int rows, int wide, boolean first) {
        int cols = few(wide);
        int packed = FactorMath.packed(cols);
        for (int samples : new int[] {1, 3, 19}) {
            Twin mu = t.normals(rows * cols);
            Twin factor = t.outliers(rows * packed);
            Twin noise = t.noise(SEED, STEP);
            Twin z = t.floats(rows * samples * cols);
            Twin kl = t.floats(rows);
            Twin logQ = t.floats(rows * samples);
            Twin ratio = t.floats(rows * samples);
            String kernel = "gaussian_full_rows_f32";
            if (first) {
                draws(mu, factor, z, kl, logQ, ratio, rows, samples, cols);
                t.launch(kernel, mu, factor, z, kl, logQ, ratio, noise, OPERATION, rows, cols, samples);
            } else { // each alone, but for the ratio, which is of z
                draws(mu, factor, z, null, null, ratio, rows, samples, cols);
                draws(mu, factor, null, kl, null, null, rows, samples, cols);
                draws(mu, factor, null, null, logQ, null, rows, samples, cols);
                t.launch(kernel, mu, factor, z, null, null, ratio, noise, OPERATION, rows, cols, samples);
                t.launch(kernel, mu, factor, null, kl, null, null, null, 0, rows, cols, samples);
                t.launch(kernel, mu, factor, null, null, logQ, null, noise, OPERATION, rows, cols, samples);
            }
            t.assertSame("z", z);
            t.assertSame("kl", kl);
            t.assertSame("log q", logQ);
            t.assertSame("log ratio", ratio);
            Twin dz = t.normals(rows * samples * cols);
            Twin dKl = t.normals(rows);
            Twin dLogQ = t.normals(rows * samples);
            Twin dRatio = t.normals(rows * samples);
            fullPullback(t, mu, factor, z, dz, null, dKl, dLogQ, dRatio, noise, rows, cols, samples, first);
            fullPullback(t, mu, factor, null, dz, null, null, null, null, noise, rows, cols, samples, first);
            fullPullback(t, mu, factor, z, null, null, null, null, dRatio, noise, rows, cols, samples, first);
            fullPullback(t, mu, factor, null, null, null, dKl, null, null, null, rows, cols, samples, first);
        }
    }

    private static void draws(
            Twin mu, Twin factor, Twin z, Twin kl, Twin logQ, Twin ratio, int rows, int samples, int cols) {
        CPU.factorDraws(
                mu.host(),
                factor.host(),
                host(z),
                host(kl),
                host(logQ),
                host(ratio),
                0,
                rows,
                samples,
                cols,
                SEED,
                STEP,
                OPERATION);
    }

    private static void fullPullback(
            Twins t,
            Twin mu,
            Twin factor,
            Twin z,
            Twin dz,
            Twin epsilon,
            Twin dKl,
            Twin dLogQ,
            Twin dRatio,
            Twin noise,
            int rows,
            int cols,
            int samples,
            boolean first) {
        Twin dMu = gradient(t, mu.size(), first);
        Twin dFactor = gradient(t, factor.size(), !first);
        CPU.factorPullback(
                mu.host(),
                factor.host(),
                host(z),
                host(dz),
                host(epsilon),
                perRow(dKl),
                perRow(dLogQ),
                perRow(dRatio),
                dMu.host(),
                dFactor.host(),
                0,
                rows,
                samples,
                cols,
                SEED,
                STEP,
                OPERATION,
                first,
                !first);
        t.launch(
                "gaussian_full_pullback_f32",
                mu,
                factor,
                z,
                dz,
                epsilon,
                dKl,
                dLogQ,
                dRatio,
                dMu,
                dFactor,
                noise,
                OPERATION,
                rows,
                cols,
                samples,
                cols + FactorMath.packed(cols),
                0f,
                0f,
                0f,
                first,
                !first);
        t.assertSame("gradient of the mean", dMu);
        t.assertSame("gradient of the factor", dFactor);
    }

    private static PerRow perRow(Twin twin) {
        return twin == null ? PerRow.NONE : PerRow.of(twin.host());
    }

    private static MemorySegment host(Twin twin) {
        return twin == null ? null : twin.host();
    }

    private static void fullDensity(Twins t, int rows, int wide, boolean first) {
        int cols = few(wide);
        for (int samples : new int[] {1, 3}) {
            Twin mu = t.normals(rows * cols);
            Twin factor = t.normals(rows * FactorMath.packed(cols), 0.1);
            Twin x = t.outliers(rows * samples * cols);
            Twin w = t.floats(x.size());
            Twin y = t.floats(rows * samples);
            CPU.factorDensity(x.host(), mu.host(), factor.host(), w.host(), y.host(), 0, rows * samples, samples, cols);
            t.launch("gaussian_full_density_rows_f32", x, mu, factor, w, y, rows, cols, samples);
            t.assertSame("w", w);
            t.assertSame("y", y);
            Twin dy = t.normals(rows * samples);
            Twin g = t.floats(x.size());
            Twin dx = gradient(t, x.size(), first);
            CPU.factorDensityPullback(
                    factor.host(), w.host(), dy.host(), g.host(), dx.host(), 0, rows * samples, samples, cols, first);
            String kernel = "gaussian_full_density_rows_pullback_f32";
            t.launch(kernel, factor, w, dy, g, dx, rows, cols, samples, first);
            t.assertSame("g", g);
            t.assertSame("gradient of x", dx);
            fullPullback(t, mu, factor, null, g, w, null, dy, null, null, rows, cols, samples, first);
        }
    }

    /// The words of a control that lets an update through: t = 1, and what clipping leaves.
    private static Twin control(Twins t, float scale, float correction1, float correction2) {
        return t.of(
                1,
                1,
                0,
                0,
                0,
                Float.floatToRawIntBits(scale),
                Float.floatToRawIntBits(correction1),
                Float.floatToRawIntBits(correction2));
    }

    /// A launch of control_f32, of partial sums or null and a loss or null.
    @FunctionalInterface
    private interface Decider {
        void launch(Twin partials, Twin loss, float maxNorm, int policy, boolean last);
    }

    private static void control(Twins t, int rows, int cols, boolean first) {
        int count = rows;
        Twin partials = t.empty(8L * count);
        for (int i = 0; i < count; i++) {
            partials.host().setAtIndex(JAVA_DOUBLE, i, i + 0.5);
        }
        t.written(partials);
        Twin norm = t.floats(1);
        CPU.sumPartials(partials.host(), norm.host(), count, 1, true);
        Twin control = t.of(7, 0, 0, 0, 0, 0, 0, 0);
        Twin frozen = t.of(0);
        Twin noise = t.noise(SEED, 0xFFFF_FFFFL);
        Twin table = t.of(0.5f, 0.25f);
        Twin rate = t.floats(1);
        KernelFamily optimize = Kernels.family("optimize");
        int skip = optimize.constant("SKIP");
        int freeze = optimize.constant("FREEZE");
        Decider decide = (sums, loss, maxNorm, policy, last) -> t.launch(
                "control_f32",
                sums,
                loss,
                control,
                frozen,
                noise,
                table,
                rate,
                sums == null ? 0 : count,
                2,
                8,
                maxNorm,
                0.5f,
                0.25f,
                policy,
                last);
        decide.launch(partials, t.of(3.0f), 0.25f, skip, true);
        float length = (float) Math.sqrt(norm.at(0));
        assertWords(
                t,
                control,
                8,
                1,
                bits(3),
                0,
                bits(length),
                bits(0.25f / length),
                bits((float) (1 / (1 - 0x1p-8))),
                bits((float) (1 / (1 - 0x1p-16))));
        assertWords(t, rate, bits(0.25f));
        assertEquals(List.of(0, 1), words(t, noise, 4).subList(2, 4), "the last update ends the step");
        decide.launch(partials, t.of(Float.POSITIVE_INFINITY), 0, skip, false);
        assertEquals(List.of(8, 0, bits(Float.POSITIVE_INFINITY), 1), words(t, control, 4));
        assertEquals(List.of(0, 1), words(t, noise, 4).subList(2, 4), "another does not");
        decide.launch(partials, t.of(Float.NaN), 0, skip, true);
        assertEquals(List.of(1, 1), words(t, noise, 4).subList(2, 4), "nor does the policy hold it up");
        decide.launch(null, t.of(Float.NEGATIVE_INFINITY), 0, freeze, true);
        assertWords(t, frozen, 1);
        decide.launch(null, null, 0, freeze, true);
        assertEquals(List.of(8, 0), words(t, control, 2), "frozen until the host says otherwise");
        assertEquals(2, words(t, control, 4).get(3));
        assertEquals(List.of(1, 1), words(t, noise, 4).subList(2, 4), "as the clock is");
        Twin p = t.normals(5);
        t.launch("sgd_f32", p, t.normals(5), null, t.of(0.1f), control, 5, 0.9f, 0, 0);
        t.assertSame("parameters of a frozen run", p);
    }

    private static void withdraw(Twins t, int rows, int cols, boolean left) {
        int n = rows * cols;
        Twin state = t.normals(n);
        Twin before = t.normals(n);
        if (left) {
            state.host().copyFrom(before.host());
        }
        t.launch("withdraw_f32", state, before, t.of(0, left ? 0 : 1, 0, 0, 0, 0, 0, 0), n);
        t.assertSame("state", state);
    }

    private static int bits(float x) {
        return Float.floatToRawIntBits(x);
    }

    private static List<Integer> words(Twins t, Twin twin, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> t.device(twin).getAtIndex(JAVA_INT, i))
                .toList();
    }

    private static void assertWords(Twins t, Twin twin, Integer... expected) {
        assertEquals(List.of(expected), words(t, twin, expected.length));
    }

    private static void sgd(Twins t, int rows, int cols, boolean nesterov) {
        int n = rows * cols;
        Twin p = t.normals(n);
        Twin g = t.normals(n);
        Twin u = t.normals(n);
        Twin control = control(t, 0.5f, 1, 1);
        float decay = nesterov ? 0.01f : 0.0f;
        CPU.sgd(p.host(), g.host(), u.host(), 0, n, 0.5f, 0.1f, 0.9f, nesterov, decay);
        t.launch("sgd_f32", p, g, u, t.of(0.1f), control, n, 0.9f, nesterov, decay);
        t.assertSame("velocity", u);
        t.assertSame("parameters", p);
    }

    private static void rmsprop(Twins t, int rows, int cols, boolean momentum) {
        int n = rows * cols;
        Twin p = t.normals(n);
        Twin g = t.normals(n);
        Twin v = t.of(new float[n]);
        Twin u = momentum ? t.of(new float[n]) : null;
        MemorySegment velocity = momentum ? u.host() : null;
        float decay = momentum ? 0.01f : 0.0f;
        CPU.rmsProp(p.host(), g.host(), v.host(), velocity, 0, n, 0.5f, 0.1f, 0.9f, 1e-4f, 0.5f, decay);
        t.launch("rmsprop_f32", p, g, v, u, t.of(0.1f), control(t, 0.5f, 1, 1), n, 0.9f, 1e-4f, 0.5f, decay);
        if (momentum) {
            t.assertSame("velocity", u);
        }
        t.assertSame("second moment", v);
        t.assertSame("parameters", p);
    }

    private static void adam(Twins t, int rows, int cols, boolean decoupled) {
        int n = rows * cols;
        for (String root : List.of("OUTSIDE", "UNCORRECTED", "INSIDE")) {
            Twin p = t.normals(n);
            Twin g = t.normals(n);
            Twin m = t.normals(n);
            Twin v = t.of(new float[n]);
            boolean corrected = !root.equals("UNCORRECTED");
            CPU.adam(
                    p.host(),
                    g.host(),
                    m.host(),
                    v.host(),
                    0,
                    n,
                    0.5f,
                    0.1f,
                    0.9f,
                    0.999f,
                    corrected ? 10 : 10 / (float) Math.sqrt(1000),
                    corrected ? 1000 : 1,
                    1e-8f,
                    root.equals("INSIDE"),
                    0.01f,
                    decoupled);
            t.launch(
                    "adam_f32",
                    p,
                    g,
                    m,
                    v,
                    t.of(0.1f),
                    control(t, 0.5f, 10, 1000),
                    n,
                    0.9f,
                    0.999f,
                    1e-8f,
                    Kernels.family("optimize").constant(root),
                    0.01f,
                    decoupled);
            t.assertSame("first moment, " + root, m);
            t.assertSame("second moment, " + root, v);
            t.assertSame("parameters, " + root, p);
        }
    }

    private static void shuffled(Twins t, int rows, int count, boolean shuffle) {
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena arena = Arena.ofShared()) {
            Memory memory = Memory.of(cpu, "batches", arena);
            for (long batch : new long[] {0, 1, count, (1L << 33) + 5}) {
                Draw draw = Draw.of(new Noise(SEED, batch, OPERATION), memory);
                int[] expected = cpu.ints(ShuffledRows.of(rows, count, shuffle, draw, memory));
                Twin index = t.floats(rows);
                t.launch(
                        "shuffled_rows_i32",
                        index,
                        t.of((int) batch, (int) (batch >>> 32)),
                        t.noise(SEED, batch),
                        OPERATION,
                        rows,
                        count,
                        shuffle);
                MemorySegment.copy(expected, 0, index.host(), JAVA_INT, 0, rows);
                t.assertSame("rows of batch " + batch, index);
            }
        }
    }

    private static void batch(Twins t, int rows, int cols, boolean binarise) {
        int count = 13;
        byte[] bytes = new byte[count * cols];
        float[] numbers = new float[count * cols];
        for (int e = 0; e < count * cols; e++) {
            bytes[e] = (byte) (37 * e);
            numbers[e] = 0.001f * e - 0.1f;
        }
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1).math(CPU));
                Arena arena = Arena.ofShared()) {
            Memory memory = Memory.of(cpu, "batches", arena);
            Tensor data = memory.empty(Shape.of(count, cols), DType.U8);
            cpu.write(MemorySegment.ofArray(bytes), data);
            for (long step : new long[] {0, 3, (1L << 33) + 5}) {
                Draw order = Draw.of(new Noise(SEED, step, OPERATION), memory);
                Draw coins = Draw.of(new Noise(SEED + 1, step, OPERATION + 1), memory);
                for (Tensor from : List.of(data, memory.floats(Shape.of(count, cols), numbers))) {
                    float[] expected = cpu.floats(
                            binarise
                                    ? ShuffledBatch.bits(from, rows, true, order, coins, memory)
                                    : ShuffledBatch.of(from, rows, false, order, memory));
                    Twin y = t.floats(rows * cols);
                    boolean ofBytes = from.dtype() == DType.U8;
                    t.launch(
                            ofBytes ? "shuffled_batch_u8" : "shuffled_batch_f32",
                            ofBytes ? t.of(bytes) : t.of(numbers),
                            y,
                            t.noise(SEED, step),
                            OPERATION,
                            binarise ? t.noise(SEED + 1, step) : null,
                            OPERATION + 1,
                            rows,
                            cols,
                            count,
                            binarise);
                    MemorySegment.copy(expected, 0, y.host(), JAVA_FLOAT, 0, rows * cols);
                    t.assertSame("batch " + step + " of " + from, y);
                }
            }
        }
    }

    private static void gather(Twins t, int rows, int cols, boolean first) {
        int count = 13;
        int[] index = new int[rows];
        for (int i = 0; i < rows; i++) {
            index[i] = i == 1 ? -1 : i == 2 ? count : i * 5 % count;
        }
        byte[] bytes = new byte[count * cols];
        int[] labels = new int[count * cols];
        for (int e = 0; e < count * cols; e++) {
            bytes[e] = (byte) (37 * e);
            labels[e] = e;
        }
        Twin places = t.of(index);
        Twin data = t.normals(count * cols);
        Twin floats = t.floats(rows * cols);
        Twin fromBytes = t.floats(rows * cols);
        Twin fromLabels = t.floats(rows * cols);
        for (int e = 0; e < rows * cols; e++) {
            int row = index[e / cols];
            boolean known = row >= 0 && row < count;
            int at = row * cols + e % cols;
            floats.host().setAtIndex(JAVA_FLOAT, e, known ? data.at(at) : Float.NaN);
            fromBytes.host().setAtIndex(JAVA_FLOAT, e, known ? Byte.toUnsignedInt(bytes[at]) / 255f : Float.NaN);
            fromLabels.host().setAtIndex(JAVA_INT, e, known ? labels[at] : -1);
        }
        t.launch("gather_rows_f32", data, places, floats, rows, cols, count);
        t.assertSame("batch", floats);
        t.launch("gather_rows_u8", t.of(bytes), places, fromBytes, rows, cols, count);
        t.assertSame("batch of bytes", fromBytes);
        t.launch("gather_rows_i32", t.of(labels), places, fromLabels, rows, cols, count);
        t.assertSame("batch of labels", fromLabels);
        Twin dy = t.normals(rows * cols);
        Twin table = gradient(t, count * cols, first);
        for (int e = 0; first && e < count * cols; e++) {
            table.host().setAtIndex(JAVA_FLOAT, e, 0.0f);
        }
        for (int e = 0; e < rows * cols; e++) {
            int row = index[e / cols];
            if (row >= 0 && row < count) {
                int at = row * cols + e % cols;
                table.host().setAtIndex(JAVA_FLOAT, at, table.at(at) + dy.at(e));
            }
        }
        t.launch("gather_rows_pullback_f32", places, dy, table, rows, cols, count, first);
        t.assertSame("gradient of the table", table);
    }

    private static void features(Twins t, int rows, int cols, boolean first) {
        int count = 7;
        int each = 3;
        SplittableRandom random = new SplittableRandom(SEED);
        // From −1 to `count`: some rows are not in the table.
        int[] index = random.ints((long) rows * each, -1, count + 1).toArray();
        Twin places = t.of(index);
        Twin x = t.normals(count * cols);
        Twin y = t.floats(rows * cols);
        Twin dy = t.normals(rows * cols);
        Twin dx = gradient(t, count * cols, first);
        for (int e = 0; first && e < count * cols; e++) {
            dx.host().setAtIndex(JAVA_FLOAT, e, 0.0f);
        }
        for (int e = 0; e < rows * cols; e++) {
            float sum = 0;
            for (int k = 0; k < each; k++) {
                int row = index[e / cols * each + k];
                int at = row * cols + e % cols;
                if (row >= 0 && row < count) {
                    sum += x.at(at);
                    dx.host().setAtIndex(JAVA_FLOAT, at, dx.at(at) + dy.at(e));
                }
            }
            y.host().setAtIndex(JAVA_FLOAT, e, sum);
        }
        t.launch("sum_of_rows_f32", x, places, y, rows, each, cols, count);
        t.assertSame("sums", y);
        t.launch("sum_of_rows_pullback_f32", places, dy, dx, rows, each, cols, count, first);
        t.assertSame("gradient of the table", dx);
    }

    private static void columns(Twins t, int rows, int cols, boolean first) {
        int steps = 3;
        int each = 4;
        SplittableRandom random = new SplittableRandom(SEED);
        // From −1 to `cols`: some columns are not there; some are asked for twice.
        int[] index = random.ints((long) rows * each, -1, cols + 1).toArray();
        Twin places = t.of(index);
        Twin x = t.normals(rows * steps * cols);
        Twin y = t.floats(rows * steps * each);
        Twin dy = t.normals(rows * steps * each);
        Twin dx = gradient(t, rows * steps * cols, first);
        for (int e = 0; first && e < rows * steps * cols; e++) {
            dx.host().setAtIndex(JAVA_FLOAT, e, 0.0f);
        }
        for (int e = 0; e < rows * steps * each; e++) {
            int col = index[e / each / steps * each + e % each];
            boolean known = col >= 0 && col < cols;
            int at = e / each * cols + col;
            y.host().setAtIndex(JAVA_FLOAT, e, known ? x.at(at) : Float.NEGATIVE_INFINITY);
            if (known) {
                dx.host().setAtIndex(JAVA_FLOAT, at, dx.at(at) + dy.at(e));
            }
        }
        t.launch("gather_columns_f32", x, places, y, rows * steps, steps, cols, each);
        t.assertSame("columns", y);
        t.launch("gather_columns_pullback_f32", places, dy, dx, rows * steps, steps, cols, each, first);
        t.assertSame("gradient of all columns", dx);
    }

    private static void advance(Twins t, int rows, int cols, boolean first) {
        Twin noise = t.noise(SEED, (5L << 32) - 2);
        t.launch("advance_u32", noise, null, 1);
        assertEquals(List.of(-1, 4), words(t, noise, 4).subList(2, 4));
        t.launch("advance_u32", noise, t.of(0), 3);
        assertEquals(List.of(2, 5), words(t, noise, 4).subList(2, 4));
        t.launch("advance_u32", noise, t.of(1), 1);
        assertEquals(List.of(2, 5), words(t, noise, 4).subList(2, 4), "frozen");
    }

    private static void schedule(Twins t, int rows, int cols, boolean first) {
        Twin table = t.of(1.0f, 0.5f, 0.25f);
        for (int step : new int[] {0, 3, 4, 11, 12, 1000}) {
            Twin y = t.floats(1);
            y.host().setAtIndex(JAVA_FLOAT, 0, table.at(Math.min(step / 4, 2)));
            t.launch("schedule_f32", t.of(step, 0), table, y, 3, 4);
            t.assertSame("step " + step, y);
        }
    }
}
