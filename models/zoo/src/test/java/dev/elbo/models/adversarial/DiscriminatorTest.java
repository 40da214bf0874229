package dev.elbo.models.adversarial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.layers.Dense;
import dev.elbo.models.quality.SymmetricEigen;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.GradientCheck;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Statistic;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a discriminator has beside its layers: spectral norms and statistics of the batch.
class DiscriminatorTest {
    private final CpuDevice cpu = CpuDevice.open(1);
    private final Arena arena = Arena.ofShared();
    private final Memory memory = Memory.of(cpu, "test", arena);
    private final Ops f = Ops.plain(memory);

    @AfterEach
    void close() {
        arena.close();
        cpu.close();
    }

    private static float[] normals(int size, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] x = new float[size];
        for (int e = 0; e < size; e++) {
            x[e] = (float) random.nextGaussian();
        }
        return x;
    }

    /// The largest singular value, by the eigenvalues of W Wᵀ.
    private static double largest(float[] w, int rows, int cols) {
        double[][] square = new double[rows][rows];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < rows; j++) {
                for (int k = 0; k < cols; k++) {
                    square[i][j] += (double) w[i * cols + k] * w[j * cols + k];
                }
            }
        }
        return Math.sqrt(Arrays.stream(SymmetricEigen.of(square).values()).max().orElseThrow());
    }

    private Statistic settled(Tensor weight) {
        Statistic u = Spectral.start(weight.shape().rows(), Clock.of(4, 0, memory), memory);
        for (int i = 0; i < 300; i++) {
            Spectral.normalised(f, weight, u, true);
        }
        return u;
    }

    @Test
    void aWeightIsDividedByItsLargestSingularValue() {
        for (int[] shape : new int[][] {{5, 9}, {9, 5}, {1, 4}, {4, 1}}) {
            float[] w = normals(shape[0] * shape[1], shape[0]);
            Tensor weight = memory.floats(Shape.of(shape), w);
            float[] divided = cpu.floats(Spectral.normalised(f, weight, settled(weight), true));
            assertEquals(1, largest(divided, shape[0], shape[1]), 1e-5);
            assertEquals(w[0] / largest(w, shape[0], shape[1]), divided[0], 1e-5);
        }
    }

    @Test
    void thePowerIterationIsKeptOnlyWhenAsked() {
        Tensor weight = memory.floats(Shape.of(6, 4), normals(24, 1));
        Statistic u = Spectral.start(6, Clock.of(4, 0, memory), memory);
        float[] before = cpu.floats(u.value());
        double length = 0;
        for (float each : before) {
            length += each * each;
        }
        assertEquals(1, length, 1e-5);
        Spectral.normalised(f, weight, u, false);
        assertTrue(Arrays.equals(before, cpu.floats(u.value())));
        Spectral.normalised(f, weight, u, true);
        assertTrue(!Arrays.equals(before, cpu.floats(u.value())));
    }

    /// Where u has settled, what moves u and v moves σ by nothing of first order: constants are right.
    @Test
    void theGradientGoesThroughTheNorm() {
        Tensor weight = memory.floats(Shape.of(4, 6), normals(24, 2));
        Statistic u = settled(weight);
        for (long seed = 0; seed < 5; seed++) {
            GradientCheck.Result result = GradientCheck.of(
                    cpu,
                    (ops, at) -> Spectral.normalised(ops, at.getFirst(), u, false),
                    List.of(weight),
                    List.of(weight),
                    seed);
            assertTrue(result.error() < 1e-3, result.toString());
        }
    }

    @Test
    void aWeightOfZerosStaysFinite() {
        Tensor weight = memory.floats(Shape.of(3, 2), new float[6]);
        Statistic u = Spectral.start(3, Clock.of(4, 0, memory), memory);
        for (int i = 0; i < 2; i++) {
            for (float each : cpu.floats(Spectral.normalised(f, weight, u, true))) {
                assertEquals(0, each);
            }
        }
    }

    @Test
    void aBoundedDiscriminatorHasNoLayerThatStretches() {
        DenseDiscriminator plain = DenseDiscriminator.of(
                2, List.of(8, 8), (_, _, _) -> new MinibatchStatistic.None(), false, Clock.of(1, 0, memory), memory);
        assertSame(plain, plain.bounded(f, true));
        DenseDiscriminator bounded = DenseDiscriminator.of(
                2, List.of(8, 8), (_, _, _) -> new MinibatchStatistic.None(), true, Clock.of(1, 0, memory), memory);
        DenseDiscriminator now = bounded;
        for (int i = 0; i < 200; i++) {
            now = bounded.bounded(f, true);
        }
        for (Dense layer :
                List.of(now.hidden().layers().get(0), now.hidden().layers().get(1), now.output())) {
            Shape shape = layer.weight().shape();
            assertEquals(1, largest(cpu.floats(layer.weight()), shape.rows(), shape.cols()), 1e-5);
        }
    }

    @Test
    void theDeviationOfABatchIsAFeatureOfEachExample() {
        int n = 7;
        int features = 3;
        float[] h = normals(n * features, 5);
        Tensor told = new MinibatchStatistic.Deviation().append(f, memory.floats(Shape.of(n, features), h));
        double expected = 0;
        for (int j = 0; j < features; j++) {
            double mean = 0;
            double square = 0;
            for (int i = 0; i < n; i++) {
                mean += h[i * features + j] / (double) n;
            }
            for (int i = 0; i < n; i++) {
                square += Math.pow(h[i * features + j] - mean, 2) / n;
            }
            expected += Math.sqrt(square + 1e-8) / features;
        }
        float[] all = cpu.floats(told);
        for (int i = 0; i < n; i++) {
            assertEquals(h[i * features], all[i * (features + 1)]);
            assertEquals(expected, all[i * (features + 1) + features], 1e-6);
        }
    }

    @Test
    void distancesTellHowNearTheRestOfTheBatchIs() {
        int n = 6;
        float[] h = normals(n * 2, 6);
        float[] places = normals(2 * 3, 7);
        Dense place =
                new Dense(memory.floats(Shape.of(2, 3), places), memory.floats(Shape.of(3), 1, 2, 3), Activation.NONE);
        MinibatchStatistic statistic = new MinibatchStatistic.Distances(List.of(place, place));
        float[] all = cpu.floats(statistic.append(f, memory.floats(Shape.of(n, 2), h)));
        for (int i = 0; i < n; i++) {
            double expected = 0;
            for (int j = 0; j < n; j++) {
                double square = 0;
                for (int k = 0; k < 3; k++) {
                    double apart = 0;
                    for (int c = 0; c < 2; c++) {
                        apart += (h[2 * i + c] - h[2 * j + c]) * (double) places[3 * c + k];
                    }
                    square += apart * apart;
                }
                expected += Math.exp(-square / 2) / n;
            }
            assertEquals(expected, all[4 * i + 2], 1e-5);
            assertEquals(all[4 * i + 2], all[4 * i + 3]);
        }
    }

    @Test
    void statisticsPassGradientsOn() {
        Tensor h = memory.floats(Shape.of(6, 3), normals(18, 8));
        Clock init = Clock.of(1, 0, memory);
        for (MinibatchStatistic statistic :
                List.of(new MinibatchStatistic.Deviation(), MinibatchStatistic.Distances.of(3, 2, 2, init, memory))) {
            for (long seed = 0; seed < 5; seed++) {
                GradientCheck.Result result = GradientCheck.of(
                        cpu, (ops, at) -> statistic.append(ops, at.getFirst()), List.of(h), List.of(h), seed);
                assertTrue(result.error() < 1e-4, statistic + " " + result);
            }
        }
    }
}
