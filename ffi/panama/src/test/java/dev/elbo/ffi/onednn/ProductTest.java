package dev.elbo.ffi.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ProductTest extends OneDnnTests {
    private record Result(double[] value, double[] magnitude) {}

    /// c = op(a) · op(b) + bias + c0 in f64, by the definition.
    private static Result oracle(Product.Spec s, float[] a, float[] b, float[] bias, float[] c0) {
        int rows = (int) s.rows();
        int inner = (int) s.inner();
        int cols = (int) s.cols();
        double[] value = new double[rows * cols];
        double[] magnitude = new double[rows * cols];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                int at = i * cols + j;
                double first = s.bias() ? bias[j] : 0;
                double second = s.accumulate() ? c0[at] : 0;
                double sum = first + second;
                double absolute = Math.abs(first) + Math.abs(second);
                for (int k = 0; k < inner; k++) {
                    double term = (double) a[s.transposeA() ? k * rows + i : i * inner + k]
                            * b[s.transposeB() ? j * inner + k : k * cols + j];
                    sum += term;
                    absolute += Math.abs(term);
                }
                value[at] = sum;
                magnitude[at] = absolute;
            }
        }
        return new Result(value, magnitude);
    }

    private float[] compute(Product.Spec s, float[] a, float[] b, float[] bias, float[] c0, int threads) {
        Product product = Product.of(s, arena);
        MemorySegment c = s.accumulate() ? upload(c0) : buffer(s.rows() * s.cols());
        List<Stage> stages = product.stages(
                upload(a),
                upload(b),
                s.bias() ? upload(bias) : MemorySegment.NULL,
                c,
                workspace(product.workspaceBytes()));
        run(stages, threads);
        return download(c);
    }

    private static Stream<Product.Spec> transposes(Product.Spec s) {
        return Stream.of(s, s.transposingA(), s.transposingB(), s.transposingA().transposingB());
    }

    static Stream<Product.Spec> specs() {
        int[][] sizes = {
            {1, 1, 1},
            {1, 31, 33},
            {1, 129, 1},
            {31, 1, 33},
            {33, 127, 31},
            {127, 33, 1},
            {2, 3, 5},
            {128, 64, 256},
            {129, 127, 257},
            {65, 1000, 129},
            {100, 784, 200},
            {3, 4097, 33}
        };
        return Arrays.stream(sizes)
                .map(size -> Product.Spec.of(size[0], size[1], size[2]))
                .flatMap(ProductTest::transposes)
                .flatMap(s -> Stream.of(s, s.withBias().accumulating()));
    }

    @ParameterizedTest
    @MethodSource("specs")
    void matchesTheDefinition(Product.Spec s) {
        float[] a = values(1, s.rows() * s.inner());
        float[] b = values(2, s.inner() * s.cols());
        float[] bias = values(3, s.cols());
        float[] c0 = values(4, s.rows() * s.cols());
        Result expected = oracle(s, a, b, bias, c0);
        float[] actual = compute(s, a, b, bias, c0, 2);
        for (int i = 0; i < actual.length; i++) {
            assertSum(expected.value[i], actual[i], expected.magnitude[i], s.inner(), s + " element " + i);
        }
    }

    static Stream<Arguments> activations() {
        return Stream.of(
                Arguments.of(Activation.RELU, (DoubleUnaryOperator) x -> Math.max(0, x)),
                Arguments.of(Activation.leakyRelu(0.2f), (DoubleUnaryOperator) x -> x > 0 ? x : 0.2f * x),
                Arguments.of(Activation.elu(0.5f), (DoubleUnaryOperator) x -> x > 0 ? x : 0.5 * Math.expm1(x)),
                Arguments.of(Activation.TANH, (DoubleUnaryOperator) Math::tanh),
                Arguments.of(Activation.SIGMOID, (DoubleUnaryOperator) x -> 1 / (1 + Math.exp(-x))));
    }

    /// The product with a (n, 1) of ones and zeros hands any value to the activation untouched.
    @ParameterizedTest
    @MethodSource("activations")
    void activationIsTheFunctionItsDocumentationNames(Activation activation, DoubleUnaryOperator f) {
        int cols = 40_001;
        float[] x = new float[cols];
        for (int j = 0; j < cols; j++) {
            x[j] = (j - cols / 2) * 0.005f;
        }
        Product.Spec s = Product.Spec.of(2, 1, cols).withBias().then(activation);
        float[] y = compute(s, new float[] {0, 0}, new float[cols], x, null, 1);
        for (int j = 0; j < cols; j++) {
            double expected = f.applyAsDouble(x[j]);
            assertEquals(expected, y[j], 2e-6 * Math.max(1, Math.abs(expected)), activation + " at " + x[j]);
        }
    }

    static Stream<Product.Spec> manyBlocks() {
        return Stream.of(
                        Product.Spec.of(300, 257, 200).withBias().then(Activation.TANH),
                        Product.Spec.of(129, 784, 513),
                        Product.Spec.of(13, 70_001, 31),
                        Product.Spec.of(13, 70_001, 31).accumulating())
                .flatMap(ProductTest::transposes);
    }

    @ParameterizedTest
    @MethodSource("manyBlocks")
    void bitsDoNotDependOnTheNumberOfThreads(Product.Spec s) {
        float[] a = values(1, s.rows() * s.inner());
        float[] b = values(2, s.inner() * s.cols());
        float[] bias = values(3, s.cols());
        float[] c0 = values(4, s.rows() * s.cols());
        float[] one = compute(s, a, b, bias, c0, 1);
        assertSameBits(one, compute(s, a, b, bias, c0, 2), "2 threads, " + s);
        assertSameBits(one, compute(s, a, b, bias, c0, 4), "4 threads, " + s);
    }

    @Test
    void longSumsOfATransposedFactorAreCutAndRight() {
        Product.Spec s = Product.Spec.of(13, 70_001, 31).transposingA().accumulating();
        Product product = Product.of(s, arena);
        assertTrue(product.workspaceBytes() >= 2 * 13 * 31 * Float.BYTES, "cut: " + product.workspaceBytes());
        float[] a = values(1, s.rows() * s.inner());
        float[] b = values(2, s.inner() * s.cols());
        float[] c0 = values(4, s.rows() * s.cols());
        Result expected = oracle(s, a, b, null, c0);
        float[] actual = compute(s, a, b, null, c0, 2);
        for (int i = 0; i < actual.length; i++) {
            assertSum(expected.value[i], actual[i], expected.magnitude[i], s.inner(), "element " + i);
        }
    }

    static Stream<Arguments> layers() {
        int[][] sizes = {{1, 1}, {1, 50}, {784, 200}, {200, 784}, {33, 127}, {1000, 1}, {4097, 129}, {17, 1000}, {5, 7}
        };
        return Arrays.stream(sizes)
                .flatMap(
                        size -> Stream.of(Arguments.of(size[0], size[1], false), Arguments.of(size[0], size[1], true)));
    }

    /// A row is the same alone, among few and among many.
    @ParameterizedTest(name = "inner={0}, cols={1}, transposeB={2}")
    @MethodSource("layers")
    void aRowsBitsDoNotDependOnTheBatch(int inner, int cols, boolean transposeB) {
        int most = 300;
        float[] a = values(1, (long) most * inner);
        float[] b = values(2, (long) inner * cols);
        float[] bias = values(3, cols);
        float[] all = compute(layer(most, inner, cols, transposeB), a, b, bias, null, 1);
        for (int rows : new int[] {1, 2, 3, 7, 16, 31, 32, 33, 48, 64, 65, 100, 127, 128, 129, 255, 257}) {
            float[] some =
                    compute(layer(rows, inner, cols, transposeB), Arrays.copyOf(a, rows * inner), b, bias, null, 1);
            assertSameBits(Arrays.copyOf(all, rows * cols), some, "batch of " + rows);
        }
    }

    private static Product.Spec layer(int rows, int inner, int cols, boolean transposeB) {
        Product.Spec s = Product.Spec.of(rows, inner, cols).withBias().then(Activation.SIGMOID);
        return transposeB ? s.transposingB() : s;
    }

    @Test
    void bf16IsNearAndF32IsNotBf16() {
        Product.Spec s = Product.Spec.of(64, 256, 64);
        float[] a = values(1, s.rows() * s.inner());
        float[] b = values(2, s.inner() * s.cols());
        Result expected = oracle(s, a, b, null, null);
        float[] near = compute(s.in(Arithmetic.BF16), a, b, null, null, 1);
        for (int i = 0; i < near.length; i++) {
            assertEquals(expected.value[i], near[i], 0x1p-7 * expected.magnitude[i], "element " + i);
        }
    }

    /// Identity · b = b, to the bit: products with 0 and 1 are exact.
    @Test
    void identityLeavesAMatrixAlone() {
        int size = 129;
        float[] identity = new float[size * size];
        for (int i = 0; i < size; i++) {
            identity[i * size + i] = 1;
        }
        float[] b = values(5, (long) size * size);
        transposes(Product.Spec.of(size, size, size))
                .filter(s -> !s.transposeB())
                .forEach(s -> assertSameBits(b, compute(s, identity, b, null, null, 2), s.toString()));
    }

    @Test
    void useAfterCloseIsAnExceptionNotACrash() {
        Arena data = Arena.ofShared();
        Arena code = Arena.ofShared();
        Product product = Product.of(Product.Spec.of(4, 5, 6), code);
        MemorySegment a = data.allocate(4 * 5 * 4, 64);
        MemorySegment b = arena.allocate(5 * 6 * 4, 64);
        MemorySegment c = arena.allocate(4 * 6 * 4, 64);
        List<Stage> stages = product.stages(a, b, MemorySegment.NULL, c, MemorySegment.NULL);
        runHere(stages);
        data.close();
        assertThrows(IllegalStateException.class, () -> runHere(stages), "a was freed");
        List<Stage> others =
                product.stages(arena.allocate(4 * 5 * 4, 64), b, MemorySegment.NULL, c, MemorySegment.NULL);
        runHere(others);
        code.close();
        assertThrows(IllegalStateException.class, () -> runHere(others), "the product was freed");
    }

    @Test
    void whatWouldBeReadOutOfBoundsIsRefused() {
        Product product = Product.of(Product.Spec.of(4, 5, 6).withBias(), arena);
        MemorySegment a = buffer(20);
        MemorySegment b = buffer(30);
        MemorySegment bias = buffer(6);
        MemorySegment c = buffer(24);
        MemorySegment none = MemorySegment.NULL;
        refused("a: needs", () -> product.stages(a.asSlice(4), b, bias, c, none));
        refused("b: needs", () -> product.stages(a, b.asSlice(4), bias, c, none));
        refused("bias: needs", () -> product.stages(a, b, none, c, none));
        refused("c: needs", () -> product.stages(a, b, bias, MemorySegment.ofArray(new float[24]), none));
        refused("product: nothing to compute; a=(0, 5), b=(5, 6)", () -> Product.Spec.of(0, 5, 6));
    }

    /// What the exception of a product that oneDNN refuses says of it.
    @Test
    void aSpecificationReadsLikeArguments() {
        assertEquals(
                "a=(2, 3), b=(3, 4), transposeA=false, transposeB=true, bias=true, activation=" + Activation.TANH
                        + ", accumulate=false, arithmetic=F32",
                Product.Spec.of(2, 3, 4)
                        .transposingB()
                        .withBias()
                        .then(Activation.TANH)
                        .toString());
    }

    private static void refused(String message, org.junit.jupiter.api.function.Executable call) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call);
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
    }
}
