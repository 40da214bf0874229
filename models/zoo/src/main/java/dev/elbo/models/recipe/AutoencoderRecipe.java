package dev.elbo.models.recipe;

import dev.elbo.models.data.Examples;
import dev.elbo.models.latent.Autoencoder;
import dev.elbo.models.latent.Output;
import dev.elbo.models.layers.Extents;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;

/// An autoencoder, trained to give back what it is shown, or, as `denoising`, what it is shown a part of.
///
/// @param name       `autoencoder` or `denoising`
/// @param layers     between the data and a code
/// @param latent     dimensions of a code
/// @param output     in what sense it is to be the same, see [Believed]
/// @param corruption share of the values that are hidden while training; 0 for a plain autoencoder
public record AutoencoderRecipe(String name, Layers layers, int latent, String output, double corruption)
        implements Recipe<Autoencoder>, Reconstructing<Autoencoder>, Validating<Autoencoder> {
    /// Checks the numbers.
    public AutoencoderRecipe {
        Believed.of(output, "--output");
        if (!(corruption >= 0 && corruption < 1)) {
            throw new BadInputException(
                    "--corruption " + corruption, "no share of the values", "use a number from 0 to below 1");
        }
    }

    static AutoencoderRecipe of(String name, Fields fields) {
        return new AutoencoderRecipe(
                name,
                Layers.of(fields),
                fields.integer("latent"),
                Believed.of(fields.text("output", "bernoulli"), fields.source()).text(),
                fields.number("corruption", 0));
    }

    @Override
    public Json.Members config() {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("model", Json.of(name));
        layers.into(members);
        members.put("latent", Json.of(latent));
        members.put("output", Json.of(output));
        members.put("corruption", Json.of(corruption));
        return new Json.Members(members);
    }

    @Override
    public boolean binary() {
        return believed().binary();
    }

    @Override
    public boolean withinUnit() {
        return believed().withinUnit();
    }

    private Believed believed() {
        return new Believed(output);
    }

    @Override
    public Parameters<Autoencoder> build(Device device, Examples train, long seed, Arena owner) {
        Parameters<Autoencoder> built =
                Parameters.of(device, name, owner, memory -> fresh(train, Clock.of(seed, 0, memory), memory));
        believed().begin(built.model().output(), train, device);
        return built;
    }

    private Autoencoder fresh(Examples train, Clock init, Memory memory) {
        if (layers.conv()) {
            Extents image = layers.image(train);
            return Autoencoder.ofImages(image, layers.hidden(), latent, believed()::factory, init, memory);
        }
        Output.Factory output = believed().factory();
        return Autoencoder.of(train.features(), layers.hidden(), latent, layers.activation(), output, init, memory);
    }

    @Override
    public Trainer<Autoencoder> training(Parameters<Autoencoder> parameters, Tensor x, Course course, Memory memory) {
        Trainer.Objective<Autoencoder> objective =
                (f, model, batch, clock) -> f.minusMean(score(f, model, batch, clock));
        return new Trainer<>(parameters, x, objective, course.plan(x.shape().rows(), binary()));
    }

    private Tensor score(Ops f, Autoencoder model, Tensor x, Clock clock) {
        return corruption == 0
                ? model.logLikelihood(f, x)
                : model.denoising(f, x, (float) corruption, clock.next(Purpose.TRAIN));
    }

    @Override
    public double loss(Autoencoder model, Tensor x, long seed) {
        return -Batches.mean(x, (f, part, from) -> {
            Draw draw = Draw.of(Noise.of(seed, from, Purpose.EVALUATE, 0), f.memory());
            return corruption == 0 ? model.logLikelihood(f, part) : model.denoising(f, part, (float) corruption, draw);
        });
    }

    /// `test_loss`, nats an example; `test_error`, mean square of what is wrong with a value; and of a
    /// denoising one `test_denoised_error`, the same when a part was hidden, beside `test_corrupted_error`,
    /// that of the part itself.
    @Override
    public Map<String, Double> evaluate(Autoencoder model, Tensor test, int samples, long seed) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("test_loss", loss(model, test, seed));
        figures.put("test_error", error(model, test, 0, seed));
        if (corruption > 0) {
            figures.put("test_denoised_error", error(model, test, corruption, seed));
            figures.put(
                    "test_corrupted_error",
                    Batches.mean(test, (f, x, from) -> squares(f, x, corrupted(f, x, corruption, seed, from))));
        }
        return figures;
    }

    private static double error(Autoencoder model, Tensor test, double hidden, long seed) {
        return Batches.mean(test, (f, x, from) -> {
            Tensor seen = hidden == 0 ? x : corrupted(f, x, hidden, seed, from);
            return squares(f, x, model.decode(f, model.code(f, seen)));
        });
    }

    private static Tensor corrupted(Ops f, Tensor x, double hidden, long seed, int from) {
        return f.corrupt(x, (float) (1 - hidden), Draw.of(Noise.of(seed, from, Purpose.EVALUATE, 1), f.memory()));
    }

    private static Tensor squares(Ops f, Tensor x, Tensor y) {
        return f.meanRows(f.square(f.minus(x, y)));
    }

    @Override
    public Tensor reconstruct(Autoencoder model, Tensor x, long seed, Memory memory) {
        Ops f = Ops.plain(memory);
        return model.decode(f, model.code(f, x));
    }
}
