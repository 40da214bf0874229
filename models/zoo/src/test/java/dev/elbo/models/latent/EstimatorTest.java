package dev.elbo.models.latent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.latent.Bounds.Estimator;
import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Gradients of L_K towards the posterior, averaged over many draws, against the derivative of L_K itself:
/// quadrature in f64 over every sample's noise, central differences over the parameters.
///
/// ```
/// l = a z + b (two pixels),   q(z | x) = N(m x + n, exp(v x + w)),   x = (1, 0)
/// ```
class EstimatorTest extends OnCpu {
    private static final int ROWS = 4000;
    private static final int ROUNDS = 50;

    /// Of posterior.mean and posterior.logVariance: weights (2), bias, weights (2), bias.
    private static final double[] POSTERIOR = {0.4, -0.3, 0.2, -0.5, 0.6, -0.4};

    private static final double[] LOGIT_WEIGHTS = {1.5, -2};
    private static final double[] LOGIT_BIASES = {-0.3, 0.4};

    private Parameters<Vae> vae;

    @BeforeEach
    void build() {
        vae = Parameters.of(
                cpu,
                "vae",
                arena,
                m -> Vae.of(2, List.of(), 1, Activation.TANH, Output.Bernoulli::of, Clock.of(1, 0, m), m));
        set("posterior.mean.weight", POSTERIOR[0], POSTERIOR[1]);
        set("posterior.mean.bias", POSTERIOR[2]);
        set("posterior.logVariance.weight", POSTERIOR[3], POSTERIOR[4]);
        set("posterior.logVariance.bias", POSTERIOR[5]);
        set("output.logits.weight", LOGIT_WEIGHTS);
        set("output.logits.bias", LOGIT_BIASES);
    }

    private void set(String name, double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        cpu.write(floats, MeanGradient.parameter(vae, name).value());
    }

    private static double logWeight(double[] posterior, double noise) {
        double mean = posterior[0] + posterior[2];
        double logVariance = posterior[3] + posterior[5];
        double z = mean + Math.exp(0.5 * logVariance) * noise;
        double first = LOGIT_WEIGHTS[0] * z + LOGIT_BIASES[0];
        double second = LOGIT_WEIGHTS[1] * z + LOGIT_BIASES[1];
        double likelihood = first - Math.log1p(Math.exp(first)) - Math.log1p(Math.exp(second));
        // The terms ½ log 2π of p(z) and q(z | x) cancel.
        return likelihood - 0.5 * z * z + 0.5 * logVariance + 0.5 * noise * noise;
    }

    /// L_1 or L_2.
    private static double bound(int samples, double[] posterior) {
        double step = 0.05;
        int points = 281;
        double[] weights = new double[points];
        double[] density = new double[points];
        for (int i = 0; i < points; i++) {
            double noise = -7 + step * i;
            weights[i] = logWeight(posterior, noise);
            density[i] = step * Math.exp(-0.5 * noise * noise) / Math.sqrt(2 * Math.PI);
        }
        double sum = 0;
        for (int i = 0; i < points; i++) {
            if (samples == 1) {
                sum += density[i] * weights[i];
                continue;
            }
            for (int j = 0; j < points; j++) {
                double high = Math.max(weights[i], weights[j]);
                double mean = 0.5 * (Math.exp(weights[i] - high) + Math.exp(weights[j] - high));
                sum += density[i] * density[j] * (high + Math.log(mean));
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

    private MeanGradient average(int samples, Estimator estimator) {
        float[] ones = new float[2 * ROWS];
        for (int i = 0; i < ROWS; i++) {
            ones[2 * i] = 1;
        }
        Tensor x = memory.floats(Shape.of(ROWS, 2), ones);
        List<String> names = Stream.of("mean.weight", "mean.bias", "logVariance.weight", "logVariance.bias")
                .map(name -> "posterior." + name)
                .toList();
        return MeanGradient.of(vae, names, x, samples, estimator, ROUNDS, memory);
    }

    @ParameterizedTest
    @CsvSource({"1, STANDARD", "1, STL", "1, DREG", "2, STANDARD", "2, DREG"})
    void theMeanGradientIsTheDerivativeOfTheBound(int samples, Estimator estimator) {
        double[] exact = derivative(samples);
        MeanGradient average = average(samples, estimator);
        String all = Arrays.toString(exact) + " " + Arrays.toString(average.mean());
        for (int i = 0; i < exact.length; i++) {
            assertEquals(exact[i], average.mean()[i], 5 * average.error()[i] + 1e-4, all);
        }
    }

    /// Without its last term the gradient of L_2 is that of something else; the documentation says so.
    @Test
    void stickingTheLandingIsBiasedBeyondOneSample() {
        double[] exact = derivative(2);
        MeanGradient average = average(2, Estimator.STL);
        double apart = Math.abs(average.mean()[5] - exact[5]) / average.error()[5];
        assertTrue(apart > 5, Arrays.toString(exact) + " " + Arrays.toString(average.mean()) + " " + apart);
    }

    /// Towards the decoder all estimators are one.
    @Test
    void theDecodersGradientIsTheSame() {
        float[][] gradients = new float[3][];
        for (Estimator estimator : Estimator.values()) {
            average(2, estimator);
            gradients[estimator.ordinal()] = cpu.floats(
                    MeanGradient.parameter(vae, "output.logits.weight").gradient());
        }
        for (int i = 0; i < 2; i++) {
            assertEquals(gradients[0][i], gradients[1][i], 1e-5);
            assertEquals(gradients[0][i], gradients[2][i], 1e-5);
        }
    }
}
