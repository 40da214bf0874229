package dev.elbo.models.recipe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.models.latent.BoundModel;
import dev.elbo.models.latent.DeepVae;
import dev.elbo.models.latent.Output;
import dev.elbo.models.latent.Vae;
import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class VaeRecipeTest extends OnCpu {
    private static final int COUNT = 20_000;
    private static final long SEED = 5;

    private final VaeRecipe recipe = new VaeRecipe("vae", List.of(), 1, 1);

    /// Samples of
    ///
    /// ```
    /// z_2 ~ N(0, 1),   z_1 | z_2 ~ N(0.6 z_2 + 0.2, e^{−0.5}),   E[x | z_1] = 1.5 z_1 − 0.3
    /// ```
    ///
    /// have mean 0 and variance 1.5² (0.6² + e^{−0.5}), of which z_2 alone would make 1.5² · 0.6².
    @Test
    void everyLayerOfLatentVariablesAddsItsVarianceToSamples() {
        Parameters<BoundModel> deep = Parameters.of(
                cpu,
                "deep",
                arena,
                m -> DeepVae.of(
                        1,
                        List.of(List.of(), List.of()),
                        List.of(1, 1),
                        Activation.TANH,
                        Output.Gaussian::of,
                        Clock.of(1, 0, m),
                        m));
        Map<String, Float> told = Map.of(
                "priors.0.normal.mean.weight", 0.6f,
                "priors.0.normal.mean.bias", 0.2f,
                "priors.0.normal.logVariance.weight", 0f,
                "priors.0.normal.logVariance.bias", -0.5f,
                "output.mean.weight", 1.5f,
                "output.mean.bias", -0.3f);
        told.forEach((name, value) -> deep.all().stream()
                .filter(parameter -> parameter.name().equals(name))
                .forEach(parameter -> cpu.write(new float[] {value}, parameter.value())));

        float[] samples = cpu.floats(recipe.sample(deep.model(), COUNT, SEED, memory));

        double mean =
                IntStream.range(0, COUNT).mapToDouble(i -> samples[i]).average().orElseThrow();
        double square = IntStream.range(0, COUNT)
                .mapToDouble(i -> Math.pow(samples[i] - mean, 2))
                .average()
                .orElseThrow();
        double variance = 1.5 * 1.5 * (0.6 * 0.6 + Math.exp(-0.5));
        assertEquals(0, mean, 5 * Math.sqrt(variance / COUNT));
        assertEquals(variance, square, 5 * variance * Math.sqrt(2.0 / COUNT));
    }

    @Test
    void samplesOfOneLayerLieAtCodesDrawnFromTheNormal() {
        Vae vae = Parameters.of(
                        cpu,
                        "vae",
                        arena,
                        m -> Vae.of(7, List.of(5), 3, Activation.TANH, Output.Bernoulli::of, Clock.of(1, 0, m), m))
                .model();
        Draw draw = Draw.of(Noise.of(SEED, 0, Purpose.SAMPLE, 0), memory);
        float[] decoded = cpu.floats(vae.decode(f, f.normals(Shape.of(10, 3), draw)));
        assertArrayEquals(decoded, cpu.floats(recipe.sample(vae, 10, SEED, memory)));
    }

    private static VaeRecipe believing(String output) {
        return new VaeRecipe("vae", Layers.dense(List.of()), List.of(1), List.of(), false, output, Aim.of(1));
    }

    /// A log-variance is held to ±20: there D would be another D.
    @Test
    void aDeviationThatNoLogVarianceReachesIsRefused() {
        for (String beyond : List.of("0.000045", "22027", "9".repeat(50))) {
            BadInputException refused =
                    assertThrows(BadInputException.class, () -> believing("gaussian:" + beyond), beyond);
            assertEquals(
                    "--output: deviation out of range; output=gaussian:" + beyond
                            + ", least=4.539993E-5, most=22026.465 — rescale the data",
                    refused.getMessage());
        }
        for (double deviation : new double[] {0.0000454, 22026}) {
            Output output = Parameters.of(
                            cpu,
                            "output",
                            arena,
                            m -> Output.FixedGaussian.of((float) deviation).of(1, 1, Clock.of(1, 0, m), m))
                    .model();
            Tensor one = memory.floats(Shape.of(1, 1), 1);
            float away = (float) deviation + cpu.floats(output.mean(f, one))[0];
            float logDensity = cpu.floats(output.logLikelihood(f, one, memory.floats(Shape.of(1, 1), away)))[0];
            // One deviation from the mean.
            assertEquals(-0.5 * Math.log(2 * Math.PI) - Math.log(deviation) - 0.5, logDensity, 1e-2);
        }
        believing("gaussian:0.00004540");
        believing("gaussian:22026.4");
    }
}
