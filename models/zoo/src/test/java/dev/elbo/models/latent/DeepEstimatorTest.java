package dev.elbo.models.latent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.latent.Bounds.Estimator;
import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Gradients of L_K towards the posteriors of two layers, averaged over many draws, against the
/// derivative of L_K itself: quadrature in f64 over every layer's and sample's noise, central differences
/// over the parameters.
///
/// ```
/// l = a z_1 + b (two pixels),   z_1 | z_2 ~ N(c z_2 + d, exp(g z_2 + h)),   z_2 ~ N(0, 1)
/// q(z_1 | x) = N(φ_0 + φ_2, exp(φ_3 + φ_5)),   q(z_2 | z_1) = N(φ_6 z_1 + φ_7, exp(φ_8 z_1 + φ_9)),   x = (1, 0)
/// ```
///
/// q's upper layer depends on φ_0 … φ_5 by way of z_1 alone: what an estimator must neither lose nor
/// count twice.
class DeepEstimatorTest extends OnCpu {
    private static final int ROWS = 4000;
    private static final int ROUNDS = 50;
    private static final int POINTS = 37;
    private static final double EDGE = 5.4;

    private static final List<String> NAMES = List.of(
            "posteriors.0.normal.mean.weight",
            "posteriors.0.normal.mean.bias",
            "posteriors.0.normal.logVariance.weight",
            "posteriors.0.normal.logVariance.bias",
            "posteriors.1.normal.mean.weight",
            "posteriors.1.normal.mean.bias",
            "posteriors.1.normal.logVariance.weight",
            "posteriors.1.normal.logVariance.bias");

    private static final double[] POSTERIOR = {0.4, -0.3, 0.2, -0.5, 0.6, -0.4, 0.7, -0.2, 0.3, -0.6};

    /// c, d, g and h.
    private static final double[] PRIOR = {0.8, 0.1, -0.2, -0.3};

    private static final double[] LOGIT_WEIGHTS = {1.5, -2};
    private static final double[] LOGIT_BIASES = {-0.3, 0.4};

    private Parameters<DeepVae> model;

    @BeforeEach
    void build() {
        model = Parameters.of(
                cpu,
                "deep",
                arena,
                m -> DeepVae.of(
                        2,
                        List.of(List.of(), List.of()),
                        List.of(1, 1),
                        Activation.TANH,
                        Output.Bernoulli::of,
                        Clock.of(1, 0, m),
                        m));
        int at = 0;
        for (String name : NAMES) {
            int size = Math.toIntExact(
                    MeanGradient.parameter(model, name).value().shape().size());
            set(name, Arrays.copyOfRange(POSTERIOR, at, at + size));
            at += size;
        }
        set("priors.0.normal.mean.weight", PRIOR[0]);
        set("priors.0.normal.mean.bias", PRIOR[1]);
        set("priors.0.normal.logVariance.weight", PRIOR[2]);
        set("priors.0.normal.logVariance.bias", PRIOR[3]);
        set("output.logits.weight", LOGIT_WEIGHTS);
        set("output.logits.bias", LOGIT_BIASES);
    }

    private void set(String name, double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        cpu.write(floats, MeanGradient.parameter(model, name).value());
    }

    private static double logWeight(double[] phi, double lower, double upper) {
        double logVariance1 = phi[3] + phi[5];
        double z1 = phi[0] + phi[2] + Math.exp(0.5 * logVariance1) * lower;
        double logVariance2 = phi[8] * z1 + phi[9];
        double z2 = phi[6] * z1 + phi[7] + Math.exp(0.5 * logVariance2) * upper;
        double first = LOGIT_WEIGHTS[0] * z1 + LOGIT_BIASES[0];
        double second = LOGIT_WEIGHTS[1] * z1 + LOGIT_BIASES[1];
        double likelihood = first - Math.log1p(Math.exp(first)) - Math.log1p(Math.exp(second));
        double priorLogVariance = PRIOR[2] * z2 + PRIOR[3];
        double off = z1 - PRIOR[0] * z2 - PRIOR[1];
        double prior = -0.5 * (priorLogVariance + off * off * Math.exp(-priorLogVariance)) - 0.5 * z2 * z2;
        // The terms ½ log 2π of p and q cancel.
        return likelihood + prior + 0.5 * (logVariance1 + lower * lower + logVariance2 + upper * upper);
    }

