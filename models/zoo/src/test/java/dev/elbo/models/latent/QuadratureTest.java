package dev.elbo.models.latent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.NormalLayer;
import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.GradientCheck;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/// Every kind of model against log p(x) by the trapezoid rule over its latent variables, two of them at once.
class QuadratureTest extends OnCpu {
    private static final int PIXELS = 3;
    private static final int POINTS = 121;
    private static final float EDGE = 6;

    /// A model whose output depends on z as strongly as makes bounds differ.
    private <M extends BoundModel> M made(Function<Memory, M> factory) {
        Parameters<M> parameters = Parameters.of(cpu, "model", arena, factory);
        parameters.all().stream()
                .filter(each -> each.name().startsWith("output") && each.name().endsWith("weight"))
                .forEach(each -> cpu.write(cpu.floats(f.times(each.value(), 3)), each.value()));
        return parameters.model();
    }

    private Vae vae(NormalLayer.Factory posterior, Output.Factory output) {
        return made(m -> Vae.of(PIXELS, List.of(4), 2, Activation.TANH, posterior, output, Clock.of(3, 0, m), m));
    }

    private DeepVae deep() {
        List<List<Integer>> hidden = List.of(List.of(4), List.of(3));
        return made(m ->
                DeepVae.of(PIXELS, hidden, List.of(1, 1), Activation.TANH, Output.Bernoulli::of, Clock.of(5, 0, m), m));
    }

    /// A point of each coordinate's grid, every pair once.
    private float[] grid() {
        float[] grid = new float[POINTS * POINTS * 2];
        for (int i = 0; i < POINTS * POINTS; i++) {
            grid[2 * i] = EDGE * (2f * (i / POINTS) / (POINTS - 1) - 1);
            grid[2 * i + 1] = EDGE * (2f * (i % POINTS) / (POINTS - 1) - 1);
        }
        return grid;
    }

    /// log Σ exp(logs) · cell.
    private static double integral(double[] logs) {
        double cell = 2.0 * EDGE / (POINTS - 1);
        double sum = 0;
        for (double log : logs) {
            sum += Math.exp(log) * cell * cell;
        }
        return Math.log(sum);
    }

    private double evidence(Vae vae, float... x) {
        Tensor z = memory.floats(Shape.of(1, POINTS * POINTS, 2), grid());
        Tensor given = memory.floats(Shape.of(1, PIXELS), x);
        return integral(sums(vae.logLikelihood(f, given, z), BoundModel.logPrior(f, z)));
    }

    /// Over z_1 and z_2.
    private double evidence(DeepVae deep, float... x) {
        float[] grid = grid();
        int count = POINTS * POINTS;
        float[] lower = new float[count];
        float[] upper = new float[count];
        for (int i = 0; i < count; i++) {
            lower[i] = grid[2 * i];
            upper[i] = grid[2 * i + 1];
        }
        Tensor z1 = memory.floats(Shape.of(1, count, 1), lower);
        Tensor z2 = memory.floats(Shape.of(1, count, 1), upper);
        Tensor given = memory.floats(Shape.of(1, PIXELS), x);
        Tensor between = deep.priors().getFirst().given(f, z2).logDensity(f, z1);
        return integral(sums(deep.logLikelihood(f, given, z1), between, BoundModel.logPrior(f, z2)));
    }

    private double[] sums(Tensor... terms) {
        double[] sums = new double[Math.toIntExact(terms[0].shape().size())];
        for (Tensor term : terms) {
            float[] values = cpu.floats(term);
            for (int i = 0; i < sums.length; i++) {
                sums[i] += values[i];
            }
        }
        return sums;
    }

    private double mean(Tensor y) {
        double sum = 0;
        for (float value : cpu.floats(y)) {
            sum += value;
        }
        return sum / y.shape().size();
    }

    private Draw draw(int order) {
        return Draw.of(Noise.of(7, 0, Purpose.EVALUATE, order), memory);
    }

    /// ELBO ≤ L_5 ≤ L_50 ≤ log p(x), in expectation, and near it in the end.
    private void assertBoundsRise(BoundModel model, double evidence, float... x) {
        int copies = 2_000;
        Tensor given =
                f.repeatRows(memory.floats(Shape.of(1, PIXELS), x), copies).as(Shape.of(copies, PIXELS));
        double one = mean(Bounds.sampledElbo(f, model, given, 1, draw(1)));
        double five = mean(Bounds.importanceWeighted(f, model, given, 5, draw(2)));
        double fifty = mean(Bounds.importanceWeighted(f, model, given, 50, draw(3)));
        String all = one + " " + five + " " + fifty + " " + evidence;
        assertTrue(one < five && five < fifty && fifty < evidence + 0.01, all);
        assertEquals(evidence, fifty, 0.1, all);
    }

    @Test
    void boundsRiseToTheEvidenceOfTwoLatentDimensions() {
        Vae diagonal = vae(NormalLayer.Diagonal::of, Output.Bernoulli::of);
        assertBoundsRise(diagonal, evidence(diagonal, 1, 0, 1), 1, 0, 1);
        Vae full = vae(NormalLayer.Full::of, Output.Bernoulli::of);
        assertBoundsRise(full, evidence(full, 0, 1, 1), 0, 1, 1);
    }

    @Test
    void boundsRiseToTheEvidenceOfTwoLayers() {
        DeepVae deep = deep();
        assertBoundsRise(deep, evidence(deep, 1, 1, 0), 1, 1, 0);
    }

    @Test
    void twoLayersAreADistribution() {
        DeepVae deep = deep();
        double sum = 0;
        for (int code = 0; code < 1 << PIXELS; code++) {
            sum += Math.exp(evidence(deep, code & 1, code >> 1 & 1, code >> 2 & 1));
        }
        assertEquals(1, sum, 1e-4);
    }

