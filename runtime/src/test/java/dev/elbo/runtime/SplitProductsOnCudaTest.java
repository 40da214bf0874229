package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.MatrixProduct;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import dev.elbo.simulator.Counters;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Products in bf16 and in sums of three bf16 terms, on the GPU of this run, against sums in f64.
@Tag("device")
class SplitProductsOnCudaTest {
    private static CudaDevice gpu;

    @BeforeAll
    static void open() {
        gpu = Gpu.open(CudaOptions.best().training(MatrixPrecision.BF16X3));
        assumeTrue(gpu.computeCapability() >= 80, "no units for bf16");
    }

    @AfterAll
    static void close() {
        gpu.close();
        Gpu.expectNothingLeft();
    }

    /// A product op(a) · op(b), a (n, k) and b (k, m).
    private record Case(int n, int k, int m, boolean transposeA, boolean transposeB) {
        Shape shapeOfA() {
            return transposeA ? Shape.of(k, n) : Shape.of(n, k);
        }

        Shape shapeOfB() {
            return transposeB ? Shape.of(m, k) : Shape.of(k, m);
        }

        double sum(float[] a, float[] b, int i, int j, boolean absolute) {
            double sum = 0;
            for (int l = 0; l < k; l++) {
                double left = a[transposeA ? l * n + i : i * k + l];
                double right = b[transposeB ? j * k + l : l * m + j];
                sum += absolute ? Math.abs(left * right) : left * right;
            }
            return sum;
        }
    }

    /// One tile and a part of one, along each extent; and the sums of an RBM.
    static Stream<Case> cases() {
        List<int[]> extents = List.of(
                new int[] {16, 1, 16},
                new int[] {17, 31, 33},
                new int[] {64, 32, 64},
                new int[] {65, 33, 63},
                new int[] {16, 784, 129});
        return extents.stream()
                .flatMap(e -> Stream.of(0, 1, 2, 3).map(t -> new Case(e[0], e[1], e[2], (t & 1) != 0, (t & 2) != 0)));
    }