    /// L_1 or L_2.
    private static double bound(int samples, double[] phi) {
        double step = 2 * EDGE / (POINTS - 1);
        int points = POINTS * POINTS;
        double[] weights = new double[points];
        double[] density = new double[points];
        for (int i = 0; i < points; i++) {
            double lower = step * (i / POINTS) - EDGE;
            double upper = step * (i % POINTS) - EDGE;
            weights[i] = logWeight(phi, lower, upper);
            density[i] = step * step * Math.exp(-0.5 * (lower * lower + upper * upper)) / (2 * Math.PI);
        }
        double sum = 0;
        for (int i = 0; i < points; i++) {
            if (samples == 1) {
                sum += density[i] * weights[i];
                continue;
            }
            // Each pair once: log((w_i + w_j) / 2).
            for (int j = 0; j <= i; j++) {
                double apart = Math.abs(weights[i] - weights[j]);
                double pair = Math.max(weights[i], weights[j]) + Math.log(0.5 + 0.5 * Math.exp(-apart));
                sum += (i == j ? 1 : 2) * density[i] * density[j] * pair;
            }
        }
        return sum;
    }

    private static double[] derivative(int samples) {
        double[] derivative = new double[POSTERIOR.length];
        for (int i = 0; i < derivative.length; i++) {
            double[] up = POSTERIOR.clone();
            double[] down = POSTERIOR.clone();
            up[i] += 1e-4;
            down[i] -= 1e-4;
            derivative[i] = (bound(samples, up) - bound(samples, down)) / 2e-4;
        }
        return derivative;
    }

    private MeanGradient average(int rows, int samples, Estimator estimator) {
        float[] ones = new float[2 * rows];
        for (int i = 0; i < rows; i++) {
            ones[2 * i] = 1;
        }
        Tensor x = memory.floats(Shape.of(rows, 2), ones);
        return MeanGradient.of(model, NAMES, x, samples, estimator, ROUNDS, memory);
    }

    @ParameterizedTest
    @CsvSource({"1, STANDARD", "1, STL", "1, DREG", "2, STANDARD", "2, DREG"})
    void theMeanGradientIsTheDerivativeOfTheBound(int samples, Estimator estimator) {
        double[] exact = derivative(samples);
        MeanGradient average = average(ROWS, samples, estimator);
        String all = Arrays.toString(exact) + " " + Arrays.toString(average.mean());
        for (int i = 0; i < exact.length; i++) {
            assertEquals(exact[i], average.mean()[i], 5 * average.error()[i] + 1e-4, all);
        }
    }

    /// The reason to have it: with more samples the plain estimator drowns in noise, this one does not.
    @Test
    void doublyReparameterisedGradientsAreLessNoisy() {
        double plain = noise(average(100, 64, Estimator.STANDARD));
        double doubly = noise(average(100, 64, Estimator.DREG));
        assertTrue(doubly < 0.5 * plain, doubly + " " + plain);
    }

    private static double noise(MeanGradient average) {
        return Math.sqrt(
                Arrays.stream(average.error()).map(error -> error * error).sum());
    }

    /// Every estimator reports L_K itself.
    @Test
    void theValueIsTheSameWhateverTheEstimator() {
        Tensor x = memory.floats(Shape.of(2, 2), 1, 0, 0, 1);
        Draw draw = Draw.of(Noise.of(4, 0, Purpose.TRAIN, 0), memory);
        for (Estimator estimator : Estimator.values()) {
            float[] plain = cpu.floats(Bounds.importanceWeighted(f, model.model(), x, 5, draw, Estimator.STANDARD));
            float[] other = cpu.floats(Bounds.importanceWeighted(f, model.model(), x, 5, draw, estimator));
            assertEquals(plain[0], other[0], 1e-5, estimator.toString());
            assertEquals(plain[1], other[1], 1e-5, estimator.toString());
        }
    }
}
