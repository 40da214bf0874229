package dev.elbo.runtime.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Statistics of the draws. A statistic with a known distribution is held to five standard deviations, so that a
/// fresh seed fails once in a million; `-Delbo.seed=…` repeats one.
class DrawsTest {
    private static final int N = 1 << 20;
    private static final double SIGMAS = 5;
    private static final long SEED = Long.getLong("elbo.seed", System.nanoTime());

    @BeforeAll
    static void tellTheSeed() {
        System.out.println("DrawsTest: -Delbo.seed=" + SEED);
    }

    private static Noise noise(long step, int operation) {
        return new Noise(SEED, step, operation);
    }

    private static double mean(int n, LongToDoubleFunction draw) {
        double sum = 0;
        for (long e = 0; e < n; e++) {
            sum += draw.applyAsDouble(e);
        }
        return sum / n;
    }

    /// The mean of n draws of some mean and deviation.
    private static void assertMean(String what, double mean, double deviation, int n, double actual) {
        double sigmas = (actual - mean) / (deviation / Math.sqrt(n));
        assertTrue(Math.abs(sigmas) < SIGMAS, what + ": " + sigmas + " standard deviations off, seed " + SEED);
    }

    @Test
    void momentsOfUniformsAreThoseOfTheUniform() {
        Noise noise = noise(3, 4);
        double half = 0.5 - 0x1p-25; // multiples of 2⁻²⁴ from 0 to 1 − 2⁻²⁴
        assertMean("mean", half, Math.sqrt(1 / 12.0), N, mean(N, noise::uniform));
        assertMean("square", 1 / 3.0, Math.sqrt(1 / 5.0 - 1 / 9.0), N, mean(N, e -> Math.pow(noise.uniform(e), 2)));
    }

    @Test
    void momentsOfNormalsAreThoseOfTheNormal() {
        Noise noise = noise(5, 6);
        double[] moments = {0, 1, 0, 3, 0, 15};
        double[] squares = {1, 3, 15, 105, 945, 10395};
        for (int k = 1; k <= 6; k++) {
            int power = k;
            double deviation = Math.sqrt(squares[k - 1] - moments[k - 1] * moments[k - 1]);
            assertMean("moment " + k, moments[k - 1], deviation, N, mean(N, e -> Math.pow(noise.normal(e), power)));
        }
    }

    /// √n times the largest distance of distributions exceeds 2.4 once in fifty thousand (2 exp(−2 · 2.4²)).
    private static void assertDistribution(String what, double[] draws, java.util.function.DoubleUnaryOperator cdf) {
        Arrays.sort(draws);
        double distance = 0;
        for (int i = 0; i < draws.length; i++) {
            double p = cdf.applyAsDouble(draws[i]);
            distance = Math.max(distance, Math.max(p - i / (double) draws.length, (i + 1.0) / draws.length - p));
        }
        double statistic = distance * Math.sqrt(draws.length);
        assertTrue(statistic < 2.4, what + ": Kolmogorov-Smirnov " + statistic + ", seed " + SEED);
    }

    @Test
    void distributionsAreUniformAndNormal() {
        int n = 1 << 18;
        double[] uniforms = new double[n];
        double[] normals = new double[n];
        for (int e = 0; e < n; e++) {
            uniforms[e] = noise(7, 8).uniform(e);
            normals[e] = noise(9, 10).normal(e);
        }
        assertDistribution("uniforms", uniforms, u -> u);
        assertDistribution("normals", normals, DrawsTest::normalCdf);
    }

    /// Φ by Simpson's rule from 0: independent of every polynomial here, good to 1e-10 with 200 steps.
    private static double normalCdf(double z) {
        double a = Math.min(Math.abs(z), 8);
        int steps = 200;
        double h = a / steps;
        double sum = 1 + Math.exp(-a * a / 2);
        for (int i = 1; i < steps; i++) {
            sum += (i % 2 == 1 ? 4 : 2) * Math.exp(-Math.pow(i * h, 2) / 2);
        }
        double half = sum * h / 3 / Math.sqrt(2 * Math.PI);
        return z < 0 ? 0.5 - half : 0.5 + half;
    }

