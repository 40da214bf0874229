package dev.elbo.runtime.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.MatrixPrecision;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.CpuMath;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/// Whose products a device runs, and what their bits depend on.
class ProductsTest {
    private static final int N = 67;
    private static final int K = 130;
    private static final int M = 65;

    private final float[] x = normals(1, N * K);
    private final float[] w = normals(2, K * M);
    private final float[] b = normals(3, M);

    @Test
    void fixedOrderIsOneChainOfFusedMultiplyAdds() {
        float[] expected = new float[N * M];
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < M; j++) {
                float sum = 0;
                for (int k = 0; k < K; k++) {
                    sum = Math.fma(x[i * K + k], w[k * M + j], sum);
                }
                expected[i * M + j] = sum + b[j];
            }
        }
        assertArrayEquals(expected, on(2, CpuOptions.best().fixedOrder(), memory -> linear(memory, x, N)));
    }

    @Test
    void fastProductsDependNeitherOnThreadsNorOnTheOtherRows() {
        float[] whole = on(1, CpuOptions.best(), memory -> linear(memory, x, N));
        assertArrayEquals(whole, on(3, CpuOptions.best(), memory -> linear(memory, x, N)));
        for (int rows : new int[] {1, 2, 33}) {
            float[] some = on(2, CpuOptions.best(), memory -> linear(memory, x, rows));
            assertArrayEquals(Arrays.copyOf(whole, rows * M), some, "rows " + rows);
        }
    }

    /// A precision is what may be lost: the CPU has no units that gain by it.
    @Test
    void theCpuMultipliesInFp32WhateverIsAsked() {
        float[] expected = on(1, CpuOptions.best(), memory -> linear(memory, x, N));
        for (MatrixPrecision precision : MatrixPrecision.values()) {
            assertArrayEquals(
                    expected,
                    on(1, CpuOptions.best(), memory -> memory.device().in(precision, () -> linear(memory, x, N))),
                    precision.name());
        }
    }

    /// A long batch of a thin layer is summed in parts, in a workspace.
    @Test
    void gradientsOfWeightsOverALongBatchAddUpInParts() {
        int batch = 20_000;
        float[] left = normals(4, batch * 3);
        float[] right = normals(5, batch * 2);
        double[] expected = new double[6];
        for (int i = 0; i < batch; i++) {
            for (int e = 0; e < 6; e++) {
                expected[e] += (double) left[i * 3 + e / 2] * right[i * 2 + e % 2];
            }
        }
        Function<Memory, Tensor> twice = memory -> {
            Tensor a = memory.floats(Shape.of(batch, 3), left);
            Tensor dy = memory.floats(Shape.of(batch, 2), right);
            Tensor weight = memory.floats(Shape.of(3, 2), new float[6]);
            Tensor dw = memory.empty(Shape.of(3, 2));
            Gradient into = Gradient.into(dw);
            for (int i = 0; i < 2; i++) {
                MatrixProduct op = new MatrixProduct(false, false);
                op.pullback(a, weight, null, dy, Gradient.into(memory.empty(a.shape())), into);
            }
            return dw;
        };
        float[] one = on(1, CpuOptions.best(), twice);
        for (int e = 0; e < 6; e++) {
            assertEquals(2 * expected[e], one[e], 0.01);
        }
        assertArrayEquals(one, on(3, CpuOptions.best(), twice));
    }

    @Test
    void productsOfBatchesOfOtherSizesAreRefused() {
        on(1, CpuOptions.best(), memory -> {
            Tensor a = memory.empty(Shape.of(2, 3, 4));
            Tensor b = memory.empty(Shape.of(3, 4, 5));
            assertThrows(IllegalArgumentException.class, () -> Ops.plain(memory).product(a, false, b, false));
            return memory.empty(Shape.of(1));
        });
    }

    /// The gradient of a vector, which oneDNN is given as a row: overwritten, then added to.
    @Test
    void gradientsOfAVectorAreThoseOfAColumn() {
        float[] dy = normals(6, N);
        double[] expected = new double[K];
        for (int i = 0; i < N; i++) {
            for (int k = 0; k < K; k++) {
                expected[k] += (double) x[i * K + k] * dy[i];
            }
        }
        Function<Memory, Tensor> twice = memory -> {
            Tensor dw = memory.empty(Shape.of(K, 1));
            Gradient into = Gradient.into(dw);
            for (int i = 0; i < 2; i++) {
                new MatrixProduct(false, false)
                        .pullback(
                                memory.floats(Shape.of(N, K), x),
                                memory.floats(Shape.of(K, 1), new float[K]),
                                null,
                                memory.floats(Shape.of(N, 1), dy),
                                Gradient.into(memory.empty(Shape.of(N, K))),
                                into);
            }
            return dw;
        };
        float[] one = on(1, CpuOptions.best(), twice);
        for (int k = 0; k < K; k++) {
            assertEquals(2 * expected[k], one[k], 1e-4 * (1 + Math.abs(expected[k])));
        }
        assertArrayEquals(one, on(3, CpuOptions.best(), twice));
    }

    @Test
    void aProductOfNothingIsTheBias() {
        float[] y = on(
                1,
                CpuOptions.best(),
                memory -> Ops.plain(memory)
                        .linear(
                                memory.empty(Shape.of(2, 0)),
                                memory.empty(Shape.of(0, 3)),
                                memory.floats(Shape.of(3), 4, 5, 6),
                                Activation.NONE));
        assertArrayEquals(new float[] {4, 5, 6, 4, 5, 6}, y);
    }

    private Tensor linear(Memory memory, float[] from, int rows) {
        return Ops.plain(memory)
                .linear(
                        memory.floats(Shape.of(rows, K), Arrays.copyOf(from, rows * K)),
                        memory.floats(Shape.of(K, M), w),
                        memory.floats(Shape.of(M), b),
                        Activation.NONE);
    }

    private static float[] on(int threads, CpuOptions options, Function<Memory, Tensor> body) {
        try (CpuDevice cpu = CpuDevice.open(options.threads(threads).math(CpuMath.plain()));
                Arena owner = Arena.ofShared()) {
            return cpu.floats(body.apply(Memory.of(cpu, "test", owner)));
        }
    }

    private static float[] normals(long seed, int count) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