    @Test
    void threeLevelsAreADistribution() {
        Vae vae = vae(NormalLayer.Diagonal::of, Output.Categorical.of(3));
        double sum = 0;
        for (int code = 0; code < 27; code++) {
            sum += Math.exp(evidence(vae, code % 3 / 2f, code / 3 % 3 / 2f, code / 9 / 2f));
        }
        assertEquals(1, sum, 1e-4);
    }

    /// A value between two levels is the mean of both, as a value between 0 and 1 is to a Bernoulli output.
    @Test
    void aValueBetweenTwoLevelsCountsForBoth() {
        Vae vae = vae(NormalLayer.Diagonal::of, Output.Categorical.of(3));
        Tensor z = memory.floats(Shape.of(1, 2), 0.3f, -0.8f);
        double low = likelihood(vae, z, 0);
        double high = likelihood(vae, z, 0.5f);
        assertEquals(0.25 * low + 0.75 * high, likelihood(vae, z, 0.375f), 1e-5);
    }

    private double likelihood(Vae vae, Tensor z, float first) {
        return cpu.scalar(vae.logLikelihood(f, memory.floats(Shape.of(1, PIXELS), first, 1, 0), z));
    }

    /// 60,000 draws of the categorical output have its mean.
    @Test
    void drawsHaveTheMeanOfTheOutput() {
        int copies = 60_000;
        for (Output.Factory factory : List.of(
                Output.Bernoulli::of, Output.Gaussian::of, Output.FixedGaussian.of(0.2f), Output.Categorical.of(4))) {
            Output output = Parameters.of(cpu, "output", arena, m -> factory.of(2, 3, Clock.of(4, 0, m), m))
                    .model();
            Tensor one = memory.floats(Shape.of(1, 2), 0.7f, -1.1f);
            float[] mean = cpu.floats(output.mean(f, one));
            Tensor many = f.repeatRows(one, copies).as(Shape.of(copies, 2));
            float[] drawn =
                    cpu.floats(f.meanColumns(output.sample(f, many, draw(4)).drawn()));
            for (int i = 0; i < 3; i++) {
                assertEquals(mean[i], drawn[i], 0.02, output.toString());
            }
        }
    }

    @Test
    void aFixedDeviationIsLeastSquares() {
        Output output = Parameters.of(
                        cpu, "output", arena, m -> Output.FixedGaussian.of(0.5f).of(2, 3, Clock.of(4, 0, m), m))
                .model();
        Tensor h = memory.floats(Shape.of(1, 2), 0.7f, -1.1f);
        Tensor x = memory.floats(Shape.of(1, 3), 1, 2, 3);
        float[] mean = cpu.floats(output.mean(f, h));
        double squares = 0;
        for (int i = 0; i < 3; i++) {
            squares += (i + 1 - mean[i]) * (i + 1 - mean[i]);
        }
        double expected = -0.5 * squares / 0.25 - 3 * (Math.log(0.5) + 0.5 * Math.log(2 * Math.PI));
        assertEquals(expected, cpu.scalar(output.logLikelihood(f, h, x)), 1e-4);
    }

    @Test
    void gradientsOfDeepAndCategoricalModelsMatchDifferences() {
        Tensor x = memory.floats(Shape.of(2, PIXELS), 1, 0, 0.5f, 0, 1, 1);
        Parameters<DeepVae> deep = Parameters.of(
                cpu,
                "deep",
                arena,
                m -> DeepVae.of(
                        PIXELS,
                        List.of(List.of(4), List.of(3)),
                        List.of(2, 1),
                        Activation.TANH,
                        Output.Bernoulli::of,
                        Clock.of(5, 0, m),
                        m));
        Parameters<Vae> categorical = Parameters.of(
                cpu,
                "vae",
                arena,
                m -> Vae.of(
                        PIXELS,
                        List.of(4),
                        2,
                        Activation.TANH,
                        NormalLayer.Full::of,
                        Output.Categorical.of(3),
                        Clock.of(5, 0, m),
                        m));
        for (long seed = 0; seed < 3; seed++) {
            assertGradient(deep, x, seed);
            assertGradient(categorical, x, seed);
        }
    }

    private <M extends BoundModel> void assertGradient(Parameters<M> parameters, Tensor x, long seed) {
        List<Tensor> wanted =
                parameters.all().stream().map(Parameters.Parameter::value).toList();
        GradientCheck.Result result = GradientCheck.of(
                cpu,
                (ops, _) -> Bounds.importanceWeighted(ops, parameters.model(), x, 3, draw(6)),
                wanted,
                wanted,
                seed);
        assertEquals(0, result.error(), 3e-3, result.toString());
    }

    /// The last bias says which unit is asleep: a mean that does not depend on x.
    @Test
    void aUnitWhoseMeanDoesNotMoveIsNotActive() {
        Parameters<Vae> parameters = Parameters.of(
                cpu,
                "vae",
                arena,
                m -> Vae.of(PIXELS, List.of(), 2, Activation.TANH, Output.Bernoulli::of, Clock.of(3, 0, m), m));
        if (parameters.model().posterior() instanceof NormalLayer.Diagonal(Dense mean, Dense _)) {
            cpu.write(new float[] {1, 0, 1, 0.02f, 1, 0}, mean.weight());
        }
        Tensor x = memory.floats(Shape.of(4, PIXELS), 0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1);
        ActiveUnits units = ActiveUnits.of(parameters.model(), x);
        assertEquals(1, units.count());
        assertEquals(1.25, units.variances()[0], 1e-5);
        assertEquals(0.0001, units.variances()[1], 1e-6);
    }
}
