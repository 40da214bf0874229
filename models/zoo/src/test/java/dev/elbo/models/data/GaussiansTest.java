package dev.elbo.models.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class GaussiansTest {
    private static float[] draw(Gaussians mixture, int count, long seed) {
        try (Arena arena = Arena.ofConfined()) {
            Examples drawn = mixture.draw(count, seed, arena);
            float[] points = new float[count * mixture.dimensions()];
            for (int e = 0; e < points.length; e++) {
                points[e] = drawn.value(e / mixture.dimensions(), e % mixture.dimensions());
            }
            return points;
        }
    }

    /// In two dimensions 1 − exp(−9/2) of a Gaussian lies within three widths.
    @Test
    void aMixtureCoversItself() {
        for (Gaussians mixture : List.of(Gaussians.grid(), Gaussians.ring())) {
            Gaussians.Coverage coverage = mixture.coverage(draw(mixture, 20_000, 1));
            assertEquals(mixture.centres().size(), coverage.modes());
            assertEquals(mixture.centres().size(), coverage.reached());
            assertEquals(1 - Math.exp(-4.5), coverage.near(), 0.004);
            assertEquals(0, coverage.divergence(), 0.002);
        }
    }

    @Test
    void whatIsLeftOutIsCounted() {
        Gaussians grid = Gaussians.grid();
        float[] corners = new float[2000];
        for (int i = 0; i < 1000; i++) {
            corners[2 * i] = i % 2 == 0 ? -4 : 4;
            corners[2 * i + 1] = i % 4 < 2 ? -4 : 4.16f; // the upper two a hair too high
        }
        corners[0] = 0; // one point alone is no mode
        corners[1] = 0;
        Gaussians.Coverage coverage = grid.coverage(corners);
        assertEquals(2, coverage.modes());
        assertEquals(3, coverage.reached());
        assertEquals(0.5, coverage.near(), 0.002);
        assertTrue(coverage.divergence() > Math.log(25 / 4.0) - 0.02);
    }

    @Test
    void drawsFollowTheSeed() {
        assertTrue(Arrays.equals(draw(Gaussians.ring(), 50, 3), draw(Gaussians.ring(), 50, 3)));
        assertTrue(!Arrays.equals(draw(Gaussians.ring(), 50, 3), draw(Gaussians.ring(), 50, 4)));
    }

    @Test
    void theDensityIsThatOfTheMixture() {
        Gaussians two = new Gaussians(List.of(new double[] {-1}, new double[] {2}), 0.5);
        double sum = 0;
        for (double x = -5; x < 6; x += 1e-3) {
            sum += 1e-3 * two.density(x);
        }
        assertEquals(1, sum, 1e-6);
        assertEquals(0.5 / (0.5 * Math.sqrt(2 * Math.PI)) * (1 + Math.exp(-18)), two.density(2), 1e-12);
    }
}
