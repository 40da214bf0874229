package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.memory.Allocation;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Correct CUDA kernels give the right numbers and no report, in the natural order of warps and in drawn ones.
class CorrectKernelsTest {
    private final TestGpu gpu = TestGpu.resource("correct");
    private final Random random = new Random(7);

    private void order(long seed) {
        gpu.options = LaunchOptions.CHECKED.withSeed(seed);
    }

    private float[] normals(int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    private int[] numbers(int n) {
        return random.ints(n, -50, 50).toArray();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2})
    void productBySharedTiles(long seed) {
        order(seed);
        int m = 33;
        int n = 47;
        int k = 29;
        float[] a = normals(m * k);
        float[] b = normals(k * n);
        Allocation c = gpu.empty("c", 4L * m * n);
        gpu.run("product", Dim3.of(3, 3), Dim3.of(16, 16), gpu.floats("a", a), gpu.floats("b", b), c, m, n, k);
        float[] want = new float[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                for (int s = 0; s < k; s++) {
                    want[i * n + j] = Math.fma(a[i * k + s], b[s * n + j], want[i * n + j]);
                }
            }
        }
        assertArrayEquals(want, gpu.floats(c));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 3})
    void sumsOfRowsByWarpsAndThenBlocks(long seed) {
        order(seed);
        float[] x = new float[5 * 1000];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextInt(100);
        }
        Allocation y = gpu.empty("y", 20);
        gpu.run("row_sums", Dim3.of(5), Dim3.of(256), gpu.floats("x", x), y, 1000);
        float[] want = new float[5];
        for (int i = 0; i < x.length; i++) {
            want[i / 1000] += x[i];
        }
        assertArrayEquals(want, gpu.floats(y));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 4})
    void prefixSumsInDynamicSharedMemory(long seed) {
        order(seed);
        int n = 200;
        int[] x = numbers(n);
        Allocation y = gpu.empty("y", 4 * n);
        gpu.runWithShared(8 * n, "scan", Dim3.of(1), Dim3.of(n), gpu.ints("x", x), y);
        for (int i = 1; i < n; i++) {
            x[i] += x[i - 1];
        }
        assertArrayEquals(x, gpu.ints(y));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 5})
    void sumsThroughSharedMemoryInsideAWarp(long seed) {
        order(seed);
        int[] x = numbers(256);
        Allocation y = gpu.empty("y", 32);
        gpu.run("warp_tree", Dim3.of(1), Dim3.of(256), gpu.ints("x", x), y);
        int[] want = new int[8];
        for (int i = 0; i < 256; i++) {
            want[i / 32] += x[i];
        }
        assertArrayEquals(want, gpu.ints(y));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 6})
    void countsByAtomicsInSharedMemory(long seed) {
        order(seed);
        byte[] x = new byte[10_000];
        random.nextBytes(x);
        Allocation in = gpu.empty("x", x.length);
        gpu.memory.copyIn(MemorySegment.ofArray(x), in.address(), x.length);
        Allocation bins = gpu.ints("bins", new int[64]);
        gpu.run("histogram", Dim3.of(4), Dim3.of(96), in, bins, x.length);
        int[] want = new int[64];
        for (byte b : x) {
            want[b & 63]++;
        }
        assertArrayEquals(want, gpu.ints(bins));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 7})
    void halvesSideBySideDoNotRace(long seed) {
        order(seed);
        int[] x = numbers(128);
        Allocation y = gpu.empty("y", 512);
        gpu.run("halves", Dim3.of(1), Dim3.of(256), gpu.ints("x", x), y);
        int[] got = gpu.ints(y);
        for (int i = 0; i < 128; i++) {
            int mirrored = x[127 - i];
            assertEquals(mirrored << 16 | mirrored >>> 16, got[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 8, 9})
    void numberedBarriersOrderProducersAndConsumers(long seed) {
        order(seed);
        int[] x = numbers(64 * 5);
        Allocation y = gpu.empty("y", 4 * 64 * 5);
        gpu.run("hand_over", Dim3.of(2), Dim3.of(128), gpu.ints("x", x), y, 5);
        int[] got = gpu.ints(y);
        for (int i = 0; i < got.length; i++) {
            assertEquals(x[i / 64 * 64 + 63 - i % 64] + 1, got[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 10})
    void switchesCallsLocalArraysAndTheMathLibrary(long seed) {
        order(seed);
        int n = 500;
        float[] x = normals(n);
        Allocation y = gpu.empty("y", 4 * n);
        Allocation z = gpu.empty("z", 8 * n);
        gpu.run("mixture", Dim3.of(4), Dim3.of(128), gpu.floats("x", x), y, z, n);
        float[] got = gpu.floats(y);
        long[] doubles = gpu.longs(z);
        for (int i = 0; i < n; i++) {
            double v = x[i];
            double want = switch (i % 7) {
                case 0 -> Math.exp(v);
                case 1 -> Math.log(Math.abs(v) + 1);
                case 2 -> Math.tanh(v);
                case 3 -> polynomial(v, i % 8);
                case 4 -> Math.sin(100f * x[i]);
                case 5 -> erf(v);
                default -> Math.pow(Math.abs(v) + 0.1, 1.7);
            };
            assertEquals(want, got[i], 4e-6 * Math.max(1, Math.abs(want)), "element " + i);
            double sum = Math.exp(x[i]) / 3 + Math.sqrt(i) + logGamma(i % 9 + 0.5);
            assertEquals(sum, Double.longBitsToDouble(doubles[i]), 1e-12 * Math.max(1, Math.abs(sum)), "double " + i);
        }
    }

    private static double polynomial(double x, int degree) {
        double sum = 0;
        for (int i = degree; i >= 0; i--) {
            sum = sum * x + 1.0 / (i + 1);
        }
        return sum;
    }

    /// By its series, which is fast enough for small arguments.
    private static double erf(double x) {
        double term = x;
        double sum = x;
        for (int i = 1; i < 200; i++) {
            term *= -x * x / i;
            sum += term / (2 * i + 1);
        }
        return sum * 2 / Math.sqrt(Math.PI);
    }

    /// log Γ of a half-integer, by Γ(x + 1) = x Γ(x).
    private static double logGamma(double x) {
        double sum = Math.log(Math.PI) / 2;
        for (double at = 0.5; at < x; at++) {
            sum += Math.log(at);
        }
        return sum;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 11})
    void barriersCountAndCombinePredicates(long seed) {
        order(seed);
        int[] x = numbers(100);
        Allocation y = gpu.empty("y", 400);
        gpu.run("votes", Dim3.of(1), Dim3.of(100), gpu.ints("x", x), y);
        int positive = (int) Arrays.stream(x).filter(i -> i > 0).count();
        for (int got : gpu.ints(y)) {
            assertEquals(positive * 100 + 10, got);
        }
    }
}