    @Test
    void neighboursOfEveryKindAreUncorrelated() {
        Noise noise = noise(11, 12);
        Noise[] others = {noise.at(12), noise(11, 13), new Noise(SEED + 1, 11, 12), new Noise(SEED, 11 + (1L << 32), 12)
        };
        int n = N / 4;
        for (Noise other : others) {
            assertMean("another " + other, 0, 1, n, mean(n, e -> (double) noise.normal(e) * other.normal(e)));
        }
        for (int lag : new int[] {1, 2, 3, 4, 5, 16, 64}) {
            assertMean("lag " + lag, 0, 1, n, mean(n, e -> (double) noise.normal(e) * noise.normal(e + lag)));
            assertMean("squares, lag " + lag, 0, 2, n, mean(n, e -> {
                double one = noise.normal(e);
                double two = noise.normal(e + lag);
                return (one * one - 1) * (two * two - 1);
            }));
        }
    }

    @Test
    void bernoulliFrequenciesAreTheProbabilities() {
        Noise noise = noise(13, 14);
        for (float p : new float[] {1e-4f, 0.01f, 0.3f, 0.5f, 0.9f, 0.9999f}) {
            double frequency = mean(N, e -> noise.bernoulli(e, p));
            assertMean("p = " + p, p, Math.sqrt(p * (1 - p)), N, frequency);
        }
    }

    @Test
    void bernoulliKeepsItsPromisesAtTheEdges() {
        for (int word : new int[] {0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            for (float never : new float[] {0.0f, -0.0f, -1.0f, Float.NaN, Float.MIN_VALUE, Float.NEGATIVE_INFINITY}) {
                assertEquals(0.0f, Draws.bernoulli(word, Draws.threshold(never)), "p = " + never);
            }
            for (float always : new float[] {1.0f, 1.5f, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
                assertEquals(1.0f, Draws.bernoulli(word, Draws.threshold(always)), "p = " + always);
            }
        }
    }

    @Test
    void extremeWordsGiveFiniteDraws() {
        float[] z = new float[2];
        for (int radius : new int[] {0, 1, -1, -2, Integer.MIN_VALUE, 0xb504f333, 0xb504f334}) {
            for (int turn = 0; turn < 64; turn++) {
                Draws.normalPair(radius, turn << 26, z, 0);
                assertTrue(Math.hypot(z[0], z[1]) <= 6.661, "radius word " + radius);
            }
        }
        assertEquals(0.0f, Draws.uniform(0));
        assertEquals(1 - 0x1p-24f, Draws.uniform(-1));
    }

    /// The upper 24 significant bits.
    private static long cut(long number) {
        int excess = Math.max(0, 64 - Long.numberOfLeadingZeros(number) - 24);
        return number >>> excess << excess;
    }

    /// sin and cos against f64, and the radius against −2 log of the truncated uniform.
    @Test
    void normalsAreBoxMullerTo24Bits() {
        float[] z = new float[2];
        Noise noise = noise(15, 16);
        for (int i = 0; i < 100_000; i++) {
            int radius = noise.word(2L * i);
            int turn = noise.word(2L * i + 1);
            Draws.normalPair(radius, turn, z, 0);
            double r = Math.sqrt(-2 * Math.log(cut((radius | 1) & 0xffffffffL) * 0x1p-32));
            double angle = turn * 0x1p-31 * Math.PI;
            assertEquals(r * Math.cos(angle), z[0], 1e-6 * Math.max(r, 1), "pair " + i);
            assertEquals(r * Math.sin(angle), z[1], 1e-6 * Math.max(r, 1), "pair " + i);
        }
    }
}
