package dev.elbo.cli;

import dev.elbo.models.data.Dataset;
import dev.elbo.models.data.Examples;
import dev.elbo.models.data.Gaussians;
import dev.elbo.models.latent.Coder;
import dev.elbo.models.latent.Imputation;
import dev.elbo.models.quality.Classifier;
import dev.elbo.models.quality.SampleQuality;
import dev.elbo.models.recipe.Course;
import dev.elbo.models.recipe.Imputing;
import dev.elbo.models.recipe.RbmRecipe;
import dev.elbo.models.recipe.Recipe;
import dev.elbo.models.recipe.Reconstructing;
import dev.elbo.models.recipe.Sampling;
import dev.elbo.models.recipe.Validating;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;

/// A model of single examples.
///
/// @param <M>        the model
/// @param recipe     what the configuration says
/// @param data       on the device
/// @param parameters of the model
/// @param course     of its training
/// @param memory     for what is made with the model
record ExampleExperiment<M>(
        Recipe<M> recipe, RunOptions.Loaded data, Parameters<M> parameters, Course course, Memory memory)
        implements Experiment {
    private static final String SAMPLED = "train one that can be drawn from: vae, iwae, rbm, gan or dcgan";

    static <M> ExampleExperiment<M> of(Recipe<M> recipe, Config config, Device device, Arena owner) {
        RunOptions.Loaded loaded = RunOptions.Loaded.of(config.data(), recipe.binary(), device, owner);
        if (recipe.withinUnit()) {
            requireUnit(loaded.set().name(), loaded.set().train());
            requireUnit(loaded.set().name(), loaded.set().test());
        }
        Course course = Course.of(config.members(), config.budget(), config.source());
        Parameters<M> parameters =
                recipe.build(device, loaded.set().train(), course.budget().seed(), owner);
        return new ExampleExperiment<>(recipe, loaded, parameters, course, Memory.of(device, "use", owner));
    }

    private static void requireUnit(String data, Examples examples) {
        if (!examples.withinUnit()) {
            float[] range = examples.range();
            throw new BadInputException(
                    "data set " + data,
                    "values are not in [0, 1], as this model takes them for; lowest=" + range[0] + ", highest="
                            + range[1],
                    "scale them, or have a model of real numbers: --output gaussian, of an rbm --real");
        }
    }

    @Override
    public String name() {
        return recipe.name();
    }

    @Override
    public String dataName() {
        return data.set().name();
    }

    @Override
    public String summary() {
        return data.set().summary();
    }

    @Override
    public String learnedFrom() {
        Examples train = data.set().train();
        return Provenance.hash(train.values(), train.labels());
    }

    @Override
    public Training training() {
        if (data.set().train().count() == 0) {
            throw new BadInputException(
                    "data set " + dataName(), "no examples to train on", "name others: --data digits");
        }
        int learned = course.learned(data.set().train().count());
        return recipe.training(parameters, data.train().rows(0, learned), course, memory);
    }

    /// A training of data that may have no examples, for what is saved before the first step: none of it depends on
    /// the data, so a blank example stands for them.
    Training begun() {
        int features = data.set().train().features();
        return recipe.training(parameters, memory.floats(Shape.of(1, features), new float[features]), course, memory);
    }

    @Override
    public Optional<DoubleSupplier> heldLoss() {
        if (course.held() == 0) {
            return Optional.empty();
        }
        if (!(recipe instanceof Validating<?>)) {
            throw new BadInputException(
                    "--validation " + course.held(),
                    "the loss of this model says nothing about its state; model=" + name(),
                    "leave it out");
        }
        // What implements both does so for its own model.
        @SuppressWarnings("unchecked")
        Validating<M> validating = (Validating<M>) recipe;
        Tensor held = held();
        return Optional.of(() -> validating.loss(parameters.model(), held, RunOptions.TEST_SEED));
    }

    @Override
    public int patience() {
        return course.patience();
    }

    /// Examples at the end of the training part, bits where the recipe is of bits.
    private Tensor held() {
        Examples train = data.set().train();
        int[] rows =
                IntStream.range(course.learned(train.count()), train.count()).toArray();
        try (Arena arena = Arena.ofConfined()) {
            Tensor held = train.select(rows, arena).upload(memory);
            return recipe.binary() ? RunOptions.coins(held, memory) : held;
        }
    }

    @Override
    public Map<String, Double> evaluate(int samples, long seed) {
        // A machine's log Z asks for no data.
        if (data.set().test().count() == 0 && !(recipe instanceof RbmRecipe)) {
            throw new BadInputException(
                    "data set " + dataName(), "no examples to judge it by", "name others: --data digits");
        }
        Map<String, Double> figures = recipe.evaluate(parameters.model(), data.test(), samples, seed);
        if (recipe instanceof Sampling<?>) {
            Gaussians.of(data.set()).ifPresent(toy -> coverage(toy, seed, figures));
        }
        return figures;
    }

    /// What of a toy the samples cover: `modes` of `modes_of`, share `near` a mode, `modes_divergence` of their shares.
    private void coverage(Gaussians toy, long seed, Map<String, Double> figures) {
        Gaussians.Coverage coverage = toy.coverage(parameters.values().device().floats(sample(10_000, seed)));
        figures.put("modes", (double) coverage.modes());
        figures.put("modes_reached", (double) coverage.reached());
        figures.put("modes_of", (double) toy.centres().size());
        figures.put("near", coverage.near());
        figures.put("modes_divergence", coverage.divergence());
    }

    /// Whether these are examples of the same kind.
    boolean fits(Dataset other) {
        return data.set().train().item().equals(other.train().item());
    }

    /// What a classifier sees in samples.
    SampleQuality quality(Classifier classifier, int count, long seed) {
        @SuppressWarnings("unchecked")
        Sampling<M> sampling = as(Sampling.class, SAMPLED);
        return SampleQuality.of(
                classifier,
                (n, part, some) -> sampling.sample(parameters.model(), n, seed + part, some),
                count,
                data.set().train(),
                data.set().test(),
                parameters.values().device());
    }

    @Override
    public String doubt(Map<String, Double> figures) {
        return recipe.doubt(figures);
    }

    /// Features of examples as they are, without coins: where a model with a space of codes finds them there, or how
    /// likely each hidden unit of a machine is to be on.
    ///
    /// @param examples any number of them
    /// @return (n, m), row-major; m is length / n
    float[] features(Examples examples) {
        Device device = parameters.values().device();
        try (Arena owner = Arena.ofShared()) {
            Memory some = Memory.of(device, "features", owner);
            Ops f = Ops.plain(some);
            Tensor x = examples.upload(some);
            return device.floats(
                    parameters.model() instanceof RbmRecipe.Machine machine
                            ? machine.rbm().hiddenGivenVisible(f, x)
                            : coder().code(f, x));
        }
    }

    /// The recipe as one that can do more.
    ///
    /// @param kind   what it must be able to do
    /// @param remedy what to do where it cannot
    <T> T as(Class<T> kind, String remedy) {
        if (kind.isInstance(recipe)) {
            return kind.cast(recipe);
        }
        throw new BadInputException("model " + name(), "has no such use", remedy);
    }

    /// Held-out examples by number; (rows, features).
    Tensor examples(int... rows) {
        Tensor test = data.test();
        return Ops.plain(memory).gatherRows(test, memory.ints(Shape.of(rows.length), rows));
    }

    /// Fantasies; (count, features).
    @SuppressWarnings("unchecked")
    Tensor sample(int count, long seed) {
        Sampling<M> sampling = as(Sampling.class, SAMPLED);
        return sampling.sample(parameters.model(), count, seed, memory);
    }

    /// @param x (n, features)
    @SuppressWarnings("unchecked")
    Tensor reconstruct(Tensor x, long seed) {
        Reconstructing<M> reconstructing =
                as(Reconstructing.class, "train one that takes examples in: autoencoder, vae or rbm");
        return reconstructing.reconstruct(parameters.model(), x, seed, memory);
    }

    /// The way through the model for a chain that fills in what is missing.
    @SuppressWarnings("unchecked")
    Imputation.Through through() {
        Imputing<M> imputing = as(Imputing.class, "train one that can: vae, iwae or rbm");
        return imputing.through(parameters.model());
    }

    /// The model as one with a space of codes.
    Coder coder() {
        if (parameters.model() instanceof Coder coder) {
            return coder;
        }
        throw new BadInputException("model " + name(), "has no space of codes", "train autoencoder, vae or iwae");
    }
}
