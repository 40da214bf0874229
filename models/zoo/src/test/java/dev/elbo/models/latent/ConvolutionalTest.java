package dev.elbo.models.latent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.latent.Bounds.Estimator;
import dev.elbo.models.layers.Extents;
import dev.elbo.models.layers.Head;
import dev.elbo.models.layers.NormalLayer;
import dev.elbo.models.layers.OnCpu;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.GradientCheck;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ConvolutionalTest extends OnCpu {
    private static final Extents IMAGE = Extents.of(List.of(8, 4), 2);

    private Parameters<Vae> vae(Function<Head.Factory, Output.Factory> output) {
        return Parameters.of(
                cpu,
                "vae",
                arena,
                m -> Vae.ofImages(IMAGE, List.of(3, 4), 2, NormalLayer.Diagonal::of, output, Clock.of(3, 0, m), m));
    }

    private Tensor coins(int n) {
        Draw draw = Draw.of(Noise.of(1, 0, Purpose.DATA, 0), memory);
        return f.bernoullis(f.constant(Shape.of(n, IMAGE.size()), 0.5f), draw);
    }

    @Test
    void theWayBackEndsInAnImage() {
        Vae vae = vae(Output.Bernoulli::by).model();
        assertEquals(32, vae.features());
        assertEquals(new Extents(4, 2, 3).size(), vae.decoder().outputs());
        Tensor x = coins(5);
        assertEquals(Shape.of(5, 2), vae.code(f, x).shape());
        assertEquals(Shape.of(5, 32), vae.decode(f, vae.code(f, x)).shape());
    }

    /// Samples lie between examples and features: each is decoded as if alone.
    @Test
    void manySamplesAreDecodedAsOne() {
        for (Function<Head.Factory, Output.Factory> output : List.<Function<Head.Factory, Output.Factory>>of(
                Output.Bernoulli::by, head -> Output.Categorical.by(head, 3))) {
            Vae vae = vae(output).model();
            Tensor x = coins(2);
            float[] z = {0.3f, -1, 0.8f, 0.1f, -0.4f, 2, 1, 1, -1, 0, 0.5f, -0.5f};
            float[] all = cpu.floats(vae.logLikelihood(f, x, memory.floats(Shape.of(2, 3, 2), z)));
            for (int i = 0; i < 6; i++) {
                Tensor one = memory.floats(Shape.of(1, 2), z[2 * i], z[2 * i + 1]);
                assertEquals(all[i], cpu.scalar(vae.logLikelihood(f, x.rows(i / 3, i / 3 + 1), one)), 1e-4);
            }
        }
    }

    @Test
    void gradientsMatchDifferences() {
        Parameters<Vae> parameters = vae(Output.Bernoulli::by);
        // Where an image is all 0, a ReLU without a bias stands on its kink.
        for (Parameters.Parameter each : parameters.all()) {
            if (each.name().endsWith("bias")) {
                Draw draw = Draw.of(Noise.of(3, each.name().hashCode(), Purpose.DATA, 0), memory);
                cpu.write(cpu.floats(f.normals(each.value().shape(), draw)), each.value());
            }
        }
        Tensor x = coins(3);
        List<Tensor> wanted =
                parameters.all().stream().map(Parameters.Parameter::value).toList();
        Draw draw = Draw.of(Noise.of(2, 0, Purpose.TRAIN, 0), memory);
        GradientCheck.Result result =
                GradientCheck.of(cpu, (ops, _) -> Bounds.elbo(ops, parameters.model(), x, 2, draw), wanted, wanted, 4);
        assertEquals(0, result.error(), 5e-3, result.toString());
    }

    /// L_4 has one derivative, whatever estimates it: the plain estimate and the other, each averaged
    /// over many draws.
    @Test
    void doublyReparameterisedGradientsAreThoseOfTheBound() {
        Parameters<Vae> parameters = vae(Output.Bernoulli::by);
        Tensor x = f.repeatRows(coins(1), 300).as(Shape.of(300, IMAGE.size()));
        List<String> names = List.of("encoder.layers.0.weight", "posterior.mean.weight", "posterior.logVariance.bias");
        MeanGradient plain = MeanGradient.of(parameters, names, x, 4, Estimator.STANDARD, 40, memory);
        MeanGradient doubly = MeanGradient.of(parameters, names, x, 4, Estimator.DREG, 40, memory);
        double signal = 0;
        double noise = 0;
        for (int i = 0; i < plain.mean().length; i++) {
            double error = Math.hypot(plain.error()[i], doubly.error()[i]);
            assertEquals(plain.mean()[i], doubly.mean()[i], 5 * error + 1e-5, "parameter " + i);
            signal += doubly.mean()[i] * doubly.mean()[i];
            noise += error * error;
        }
        // The gradient is told apart from none at all: the comparison can fail.
        assertTrue(signal > 9 * noise, signal + " " + noise);
    }

    /// Two pictures that cannot be confused: log 2 is the best, 32 fair coins are 22.
    @Test
    void itLearnsTwoPictures() {
        Parameters<Vae> parameters = vae(Output.Bernoulli::by);
        float[] pictures = new float[2 * 32];
        for (int i = 0; i < 32; i++) {
            pictures[i] = i % 2;
            pictures[32 + i] = i / 4 % 2;
        }
        Tensor data = memory.floats(Shape.of(2, 32), pictures);
        Trainer.Objective<Vae> loss =
                (g, model, x, clock) -> g.minusMean(Bounds.elbo(g, model, x, 1, clock.next(Purpose.TRAIN)));
        double[] last = {0};
        try (Trainer<Vae> trainer = new Trainer<>(parameters, data, loss, Plan.adam(16, 400, 0.02, 1))) {
            trainer.run(progress -> {
                last[0] = progress.loss();
                return true;
            });
        }
        assertTrue(last[0] < 2 && last[0] > Math.log(2) - 1e-3, "loss " + last[0]);
    }

    @Test
    void anAutoencoderOfImagesGivesBackWhatAnAverageSaysAtFirst() {
        Parameters<Autoencoder> parameters = Parameters.of(
                cpu,
                "autoencoder",
                arena,
                m -> Autoencoder.ofImages(
                        IMAGE, List.of(3, 4), 2, head -> Output.FixedGaussian.by(head, 1), Clock.of(3, 0, m), m));
        Autoencoder model = parameters.model();
        for (Parameters.Parameter each : parameters.all()) {
            if (each.name().startsWith("output.mean.convolution")) {
                cpu.write(new float[Math.toIntExact(each.value().shape().size())], each.value());
            }
        }
        float[] means = new float[32];
        for (int i = 0; i < 32; i++) {
            means[i] = i / 32f;
        }
        if (model.output() instanceof Output.FixedGaussian gaussian) {
            cpu.write(means, gaussian.mean().bias());
        }
        assertArrayEquals(means, cpu.floats(model.decode(f, model.code(f, coins(1)))));
    }

    @Test
    void imagesThatCannotBeHalvedAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Extents.of(List.of(8, 6), 2));
        assertThrows(IllegalArgumentException.class, () -> Extents.of(List.of(64), 1));
    }
}
