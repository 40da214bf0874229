package dev.elbo.models.recipe;

import dev.elbo.models.data.Examples;
import dev.elbo.models.latent.ActiveUnits;
import dev.elbo.models.latent.BoundModel;
import dev.elbo.models.latent.Bounds;
import dev.elbo.models.latent.DeepVae;
import dev.elbo.models.latent.Evidence;
import dev.elbo.models.latent.Imputation;
import dev.elbo.models.latent.Vae;
import dev.elbo.models.layers.Extents;
import dev.elbo.models.layers.NormalLayer;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Scheduled;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A variational autoencoder, trained by the ELBO, or, as `iwae`, by the importance-weighted bound.
///
/// @param name    `vae` or `iwae`
/// @param layers  between the data and the latent variables
/// @param latent  dimensions of z; of each layer of latent variables, from the data on, where there are
///                several
/// @param between widths of the layers between two layers of latent variables
/// @param full    whether the posterior's covariance is a full one
/// @param output  what the decoder believes about the data, see [Believed]
/// @param aim     of the training
public record VaeRecipe(
        String name, Layers layers, List<Integer> latent, List<Integer> between, boolean full, String output, Aim aim)
        implements Recipe<BoundModel>,
                Sampling<BoundModel>,
                Reconstructing<BoundModel>,
                Imputing<BoundModel>,
                Validating<BoundModel> {
    /// The words for outputs, for help texts.
    public static final String OUTPUTS = Believed.WORDS;

    /// Copies the lists and says what does not go together.
    public VaeRecipe {
        latent = List.copyOf(latent);
        Believed.of(output, "--output");
        between = List.copyOf(between);
        if (latent.isEmpty() || full && latent.size() > 1) {
            throw new BadInputException(
                    "latent " + latent, "a full covariance is for one layer of latent variables", "name one");
        }
        if (layers.conv() && latent.size() > 1) {
            throw new BadInputException(
                    "latent " + latent, "convolutions are for one layer of latent variables", "name one");
        }
        aim.check(name, latent.size());
    }

    /// A model of bits with one layer of latent variables.
    public VaeRecipe(String name, List<Integer> hidden, int latent, int samples) {
        this(name, Layers.dense(hidden), List.of(latent), List.of(), false, "bernoulli", Aim.of(samples));
    }

    static VaeRecipe of(String name, Fields fields) {
        List<Integer> latent = fields.integers("latent");
        return new VaeRecipe(
                name,
                Layers.of(fields),
                latent,
                latent.size() > 1 ? fields.integers("between") : List.of(),
                fields.oneOf("posterior", "diagonal", "full").equals("full"),
                Believed.of(fields.text("output", "bernoulli"), fields.source()).text(),
                Aim.of(fields));
    }

    @Override
    public Json.Members config() {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("model", Json.of(name));
        layers.into(members);
        members.put("latent", latent.size() == 1 ? Json.of(latent.getFirst()) : Json.of(latent));
        if (latent.size() > 1) {
            members.put("between", Json.of(between));
        }
        members.put("posterior", Json.of(full ? "full" : "diagonal"));
        members.put("output", Json.of(output));
        aim.into(members);
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
    public Parameters<BoundModel> build(Device device, Examples train, long seed, Arena owner) {
        Parameters<BoundModel> built = Parameters.of(device, name, owner, memory -> fresh(train, seed, memory));
        believed().begin(built.model().output(), train, device);
        return built;
    }

    private BoundModel fresh(Examples train, long seed, Memory memory) {
        int features = train.features();
        Clock init = Clock.of(seed, 0, memory);
        Activation activation = layers.activation();
        List<Integer> hidden = layers.hidden();
        if (latent.size() > 1) {
            List<List<Integer>> widths = new ArrayList<>(Collections.nCopies(latent.size(), between));
            widths.set(0, hidden);
            return DeepVae.of(features, widths, latent, activation, believed().factory(), init, memory);
        }
        NormalLayer.Factory posterior = full ? NormalLayer.Full::of : NormalLayer.Diagonal::of;
        if (layers.conv()) {
            Extents image = layers.image(train);
            return Vae.ofImages(image, hidden, latent.getFirst(), posterior, believed()::factory, init, memory);
        }
        return Vae.of(
                features,
                hidden,
                latent.getFirst(),
                activation,
                posterior,
                believed().factory(),
                init,
                memory);
    }

    @Override
    public Trainer<BoundModel> training(Parameters<BoundModel> parameters, Tensor x, Course course, Memory memory) {
        int count = x.shape().rows();
        return new Trainer<>(parameters, x, objective(course, count, memory), course.plan(count, binary()));
    }

    private Trainer.Objective<BoundModel> objective(Course course, int count, Memory memory) {
        if (!aim.weighted()) {
            return (f, model, x, clock) -> f.minusMean(bound(f, model, x, clock.next(Purpose.TRAIN)));
        }
        Schedule weight = Schedule.constant(aim.beta());
        long steps = course.steps(count, aim.warmUp());
        Scheduled beta = Scheduled.of(steps == 0 ? weight : weight.warmUp(steps), memory);
        return (f, model, x, clock) -> {
            Bounds.Terms terms = terms(f, (Vae) model, x, clock.next(Purpose.TRAIN));
            return f.mean(f.minus(f.times(terms.kl(), beta.at(clock)), terms.likelihood()));
        };
    }

    private Bounds.Terms terms(Ops f, Vae vae, Tensor x, Draw draw) {
        return aim.sampledKl()
                ? Bounds.sampledTerms(f, vae, x, aim.samples(), draw)
                : Bounds.terms(f, vae, x, aim.samples(), draw);
    }

    /// What training makes large where nothing is weighted; (n).
    private Tensor bound(Ops f, BoundModel model, Tensor x, Draw draw) {
        if (name.equals("iwae")) {
            return Bounds.importanceWeighted(f, model, x, aim.samples(), draw, aim.estimator());
        }
        return model instanceof Vae vae && !aim.sampledKl()
                ? Bounds.elbo(f, vae, x, aim.samples(), draw)
                : Bounds.sampledElbo(f, model, x, aim.samples(), draw);
    }

    /// Minus the bound, whatever weighs its terms while training.
    @Override
    public double loss(BoundModel model, Tensor x, long seed) {
        return -Batches.mean(x, (f, part, from) -> bound(f, model, part, evaluation(seed, from, f)));
    }

    private static Draw evaluation(long seed, int from, Ops f) {
        return Draw.of(Noise.of(seed, from, Purpose.EVALUATE, 0), f.memory());
    }

    /// `test_elbo`, nats, and `active_units`; and with samples `ess` and `collapsed`, and, where these do not
    /// contradict it, `test_nll`, see [Evidence].
    @Override
    public Map<String, Double> evaluate(BoundModel model, Tensor test, int samples, long seed) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("test_elbo", Batches.mean(test, (f, x, from) -> {
            Draw draw = evaluation(seed, from, f);
            return model instanceof Vae vae
                    ? Bounds.elbo(f, vae, x, 1, draw)
                    : Bounds.sampledElbo(f, model, x, 1, draw);
        }));
        figures.put("active_units", (double) ActiveUnits.of(model, test).count());
        if (samples > 0) {
            Evidence evidence = Evidence.of(model, test, samples, seed);
            if (evidence.doubt().isEmpty()) {
                figures.put("test_nll", -evidence.mean());
            }
            figures.put("samples", (double) evidence.samples());
            figures.put("ess", evidence.effective());
            figures.put("collapsed", evidence.collapsed());
        }
        return figures;
    }

    @Override
    public String doubt(Map<String, Double> figures) {
        String doubt = Evidence.doubt(figures.getOrDefault("collapsed", 0.0));
        return doubt.isEmpty() ? "" : "test_nll: " + doubt;
    }

    @Override
    public Tensor sample(BoundModel model, int count, long seed, Memory memory) {
        Ops f = Ops.plain(memory);
        Draw draw = Draw.of(Noise.of(seed, 0, Purpose.SAMPLE, 0), memory);
        return model.fantasies(f, count, draw);
    }

    @Override
    public Tensor reconstruct(BoundModel model, Tensor x, long seed, Memory memory) {
        Ops f = Ops.plain(memory);
        return model.decode(f, model.code(f, x));
    }

    @Override
    public Imputation.Through through(BoundModel model) {
        return Imputation.of(model);
    }
}
