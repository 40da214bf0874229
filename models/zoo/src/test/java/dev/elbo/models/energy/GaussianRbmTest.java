package dev.elbo.models.energy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Purpose;
import java.util.function.DoubleBinaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A machine of two real and three hidden units, against integrals over the plane in f64.
class GaussianRbmTest extends OnCpu {
    private static final double[][] W = {{1.2, -0.7, 0.4}, {-0.5, 0.9, 1.1}};
    private static final double[] A = {0.3, -0.6};
    private static final double[] B = {-0.2, 0.5, -1};
    private static final double[] SIGMA = {0.8, 1.7};

    private Rbm rbm;

    @BeforeEach
    void build() {
        rbm = new Rbm(
                memory.floats(Shape.of(2, 3), 1.2f, -0.7f, 0.4f, -0.5f, 0.9f, 1.1f),
                memory.floats(Shape.of(2), 0.3f, -0.6f),
                memory.floats(Shape.of(3), -0.2f, 0.5f, -1),
                Visible.Gaussian.of(new float[] {0.8f, 1.7f}, memory));
    }

    /// Σ_h exp(−E(v, h)), term by term.
    private static double density(double x, double y) {
        double sum = 0;
        for (int h = 0; h < 8; h++) {
            double energy = 0;
            double[] v = {x, y};
            for (int i = 0; i < 2; i++) {
                energy += 0.5 * Math.pow(v[i] / SIGMA[i] - A[i], 2);
                for (int j = 0; j < 3; j++) {
                    energy -= v[i] / SIGMA[i] * W[i][j] * (h >> j & 1);
                }
            }
            for (int j = 0; j < 3; j++) {
                energy -= B[j] * (h >> j & 1);
            }
            sum += Math.exp(-energy);
        }
        return sum;
    }

    /// ∫∫ g density, by the trapezoidal rule, which converges as fast as Gaussians fall.
    private static double integral(DoubleBinaryOperator g) {
        double step = 0.05;
        double sum = 0;
        for (double x = -14; x <= 14; x += step) {
            for (double y = -24; y <= 24; y += step) {
                sum += g.applyAsDouble(x, y) * density(x, y);
            }
        }
        return sum * step * step;
    }

    @Test
    void freeEnergySumsOutTheHiddenUnits() {
        Tensor v = memory.floats(Shape.of(3, 2), 0.1f, -2, 3, 0.4f, -1, 5);
        float[] free = cpu.floats(rbm.freeEnergy(f, v));
        assertEquals(-Math.log(density(0.1f, -2)), free[0], 1e-5);
        assertEquals(-Math.log(density(3, 0.4f)), free[1], 1e-5);
        assertEquals(-Math.log(density(-1, 5)), free[2], 1e-5);
    }

    @Test
    void theExactPartitionFunctionIsTheIntegral() {
        assertEquals(Math.log(integral((_, _) -> 1)), Partition.exact(rbm), 1e-6);
    }

    /// Moments of long chains are those of the integrals.
    @Test
    void gibbsSamplingHasTheMomentsOfTheDensity() {
        double z = integral((_, _) -> 1);
        Tensor chains = f.constant(Shape.of(50_000, 2), 0);
        Gibbs.advance(rbm, chains, 60, Clock.of(1, 0, memory), Purpose.CHAIN);
        float[] v = cpu.floats(chains);
        double[] sums = new double[4];
        for (int c = 0; c < v.length; c += 2) {
            sums[0] += v[c];
            sums[1] += v[c + 1];
            sums[2] += v[c] * v[c];
            sums[3] += v[c] * v[c + 1];
        }
        int n = v.length / 2;
        assertEquals(integral((x, _) -> x) / z, sums[0] / n, 0.03);
        assertEquals(integral((_, y) -> y) / z, sums[1] / n, 0.06);
        assertEquals(integral((x, _) -> x * x) / z, sums[2] / n, 0.1);
        assertEquals(integral((x, y) -> x * y) / z, sums[3] / n, 0.15);
    }

    /// With a large sample of the model as the chain's part, the contrast's gradient is that of −log p at one point.
    @Test
    void theContrastsGradientIsThatOfTheLikelihood() {
        Tensor chains = f.constant(Shape.of(100_000, 2), 0);
        Gibbs.advance(rbm, chains, 60, Clock.of(2, 0, memory), Purpose.CHAIN);
        Tensor data = memory.floats(Shape.of(1, 2), 1.5f, -0.4f);
        Tape tape = new Tape(memory);
        Tensor dw = memory.empty(Shape.of(2, 3));
        Tensor da = memory.empty(Shape.of(2));
        tape.watch(rbm.weights(), dw);
        tape.watch(rbm.visibleBias(), da);
        tape.pullback(Gibbs.contrast(Ops.taped(memory, tape), rbm, data, chains), 1);
        double z = integral((_, _) -> 1);
        double ofData = 1.5 / SIGMA[0] * hidden(0, 1.5, -0.4f);
        double ofModel = integral((x, y) -> x / SIGMA[0] * hidden(0, x, y)) / z;
        assertEquals(ofModel - ofData, cpu.floats(dw)[0], 0.03);
        double pull = (integral((x, _) -> x) / z - 1.5) / SIGMA[0];
        assertEquals(pull, cpu.floats(da)[0], 0.03);
    }

    /// p(h_j = 1 | v).
    private static double hidden(int j, double x, double y) {
        return 1 / (1 + Math.exp(-(B[j] + x / SIGMA[0] * W[0][j] + y / SIGMA[1] * W[1][j])));
    }

    @Test
    void unitsThatHardlyMoveHaveAFloor() {
        Visible.Gaussian units = Visible.Gaussian.of(new float[] {0, 1}, memory);
        assertEquals(0.05f, cpu.floats(units.deviation().value())[0]);
    }

    @Test
    void pseudoLikelihoodIsOfBitsAlone() {
        Tensor v = memory.floats(Shape.of(1, 2), 0, 1);
        assertThrows(IllegalArgumentException.class, () -> PseudoLikelihood.mean(rbm, v));
    }
}
