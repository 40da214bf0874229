package dev.elbo.models.latent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.GradientCheck;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Against log p(x) by quadrature over a one-dimensional latent, and p(x) summed over every x there is.
class BoundsTest extends OnCpu {
    private static final int PIXELS = 4;
    private static final int EVERY_X = 1 << PIXELS;

    private Vae vae;

    @BeforeEach
    void build() {
        vae = Parameters.of(cpu, "vae", arena, m -> vae(3, 1, m)).model();
    }

    private static Vae vae(long seed, int latent, Memory memory) {
        Clock init = Clock.of(seed, 0, memory);
        Vae made = Vae.of(PIXELS, List.of(5), latent, Activation.TANH, Output.Bernoulli::of, init, memory);
        // Fresh weights leave x almost independent of z; larger ones make bounds differ.
        if (made.decoder() instanceof DenseStack(int _, List<Dense> layers)) {
            Tensor weight = layers.getFirst().weight();
            memory.device().write(memory.device().floats(Ops.plain(memory).times(weight, 4)), weight);
        }
        return made;
    }

    /// log p(x) of every x, by the trapezoid rule over z from −8 to 8.
    private double[] logEvidence() {
        int points = 1601;
        float[] grid = new float[points];
        for (int i = 0; i < points; i++) {
            grid[i] = -8 + 0.01f * i;
        }
        Tensor z = memory.floats(Shape.of(1, points, 1), grid);
        double[] evidence = new double[EVERY_X];
        for (int code = 0; code < EVERY_X; code++) {
            Tensor x = memory.floats(Shape.of(1, PIXELS), bits(code));
            float[] likelihood = cpu.floats(vae.logLikelihood(f, x, z));
            double sum = 0;
            for (int i = 0; i < points; i++) {
                sum += 0.01 * Math.exp(likelihood[i] - 0.5 * grid[i] * grid[i]) / Math.sqrt(2 * Math.PI);
            }
            evidence[code] = Math.log(sum);
        }
        return evidence;
    }

    @Test
    void theModelIsADistribution() {
        double sum = 0;
        for (double logP : logEvidence()) {
            sum += Math.exp(logP);
        }
        assertEquals(1, sum, 1e-5);
    }

    /// ELBO ≤ L_5 ≤ L_50 ≤ log p(x) for every x, in expectation: means over 4,000 examples' noise.
    @Test
    void boundsRiseWithSamplesAndStayBelowTheEvidence() {
        double[] evidence = logEvidence();
        int copies = 4_000;
        for (int code : new int[] {0, 5, 15}) {
            Tensor x = f.repeatRows(memory.floats(Shape.of(1, PIXELS), bits(code)), copies)
                    .as(Shape.of(copies, PIXELS));
            double elbo = mean(Bounds.elbo(f, vae, x, 1, draw(0)));
            double one = mean(Bounds.importanceWeighted(f, vae, x, 1, draw(1)));
            double five = mean(Bounds.importanceWeighted(f, vae, x, 5, draw(2)));
            double fifty = mean(Bounds.importanceWeighted(f, vae, x, 50, draw(3)));
            String all = elbo + " " + one + " " + five + " " + fifty + " " + evidence[code];
            assertEquals(elbo, one, 0.06, all);
            assertTrue(elbo < five && five < fifty && fifty < evidence[code] + 0.01, all);
            assertEquals(evidence[code], fifty, 0.1, all);
        }
    }

    /// E[(1/K) Σ w] = p(x) exactly: the weights themselves are unbiased.
    @Test
    void meanWeightIsTheEvidence() {
        double[] evidence = logEvidence();
        Tensor x = memory.floats(Shape.of(1, PIXELS), bits(9));
        float[] estimate = cpu.floats(Bounds.importanceWeighted(f, vae, x, 200_000, draw(4)));
        assertEquals(evidence[9], estimate[0], 0.01);
    }

    @Test
    void gradientsOfBothBoundsMatchDifferences() {
        Parameters<Vae> parameters = Parameters.of(cpu, "vae", arena, m -> vae(5, 2, m));
        Tensor x = memory.floats(Shape.of(2, PIXELS), 1, 0, 0, 1, 0, 1, 1, 1);
        List<Tensor> wanted =
                parameters.all().stream().map(Parameters.Parameter::value).toList();
        for (long seed = 0; seed < 5; seed++) {
            GradientCheck.Result elbo = GradientCheck.of(
                    cpu, (ops, _) -> Bounds.elbo(ops, parameters.model(), x, 3, draw(5)), wanted, wanted, seed);
            assertEquals(0, elbo.error(), 2e-3, elbo.toString());
            GradientCheck.Result iwae = GradientCheck.of(
                    cpu,
                    (ops, _) -> Bounds.importanceWeighted(ops, parameters.model(), x, 3, draw(6)),
                    wanted,
                    wanted,
                    seed);
            assertEquals(0, iwae.error(), 2e-3, iwae.toString());
        }
    }

    private Draw draw(int order) {
        return Draw.of(Noise.of(7, 0, Purpose.EVALUATE, order), memory);
    }

    private double mean(Tensor y) {
        double sum = 0;
        for (float value : cpu.floats(y)) {
            sum += value;
        }
        return sum / y.shape().size();
    }

    private static float[] bits(int code) {
        float[] x = new float[PIXELS];
        for (int i = 0; i < PIXELS; i++) {
            x[i] = code >> i & 1;
        }
        return x;
    }
}
