package dev.elbo.models.training;

import dev.elbo.models.energy.Gibbs;
import dev.elbo.models.energy.Rbm;
import dev.elbo.models.energy.Visible;
import dev.elbo.models.latent.BoundModel;
import dev.elbo.models.latent.Bounds;
import dev.elbo.models.latent.DeepVae;
import dev.elbo.models.latent.Output;
import dev.elbo.models.latent.Vae;
import dev.elbo.models.layers.BothDevices;
import dev.elbo.models.layers.Extents;
import dev.elbo.models.layers.NormalLayer;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every kind of model that learns by gradients of batches, trained for some steps on the GPU of this run, where
/// products run in the fixed order: the bytes of the CPU.
@Tag("device")
class ModelsOnCudaTest {
    private static final Extents IMAGE = Extents.of(List.of(8, 4), 1);
    private static final int PIXELS = IMAGE.size();
    private static final int STEPS = 4;

    /// A model and what its training makes small.
    private record Subject<M>(String name, Function<Memory, M> model, Trainer.Objective<M> objective) {
        double[] trained(Memory memory) {
            try (Arena owner = Arena.ofShared()) {
                Parameters<M> parameters = Parameters.of(memory.device(), name, owner, model);
                Tensor data = memory.floats(Shape.of(6, PIXELS), grey());
                Plan plan = Plan.adam(4, STEPS, 0.01, 5);
                try (Trainer<M> trainer = new Trainer<>(parameters, data, objective, plan)) {
                    trainer.run(_ -> true);
                }
                return BothDevices.numbers(parameters.values());
            }
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static float[] grey() {
        float[] x = new float[6 * PIXELS];
        for (int e = 0; e < x.length; e++) {
            x[e] = e * 37 % 11 / 10f;
        }
        return x;
    }

    private static Clock init(Memory m) {
        return Clock.of(3, 0, m);
    }

    static Stream<Subject<?>> subjects() {
        return Stream.of(
                vae("vae", NormalLayer.Diagonal::of, Output.Bernoulli::of),
                vae("vae of full covariances", NormalLayer.Full::of, Output.Bernoulli::of),
                vae("vae of real pixels", NormalLayer.Diagonal::of, Output.Gaussian::of),
                vae("vae of four levels", NormalLayer.Diagonal::of, Output.Categorical.of(4)),
                new Subject<>(
                        "vae of images",
                        m -> Vae.ofImages(
                                IMAGE, List.of(3, 4), 2, NormalLayer.Diagonal::of, Output.Bernoulli::by, init(m), m),
                        (f, vae, x, clock) -> f.minusMean(Bounds.elbo(f, vae, x, 1, clock.next(Purpose.TRAIN)))),
                iwae("iwae", ModelsOnCudaTest::shallow, Bounds.Estimator.STANDARD),
                iwae("iwae of full covariances", ModelsOnCudaTest::full, Bounds.Estimator.STANDARD),
                iwae("iwae by STL", ModelsOnCudaTest::shallow, Bounds.Estimator.STL),
                iwae("iwae by DReG", ModelsOnCudaTest::shallow, Bounds.Estimator.DREG),
                iwae("deep iwae", ModelsOnCudaTest::deep, Bounds.Estimator.STANDARD),
                iwae("deep iwae by STL", ModelsOnCudaTest::deep, Bounds.Estimator.STL),
                iwae("deep iwae by DReG", ModelsOnCudaTest::deep, Bounds.Estimator.DREG),
                rbm("rbm", m -> Rbm.of(PIXELS, 5, init(m), m)),
                rbm("rbm of real units", m -> Rbm.of(PIXELS, 5, Visible.Gaussian.of(ones(), m), init(m), m)));
    }

    private static Subject<Vae> vae(String name, NormalLayer.Factory posterior, Output.Factory output) {
        return new Subject<>(
                name,
                m -> Vae.of(PIXELS, List.of(6), 2, Activation.TANH, posterior, output, init(m), m),
                (f, vae, x, clock) -> f.minusMean(Bounds.elbo(f, vae, x, 2, clock.next(Purpose.TRAIN))));
    }

    private static Vae shallow(Memory m) {
        return Vae.of(PIXELS, List.of(6), 2, Activation.TANH, Output.Bernoulli::of, init(m), m);
    }

    private static Vae full(Memory m) {
        return Vae.of(
                PIXELS,
                List.of(6),
                2,
                Activation.TANH,
                NormalLayer.Full::of,
                Output.FixedGaussian.of(0.5f),
                init(m),
                m);
    }

    private static DeepVae deep(Memory m) {
        List<List<Integer>> hidden = List.of(List.of(6), List.of(4));
        return DeepVae.of(PIXELS, hidden, List.of(3, 2), Activation.TANH, Output.Bernoulli::of, init(m), m);
    }

    private static <M extends BoundModel> Subject<M> iwae(
            String name, Function<Memory, M> model, Bounds.Estimator estimator) {
        return new Subject<>(
                name,
                model,
                (f, vae, x, clock) ->
                        f.minusMean(Bounds.importanceWeighted(f, vae, x, 3, clock.next(Purpose.TRAIN), estimator)));
    }

    private static Subject<Rbm> rbm(String name, Function<Memory, Rbm> model) {
        return new Subject<>(name, model, (f, rbm, x, clock) -> Gibbs.divergence(f, rbm, x, 2, clock, Purpose.TRAIN));
    }

    private static float[] ones() {
        float[] ones = new float[PIXELS];
        Arrays.fill(ones, 1);
        return ones;
    }

    @ParameterizedTest
    @MethodSource("subjects")
    void trainingEndsInTheBytesOfTheCpu(Subject<?> subject) {
        BothDevices.agree(subject::trained);
    }
}
