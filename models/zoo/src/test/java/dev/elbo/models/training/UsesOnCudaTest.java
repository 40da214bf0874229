package dev.elbo.models.training;

import dev.elbo.models.energy.Annealing;
import dev.elbo.models.energy.Rbm;
import dev.elbo.models.latent.ActiveUnits;
import dev.elbo.models.latent.BoundModel;
import dev.elbo.models.latent.DeepVae;
import dev.elbo.models.latent.Evidence;
import dev.elbo.models.latent.Imputation;
import dev.elbo.models.latent.Output;
import dev.elbo.models.latent.Vae;
import dev.elbo.models.layers.BothDevices;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.util.List;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What one does with models of which nothing is learned any more, on the GPU of this run, where products run in the
/// fixed order: the numbers of the CPU.
@Tag("device")
class UsesOnCudaTest {
    private static final int FEATURES = 6;

    /// A use and the numbers that it comes to.
    private record Use(String name, Function<Memory, double[]> numbers) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Use> uses() {
        return Stream.of(
                new Use("annealing there and back", m -> annealed(rbm(m))),
                new Use("evidence of one layer", m -> evidence(vae(m), m)),
                new Use("evidence of two layers", m -> evidence(deep(m), m)),
                new Use("imputation through a vae", m -> imputed(Imputation.of(vae(m)), m)),
                new Use("imputation through an rbm", m -> imputed(Imputation.of(rbm(m)), m)),
                new Use("active units", m -> ActiveUnits.of(vae(m), examples(m)).variances()));
    }

    private static Clock init(Memory m) {
        return Clock.of(3, 0, m);
    }

    private static Rbm rbm(Memory m) {
        float[] weights = new float[FEATURES * 3];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = i * 7 % 5 / 2f - 1;
        }
        Tensor visible = m.floats(Shape.of(FEATURES), 0.3f, -0.2f, 0, 0.5f, -1, 0.1f);
        return new Rbm(m.floats(Shape.of(FEATURES, 3), weights), visible, m.floats(Shape.of(3), 0.1f, 0, -0.4f));
    }

    private static Vae vae(Memory m) {
        return Vae.of(FEATURES, List.of(4), 2, Activation.TANH, Output.Bernoulli::of, init(m), m);
    }

    private static DeepVae deep(Memory m) {
        List<List<Integer>> hidden = List.of(List.of(4), List.of(3));
        return DeepVae.of(FEATURES, hidden, List.of(3, 2), Activation.TANH, Output.Bernoulli::of, init(m), m);
    }

    /// (2, features)
    private static Tensor examples(Memory m) {
        return m.floats(Shape.of(2, FEATURES), 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1);
    }

    /// What every chain says, on both ways.
    private static double[] annealed(Rbm rbm) {
        Annealing.Estimate estimate = Annealing.estimate(rbm, new float[FEATURES], Annealing.betas(30), 10, 7);
        return Stream.of(estimate.forward(), estimate.backward())
                .flatMap(direction -> direction.each().stream())
                .mapToDouble(Double::doubleValue)
                .toArray();
    }

    private static double[] evidence(BoundModel model, Memory m) {
        return Evidence.of(model, examples(m), List.of(1, 7, 100), 5).stream()
                .flatMapToDouble(each -> DoubleStream.of(each.mean(), each.error(), each.effective()))
                .toArray();
    }

    private static double[] imputed(Imputation.Through through, Memory m) {
        Tensor known = m.floats(Shape.of(2, FEATURES), 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1);
        Tensor start = m.floats(Shape.of(FEATURES), 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f);
        Tensor filled = Imputation.fill(through, examples(m), known, start, new Imputation.Effort(2, 6, 3), m);
        return BothDevices.numbers(filled);
    }

    @ParameterizedTest
    @MethodSource("uses")
    void theNumbersAreThoseOfTheCpu(Use use) {
        BothDevices.agree(use.numbers);
    }
}
