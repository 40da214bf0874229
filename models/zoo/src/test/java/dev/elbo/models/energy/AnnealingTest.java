package dev.elbo.models.energy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AnnealingTest extends OnCpu {
    private Rbm rbm(int visible, int hidden, double strength, double visibleBias) {
        SplittableRandom random = new SplittableRandom(1);
        float[] weights = new float[visible * hidden];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) (strength * random.nextGaussian());
        }
        float[] bias = new float[visible];
        Arrays.fill(bias, (float) visibleBias);
        return new Rbm(
                memory.floats(Shape.of(visible, hidden), weights),
                memory.floats(Shape.of(visible), bias),
                memory.floats(Shape.of(hidden), new float[hidden]));
    }

    /// 12 hidden units, so that log Z is known; both directions within a tenth of a nat.
    @Test
    void bothDirectionsMeetTheExactValue() {
        Rbm rbm = rbm(40, 12, 0.5, -1);
        Annealing.Estimate estimate = Annealing.estimate(rbm, new float[40], Annealing.betas(600), 100, 7);
        double exact = Partition.exact(rbm);
        assertEquals("", estimate.refused());
        assertEquals(exact, estimate.logZ(), 0.15, estimate.toString());
        assertEquals(exact, estimate.backward().logZ(), 0.15, estimate.toString());
        assertTrue(estimate.forward().effective() > 30, estimate.toString());
    }

    /// Weights of 1 and 3: without one of them log Z is that of the other; two more of the heavier make
    /// 10 / 4 of 4 / 2.
    @Test
    void anErrorIsOfTheChainsThatCameAndOfThoseThatMightHave() {
        double[] each = {Math.log(3), 0};
        double jackknife = 0.5 * Math.log(3);
        double missed = Math.log(2.5 / 2);
        Annealing.Direction up = Annealing.Direction.of(each, true);
        assertEquals(Math.log(2), up.logZ(), 1e-12);
        assertEquals(Math.hypot(jackknife, missed), up.error(), 1e-12);
        assertEquals(1.6, up.effective(), 1e-12);
        Annealing.Direction down = Annealing.Direction.of(new double[] {-Math.log(3), 0}, false);
        assertEquals(-Math.log(2), down.logZ(), 1e-12);
        assertEquals(up.error(), down.error(), 1e-12);
        assertEquals(List.of(0.0, Math.log(3)), up.each());
    }

    /// Few betas for a strong machine: twenty estimates, of ten to thirty effective chains each, are as
    /// far from the exact value as they say.
    @Test
    void statedErrorsCoverTheExactValue() {
        Rbm rbm = rbm(40, 12, 1.2, -1);
        double exact = Partition.exact(rbm);
        List<Double> chains = Annealing.estimate(rbm, new float[40], Annealing.betas(30), 2000, 11)
                .forward()
                .each();
        List<Double> shuffled = new ArrayList<>(chains);
        Collections.shuffle(shuffled, new Random(1));
        int within = 0;
        double effective = 0;
        double squares = 0;
        for (int from = 0; from < 2000; from += 100) {
            double[] group = shuffled.subList(from, from + 100).stream()
                    .mapToDouble(Double::doubleValue)
                    .toArray();
            Annealing.Direction one = Annealing.Direction.of(group, true);
            double off = one.logZ() - exact;
            within += Math.abs(off) <= 2 * one.error() ? 1 : 0;
            effective += one.effective() / 20;
            squares += off * off / 20;
        }
        String all = within + " of 20, effective " + effective + ", off " + Math.sqrt(squares);
        assertTrue(effective > 5 && effective < 40, all);
        assertTrue(within >= 18, all);
    }

    /// When the model is its own base, every weight is 1: log Z₀, with no error at all.
    @Test
    void independentUnitsAreExact() {
        Rbm rbm = rbm(8, 3, 0, 0.7);
        float[] base = new float[8];
        Arrays.fill(base, 0.7f);
        Annealing.Estimate estimate = Annealing.estimate(rbm, base, Annealing.betas(30), 10, 1);
        assertEquals(Partition.exact(rbm), estimate.logZ(), 1e-6);
        assertEquals(0, estimate.forward().error(), 1e-6);
        assertEquals(10, estimate.forward().effective(), 1e-9);
    }

    /// A strong machine, a uniform start and a handful of betas: the weights collapse, and no number is given.
    @Test
    void aCollapsedRunIsRefusedWithTheReason() {
        Rbm rbm = rbm(60, 16, 2, -3);
        float[] betas = {0, 0.3f, 0.7f, 1};
        Annealing.Estimate estimate = Annealing.estimate(rbm, new float[60], betas, 100, 3);
        assertFalse(estimate.refused().isEmpty(), estimate.toString());
        IllegalStateException refused = assertThrows(IllegalStateException.class, estimate::logZ);
        assertTrue(refused.getMessage().startsWith("log Z: "), refused.getMessage());
        assertTrue(refused.getMessage().contains("use more betas"), refused.getMessage());
    }

    /// Real units: log Z by the closed form over the hidden states, both directions.
    @Test
    void realUnitsMeetTheExactValueToo() {
        Rbm bits = rbm(20, 6, 0.3, 0.5);
        float[] deviations = new float[20];
        Arrays.fill(deviations, 0.7f);
        Rbm rbm =
                new Rbm(bits.weights(), bits.visibleBias(), bits.hiddenBias(), Visible.Gaussian.of(deviations, memory));
        Annealing.Estimate estimate = Annealing.estimate(rbm, new float[20], Annealing.betas(600), 100, 7);
        double exact = Partition.exact(rbm);
        assertEquals("", estimate.refused());
        assertEquals(exact, estimate.logZ(), 0.15, estimate.toString());
        assertEquals(exact, estimate.backward().logZ(), 0.15, estimate.toString());
    }

    /// Chains of a machine without weights find its biases: the base rates that make every weight 1.
    @Test
    void aModelsOwnRatesAreThoseOfItsUnits() {
        float[] rates = Annealing.ownRates(rbm(8, 3, 0, 0.7), 10, 1);
        for (float rate : rates) {
            assertEquals(0.7, rate, 1e-5);
        }
    }

    /// Backward chains that begin at likely states say the same.
    @Test
    void backwardChainsMayBeginAnywhere() {
        Rbm rbm = rbm(30, 8, 0.4, -0.5);
        float[] ones = new float[60];
        Arrays.fill(ones, 1);
        Annealing.Estimate estimate = Annealing.estimate(rbm, new float[30], Annealing.betas(300), 50, 3, ones);
        assertEquals("", estimate.refused());
        assertEquals(Partition.exact(rbm), estimate.backward().logZ(), 0.2, estimate.toString());
    }

    @Test
    void betasRiseFromZeroToOne() {
        for (float[] betas : new float[][] {Annealing.betas(1000), Annealing.literature()}) {
            assertEquals(0, betas[0]);
            assertEquals(1, betas[betas.length - 1]);
            for (int i = 1; i < betas.length; i++) {
                assertTrue(betas[i] > betas[i - 1], "beta " + i);
            }
        }
        assertEquals(14_500, Annealing.literature().length);
        assertEquals(0.5, Annealing.literature()[500], 1e-6);
        assertEquals(0.9, Annealing.literature()[4500], 1e-6);
        assertThrows(IllegalArgumentException.class, () -> Annealing.betas(29));
    }

    @Test
    void badNumbersAreRefused() {
        Rbm rbm = rbm(4, 2, 1, 0);
        assertThrows(
                IllegalArgumentException.class,
                () -> Annealing.estimate(rbm, new float[3], Annealing.betas(30), 10, 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> Annealing.estimate(rbm, new float[4], new float[] {0, 0.5f}, 10, 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> Annealing.estimate(rbm, new float[4], Annealing.betas(30), 10, 1, new float[5]));
    }

    /// That backward's chains know nothing is no excuse for their being far above.
    @Test
    void aCollapsedWayBackExcusesNoGap() {
        double[] level = new double[100];
        Arrays.fill(level, 100.0);
        double[] above = new double[100];
        Arrays.fill(above, 150.0);
        above[0] = 130.0;
        Annealing.Direction forward = Annealing.Direction.of(level, true);
        Annealing.Direction backward = Annealing.Direction.of(above, false);
        assertTrue(backward.error() > 10 && backward.logZ() > 130, backward.toString());
        assertTrue(Annealing.Estimate.of(forward, backward).refused().startsWith("backward is far above forward"));
        // Below forward it refuses nothing.
        Annealing.Direction below =
                Annealing.Direction.of(new double[] {40, 90, 95, 97, 98, 99, 99, 99, 99, 99}, false);
        assertEquals("", Annealing.Estimate.of(forward, below).refused());
    }
}
