package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// `mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32`, register by register, against the product of two matrices.
class MatrixOperationsTest {
    private static final int M = 16;
    private static final int N = 8;
    private static final int K = 8;

    /// The lanes for which it is asked: `%p1` is true in those below the argument.
    private static final String BEGIN = """
            ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; ld.param.u64 %d3, [c]; ld.param.u64 %d4, [d];
            ld.param.u32 %r30, [lanes];
            mov.u32 %r1, %laneid; mul.wide.u32 %d5, %r1, 16; mul.wide.u32 %d6, %r1, 8;
            add.s64 %d7, %d1, %d5; add.s64 %d8, %d2, %d6; add.s64 %d9, %d3, %d5; add.s64 %d10, %d4, %d5;
            ld.global.v4.b32 {%r2, %r3, %r4, %r5}, [%d7]; ld.global.v2.b32 {%r6, %r7}, [%d8];
            ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%d9];
            setp.lt.u32 %p1, %r1, %r30;
            """;

    private static final String PRODUCT = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%f5, %f6, %f7, %f8}, "
            + "{%r2, %r3, %r4, %r5}, {%r6, %r7}, {%f1, %f2, %f3, %f4};\n";

    private static final String END = "st.global.v4.f32 [%d10], {%f5, %f6, %f7, %f8}; ret;";

    private final Random random = new Random(1);

    private static TestGpu kernel(String product) {
        return TestGpu.kernel(
                ".param .u64 a, .param .u64 b, .param .u64 c, .param .u64 d, .param .u32 lanes", BEGIN + product + END);
    }

    /// Row and column of a lane's register, as PTX has them.
    private static int[] ofA(int lane, int i) {
        return new int[] {lane / 4 + i % 2 * 8, lane % 4 + i / 2 * 4};
    }

    private static int[] ofB(int lane, int i) {
        return new int[] {lane % 4 + 4 * i, lane / 4};
    }

    private static int[] ofC(int lane, int i) {
        return new int[] {lane / 4 + i / 2 * 8, lane % 4 * 2 + i % 2};
    }

    private interface Place {
        int[] of(int lane, int i);
    }

    private static float[] fragments(float[] matrix, int cols, int each, Place place) {
        float[] registers = new float[32 * each];
        for (int e = 0; e < registers.length; e++) {
            int[] at = place.of(e / each, e % each);
            registers[e] = matrix[at[0] * cols + at[1]];
        }
        return registers;
    }

    private float[] numbers(int size) {
        float[] x = new float[size];
        for (int e = 0; e < size; e++) {
            x[e] = (float) random.nextGaussian();
        }
        return x;
    }

    /// D, of matrices.
    private static float[] run(TestGpu gpu, int lanes, float[] a, float[] b, float[] c) {
        Allocation d = gpu.empty("d", 4L * M * N);
        gpu.run(
                "k",
                Dim3.of(1),
                Dim3.of(32),
                gpu.floats("a", fragments(a, K, 4, MatrixOperationsTest::ofA)),
                gpu.floats("b", fragments(b, N, 2, MatrixOperationsTest::ofB)),
                gpu.floats("c", fragments(c, N, 4, MatrixOperationsTest::ofC)),
                d,
                lanes);
        float[] registers = gpu.floats(d);
        float[] matrix = new float[M * N];
        for (int e = 0; e < registers.length; e++) {
            int[] at = ofC(e / 4, e % 4);
            matrix[at[0] * N + at[1]] = registers[e];
        }
        return matrix;
    }

    /// The upper 19 bits.
    private static float tf32(float x) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(x) & 0xffff_e000);
    }

    private static double exact(float[] a, float[] b, float[] c, int i, int j) {
        double sum = c[i * N + j];
        for (int k = 0; k < K; k++) {
            sum += (double) tf32(a[i * K + k]) * tf32(b[k * N + j]);
        }
        return sum;
    }

    /// The sum of the terms' magnitudes, which an error is held against.
    private static double size(float[] a, float[] b, float[] c, int i, int j) {
        double sum = Math.abs(c[i * N + j]);
        for (int k = 0; k < K; k++) {
            sum += Math.abs((double) tf32(a[i * K + k]) * tf32(b[k * N + j]));
        }
        return sum;
    }

    @Test
    void everyRegisterOfEveryLaneHasItsPlace() {
        TestGpu gpu = kernel(PRODUCT);
        float[] a = numbers(M * K);
        float[] b = numbers(K * N);
        float[] c = numbers(M * N);
        float[] d = run(gpu, 32, a, b, c);
        for (int e = 0; e < d.length; e++) {
            assertEquals((float) exact(a, b, c, e / N, e % N), d[e], "row " + e / N + ", column " + e % N);
        }
    }

    /// A product with one number that is not 0 on either side says which registers meet.
    @Test
    void onlyRowsAndColumnsThatMeetAreMultiplied() {
        TestGpu gpu = kernel(PRODUCT);
        for (int trial = 0; trial < 40; trial++) {
            float[] a = new float[M * K];
            float[] b = new float[K * N];
            int i = random.nextInt(M);
            int k = random.nextInt(K);
            int j = random.nextInt(N);
            a[i * K + k] = 3;
            b[k * N + j] = 5;
            float[] expected = new float[M * N];
            expected[i * N + j] = 15;
            assertEquals(Arrays.toString(expected), Arrays.toString(run(gpu, 32, a, b, new float[M * N])));
        }
    }

    @Test
    void lowerBitsOfOperandsAreNotLookedAt() {
        TestGpu gpu = kernel(PRODUCT);
        float[] a = numbers(M * K);
        float[] b = numbers(K * N);
        float[] c = numbers(M * N);
        float[] noisy = a.clone();
        for (int e = 0; e < a.length; e++) {
            noisy[e] = Float.intBitsToFloat(Float.floatToRawIntBits(a[e]) ^ random.nextInt(1 << 13));
        }
        assertEquals(Arrays.toString(run(gpu, 32, a, b, c)), Arrays.toString(run(gpu, 32, noisy, b, c)));
    }

    @Test
    void whatIsNoNumberStaysInItsRow() {
        TestGpu gpu = kernel(PRODUCT);
        float[] a = numbers(M * K);
        float[] b = numbers(K * N);
        float[] clean = run(gpu, 32, a, b, new float[M * N]);
        a[5 * K + 2] = Float.NaN;
        a[11 * K] = Float.POSITIVE_INFINITY;
        float[] d = run(gpu, 32, a, b, new float[M * N]);
        for (int e = 0; e < d.length; e++) {
            switch (e / N) {
                case 5 -> assertTrue(Float.isNaN(d[e]));
                case 11 -> assertTrue(Float.isInfinite(d[e]));
                default -> assertEquals(clean[e], d[e]);
            }
        }
    }

    /// With a seed sums are cut where they may be rounded otherwise: off by no more than a last bit for each term, and
    /// towards zero.
    @Test
    void sumsAreRoundedOnceOrCut() {
        TestGpu nearest = kernel(PRODUCT);
        TestGpu cut = kernel(PRODUCT);
        cut.options = cut.options.withSeed(7);
        int different = 0;
        for (int trial = 0; trial < 10; trial++) {
            float[] a = numbers(M * K);
            float[] b = numbers(K * N);
            float[] c = numbers(M * N);
            float[] one = run(nearest, 32, a, b, c);
            float[] other = run(cut, 32, a, b, c);
            for (int e = 0; e < one.length; e++) {
                double size = size(a, b, c, e / N, e % N);
                assertEquals(exact(a, b, c, e / N, e % N), other[e], (K + 2) * 0x1p-23 * size);
                different += one[e] != other[e] ? 1 : 0;
            }
        }
        assertNotEquals(0, different);
    }

    /// Positive terms that are cut give a sum that is never too large.
    @Test
    void whatIsCutIsCutTowardsZero() {
        TestGpu gpu = kernel(PRODUCT);
        gpu.options = gpu.options.withSeed(7);
        float[] a = numbers(M * K);
        float[] b = numbers(K * N);
        for (float[] x : new float[][] {a, b}) {
            for (int e = 0; e < x.length; e++) {
                x[e] = Math.abs(x[e]);
            }
        }
        float[] c = new float[M * N];
        float[] d = run(gpu, 32, a, b, c);
        for (int e = 0; e < d.length; e++) {
            assertTrue(d[e] <= exact(a, b, c, e / N, e % N));
        }
    }

    @Test
    void lanesThatAreLeftOutAreAnError() {
        for (String product : new String[] {"@%p1 " + PRODUCT, "@!%p1 bra SKIP;\n" + PRODUCT + "SKIP:\n"}) {
            TestGpu gpu = kernel(product);
            float[] zeros = new float[M * N];
            SimulatorFault fault = assertThrows(SimulatorFault.class, () -> run(gpu, 20, zeros, zeros, zeros));
            assertEquals(Kind.WARP_MASK, fault.kind());
            assertTrue(fault.getMessage().contains("lanes=0xfffff"), fault.getMessage());
        }
    }
}
