package dev.elbo.models.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FeatureMomentsTest {
    private static double[][] random(int n, int rank, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[][] a = new double[n][n];
        for (int k = 0; k < rank; k++) {
            double[] x = random.doubles(n, -1, 1).toArray();
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    a[i][j] += x[i] * x[j];
                }
            }
        }
        return a;
    }

    private static double[][] product(double[][] a, double[][] b) {
        double[][] c = new double[a.length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a.length; j++) {
                for (int k = 0; k < a.length; k++) {
                    c[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return c;
    }

    private static void assertNear(double[][] expected, double[][] actual, double tolerance) {
        for (int i = 0; i < expected.length; i++) {
            assertArrayNear(expected[i], actual[i], tolerance);
        }
    }

    private static void assertArrayNear(double[] expected, double[] actual, double tolerance) {
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], tolerance, "element " + i);
        }
    }

    @Test
    void eigenvectorsRebuildTheMatrixAndAreOrthonormal() {
        for (int n : new int[] {1, 2, 3, 17, 40}) {
            double[][] a = random(n, n + 2, n);
            SymmetricEigen eigen = SymmetricEigen.of(a);
            double[][] scaled = new double[n][n];
            double[][] transposed = new double[n][n];
            for (int i = 0; i < n; i++) {
                for (int k = 0; k < n; k++) {
                    scaled[i][k] = eigen.vectors()[i][k] * eigen.values()[k];
                    transposed[k][i] = eigen.vectors()[i][k];
                }
            }
            assertNear(a, product(scaled, transposed), 1e-13 * n);
            double[][] unit = new double[n][n];
            for (int i = 0; i < n; i++) {
                unit[i][i] = 1;
            }
            assertNear(unit, product(transposed, eigen.vectors()), 1e-13 * n);
        }
    }

    /// Second differences of a path: eigenvalues 2 − 2 cos(kπ / (n + 1)).
    @Test
    void knownEigenvaluesComeOut() {
        int n = 12;
        double[][] a = new double[n][n];
        for (int i = 0; i < n; i++) {
            a[i][i] = 2;
            if (i > 0) {
                a[i][i - 1] = -1;
                a[i - 1][i] = -1;
            }
        }
        double[] values = SymmetricEigen.of(a).values().clone();
        Arrays.sort(values);
        for (int k = 1; k <= n; k++) {
            assertEquals(2 - 2 * Math.cos(k * Math.PI / (n + 1)), values[k - 1], 1e-14);
        }
    }

    @Test
    void aRootSquaresToItsMatrixWhateverTheRank() {
        for (int rank : new int[] {0, 1, 5, 20}) {
            double[][] a = random(20, rank, 7);
            double[][] root = SymmetricEigen.of(a).root();
            assertNear(a, product(root, root), 1e-12);
        }
    }

    @Test
    void aMatrixThatIsNotFiniteIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> SymmetricEigen.of(new double[][] {{Double.NaN}}));
    }

    /// Data a thousand deviations away from 0: what one pass in f32 would have lost.
    @Test
    void momentsAreThoseOfTheRows() {
        SplittableRandom random = new SplittableRandom(3);
        int n = 5000;
        float[] rows = new float[3 * n];
        double[] sums = new double[3];
        for (int i = 0; i < n; i++) {
            double a = random.nextGaussian();
            double b = random.nextGaussian();
            rows[3 * i] = (float) (1000 + a);
            rows[3 * i + 1] = (float) (2 * a + b);
            rows[3 * i + 2] = 5;
            for (int j = 0; j < 3; j++) {
                sums[j] += rows[3 * i + j];
            }
        }
        FeatureMoments moments = FeatureMoments.of(rows, 3);
        for (int j = 0; j < 3; j++) {
            assertEquals(sums[j] / n, moments.mean()[j], 1e-9 * Math.abs(sums[j] / n) + 1e-12);
        }
        double[][] expected = {{1, 2, 0}, {2, 5, 0}, {0, 0, 0}};
        assertNear(expected, moments.covariance(), 0.35);
        double exact = 0;
        for (int i = 0; i < n; i++) {
            exact += (rows[3 * i] - sums[0] / n) * (rows[3 * i + 1] - sums[1] / n) / (n - 1);
        }
        assertEquals(exact, moments.covariance()[0][1], 1e-9);
        assertThrows(IllegalArgumentException.class, () -> FeatureMoments.of(new float[3], 3));
    }

    /// Diagonal Gaussians: ‖Δμ‖² + Σ (σ₁ − σ₂)².
    @Test
    void theDistanceOfDiagonalGaussiansIsKnown() {
        FeatureMoments a = new FeatureMoments(new double[] {1, 2}, new double[][] {{4, 0}, {0, 0.25}});
        FeatureMoments b = new FeatureMoments(new double[] {0, 4}, new double[][] {{1, 0}, {0, 9}});
        assertEquals(1 + 4 + 1 + 6.25, a.frechet(b), 1e-12);
        assertEquals(a.frechet(b), b.frechet(a), 1e-12);
        assertEquals(0, a.frechet(a), 1e-12);
    }

    /// One and the same rotation of both changes nothing; a covariance without full rank is no exception.
    @Test
    void theDistanceDoesNotDependOnTheAxes() {
        double c = Math.cos(0.7);
        double s = Math.sin(0.7);
        double[][] turn = {{c, -s}, {s, c}};
        double[][] back = {{c, s}, {-s, c}};
        double[][] flat = {{3, 0}, {0, 0}};
        double[][] round = {{2, 0}, {0, 5}};
        double plain = new FeatureMoments(new double[2], flat).frechet(new FeatureMoments(new double[2], round));
        double turned = new FeatureMoments(new double[2], product(product(turn, flat), back))
                .frechet(new FeatureMoments(new double[2], product(product(turn, round), back)));
        assertEquals(Math.pow(Math.sqrt(3) - Math.sqrt(2), 2) + 5, plain, 1e-12);
        assertEquals(plain, turned, 1e-7);
        assertTrue(turned >= 0);
    }
}