    /// The bound of a chain of f32 additions, with a few ulps for products of small terms.
    @ParameterizedTest
    @MethodSource("cases")
    void errorsAreThoseOfF32(Case size) {
        assertErrors(size, normals(1, size.n * size.k), normals(2, size.k * size.m), (size.k + 8) * 0x1p-24);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bitsOnEitherSideAreNoWorse(Case size) {
        assertErrors(size, bits(1, size.n * size.k), normals(2, size.k * size.m), (size.k + 1) * 0x1p-24);
        assertErrors(size, normals(1, size.n * size.k), bits(2, size.k * size.m), (size.k + 1) * 0x1p-24);
    }

    private static void assertErrors(Case size, float[] a, float[] b, double bound) {
        MatrixProduct op = new MatrixProduct(size.transposeA, size.transposeB);
        float[] y = split(
                memory -> op.forward(memory.floats(size.shapeOfA(), a), memory.floats(size.shapeOfB(), b), memory));
        for (int i = 0; i < size.n; i++) {
            for (int j = 0; j < size.m; j++) {
                double error = Math.abs(y[i * size.m + j] - size.sum(a, b, i, j, false));
                double most = bound * size.sum(a, b, i, j, true);
                assertTrue(error <= most, size + " at " + i + ", " + j + ": error " + error + ", most " + most);
            }
        }
    }

    /// A bit that is 1 takes a row of the weights, whatever their size, to the last bit.
    @Test
    void bitsTakeRowsOfWeightsWhole() {
        int k = 40;
        int m = 24;
        float[] w = normals(3, k * m);
        float[] extreme = {
            Float.MAX_VALUE, -Float.MAX_VALUE, 0x1.fffffep100f, 0x1.abcdeep-100f, 0x1.000002p-100f, -0f, 1
        };
        System.arraycopy(extreme, 0, w, 0, extreme.length);
        float[] a = new float[k * k];
        float[] expected = w.clone();
        for (int i = 0; i < k; i++) {
            a[i * k + i] = 1;
        }
        expected[5] = 0; // −0 plus zeros
        assertArrayEquals(
                expected,
                split(memory ->
                        Ops.plain(memory).product(memory.floats(Shape.of(k, k), a), memory.floats(Shape.of(k, m), w))));
    }

    @Test
    void whatIsNoNumberStaysInItsRow() {
        int n = 20;
        for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.intBitsToFloat(0x7f800001)}) {
            float[] a = normals(4, n * n);
            a[5 * n + 3] = odd;
            float[] y = split(memory -> Ops.plain(memory)
                    .product(memory.floats(Shape.of(n, n), a), memory.floats(Shape.of(n, n), normals(5, n * n))));
            for (int e = 0; e < n * n; e++) {
                assertEquals(e / n != 5, Float.isFinite(y[e]), "element " + e + ", " + odd);
            }
        }
    }

    /// Bias and activation in the launch of the product; the second gradient of each adds to the first.
    @Test
    void aLayerAndItsGradientsAreThoseOfTheCpu() {
        List<float[]> expected;
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1).fixedOrder())) {
            expected = layer(cpu);
        }
        List<float[]> actual = gpu.in(MatrixPrecision.BF16X3, () -> layer(gpu));
        for (int part = 0; part < expected.size(); part++) {
            for (int e = 0; e < expected.get(part).length; e++) {
                float wanted = expected.get(part)[e];
                assertEquals(
                        wanted, actual.get(part)[e], 1e-5 * Math.max(1, Math.abs(wanted)), "part " + part + ", " + e);
            }
        }
    }

    private static List<float[]> layer(Device device) {
        int n = 19;
        int k = 50;
        int m = 33;
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "test", owner);
            Tensor x = memory.floats(Shape.of(n, k), bits(6, n * k));
            Tensor w = memory.floats(Shape.of(k, m), normals(7, k * m, 0));
            Tensor b = memory.floats(Shape.of(m), normals(8, m, 0));
            Tensor dx = memory.empty(x.shape());
            Tensor dw = memory.empty(w.shape());
            Tape tape = new Tape(memory);
            tape.watch(x, dx);
            tape.watch(w, dw);
            Ops f = Ops.taped(memory, tape);
            Tensor y = f.plus(f.linear(x, w, b, Activation.TANH), f.product(x, w));
            tape.pullback(f.mean(f.square(y)), 1);
            return List.of(device.floats(y), device.floats(dx), device.floats(dw));
        }
    }

    /// The chances differ by what sums of another order do, so hardly a draw does.
    @Test
    void drawsAreThoseOfTheCpu() {
        int n = 33;
        int k = 70;
        int m = 40;
        Function<Memory, Tensor> half = memory -> {
            Draw draw = Draw.of(Noise.of(9, 4, Purpose.CHAIN, 0), memory);
            return Ops.plain(memory)
                    .bernoulliLinear(
                            memory.floats(Shape.of(n, k), bits(10, n * k)),
                            memory.floats(Shape.of(k, m), normals(11, k * m, 0)),
                            memory.floats(Shape.of(m), normals(12, m, 0)),
                            draw);
        };
        float[] expected;
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1).fixedOrder());
                Arena owner = Arena.ofShared()) {
            expected = cpu.floats(half.apply(Memory.of(cpu, "test", owner)));
        }
        float[] actual = split(half);
        int others = 0;
        for (int e = 0; e < expected.length; e++) {
            others += expected[e] == actual[e] ? 0 : 1;
        }
        assertTrue(others <= expected.length / 1000, others + " of " + expected.length + " draws differ");
    }

    @Test
    @Tag("simulated")
    void oneLaunchMultipliesAndNarrowProductsAreTheLibrarys() {
        Counters counters = SimulatedGpu.installed().counters();
        counters.reset();
        split(memory -> Ops.plain(memory).product(ones(memory, 16, 9), ones(memory, 9, 16)));
        assertEquals(1, counters.executions("matmul_split_f32"));
        assertEquals(0, counters.calls("cublasSgemm_v2"));
        counters.reset();
        split(memory -> Ops.plain(memory).product(ones(memory, 16, 9), ones(memory, 9, 15)));
        assertEquals(0, counters.executions("matmul_split_f32"));
        assertEquals(1, counters.calls("cublasSgemm_v2"));
    }

    private static Tensor ones(Memory memory, int rows, int cols) {
        return Ops.plain(memory).constant(Shape.of(rows, cols), 1);
    }

    /// 2⁻⁸ for each factor, and the sum's own; a library may multiply in more than it was allowed to.
    @ParameterizedTest
    @MethodSource("cases")
    void inBf16ErrorsAreThoseOfEightBits(Case size) {
        float[] a = normals(1, size.n * size.k);
        float[] b = normals(2, size.k * size.m);
        MatrixProduct op = new MatrixProduct(size.transposeA, size.transposeB);
        float[] y = floats(
                MatrixPrecision.BF16,
                memory -> op.forward(memory.floats(size.shapeOfA(), a), memory.floats(size.shapeOfB(), b), memory));
        double most = 0;
        for (int i = 0; i < size.n; i++) {
            for (int j = 0; j < size.m; j++) {
                double error = Math.abs(y[i * size.m + j] - size.sum(a, b, i, j, false));
                most = Math.max(most, error / size.sum(a, b, i, j, true));
            }
        }
        assertTrue(most <= 0x1p-7 + 0x1p-16 + size.k * 0x1p-24, size + ": " + most);
        assertTrue(!Gpu.SIMULATED || most > 0x1p-13, size + ": not rounded, " + most);
    }

    private static float[] split(Function<Memory, Tensor> body) {
        return floats(MatrixPrecision.BF16X3, body);
    }

    private static float[] floats(MatrixPrecision precision, Function<Memory, Tensor> body) {
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(gpu, "test", owner);
            return gpu.floats(gpu.in(precision, () -> body.apply(memory)));
        }
    }

    private static float[] normals(long seed, int count) {
        return normals(seed, count, 0.01);
    }

    /// @param wild share of numbers that are ten thousand times as large
    private static float[] normals(long seed, int count, double wild) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] x = new float[count];
        for (int e = 0; e < count; e++) {
            x[e] = (float) random.nextGaussian() * (random.nextDouble() < wild ? 1e4f : 1);
        }
        return x;
    }

    private static float[] bits(long seed, int count) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] x = new float[count];
        for (int e = 0; e < count; e++) {
            x[e] = random.nextInt(2);
        }
        return x;
    }
}
