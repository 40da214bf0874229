package dev.elbo.bench.trust;

import dev.elbo.models.data.Examples;
import dev.elbo.models.data.SequenceSet;
import dev.elbo.models.data.Sequences;
import dev.elbo.models.recipe.Budget;
import dev.elbo.models.recipe.Course;
import dev.elbo.models.recipe.DcganRecipe;
import dev.elbo.models.recipe.Recipe;
import dev.elbo.models.recipe.SequenceRecipe;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.RunFolder;
import dev.elbo.models.training.Trainer;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongConsumer;

/// A training run of the smallest model of its kind, from an empty folder to the last checkpoint: all that a
/// person's run does, in a moment. Started again on its folder, it goes on from the latest checkpoint.
public enum SmallRun {
    /// A restricted Boltzmann machine with a persistent chain.
    RBM("""
            {"model": "rbm", "hidden": 3, "steps": 1, "chains": 2, "persistent": true}"""),
    /// A variational autoencoder.
    VAE("""
            {"model": "vae", "hidden": [3], "latent": 2, "samples": 1, "output": "bernoulli"}"""),
    /// An importance-weighted one.
    IWAE("""
            {"model": "iwae", "hidden": [3], "latent": 2, "samples": 2, "output": "bernoulli"}"""),
    /// An autoencoder whose inputs are corrupted.
    DENOISING("""
            {"model": "denoising", "hidden": [3], "latent": 2, "corruption": 0.3, "output": "bernoulli"}"""),
    /// A GAN of dense layers.
    GAN("""
            {"model": "gan", "hidden": [3], "latent": 2, "objective": "non-saturating", "label": 0.9,
             "statistic": "deviation", "noise": 0.1, "spectral": true}"""),
    /// A GAN of convolutions.
    DCGAN("""
            {"model": "dcgan", "width": 2, "latent": 2, "objective": "non-saturating", "label": 1,
             "statistic": "none", "noise": 0, "spectral": false}"""),
    /// A conditional random field, by L-BFGS.
    CRF("""
            {"model": "crf", "decay": 1}"""),
    /// A network and a conditional random field.
    NN_CRF("""
            {"model": "nn-crf", "hidden": [3], "dropout": 20}"""),
    /// A hidden Markov model, by expectation maximisation.
    HMM("""
            {"model": "hmm", "components": 1, "full": false}"""),
    /// A network and a hidden Markov model.
    NN_HMM("""
            {"model": "nn-hmm", "hidden": [3, 2], "components": 1, "full": true}""");

    private static final int SIDE = 4;
    private static final int EXAMPLES = 6;
    private static final int FEATURES = 2;
    private static final int STATES = 2;
    private static final int[] STARTS = {0, 3, 4, 8};
    private static final int BATCH = 2;
    private static final int EVERY = 2;
    private static final double RATE = 0.01;
    private static final long SEED = 1;

    private final Json.Members config;

    SmallRun(String config) {
        this.config = (Json.Members) Json.parse(config, name());
    }

    /// Trains for some epochs and saves every second step and at the end.
    ///
    /// @param folder of the run; made if it does not exist
    /// @param epochs passes over six examples, in steps of two
    /// @param told   of each step once it is done, saving included
    public void train(Device device, Path folder, int epochs, LongConsumer told) throws IOException {
        boolean begun = Files.exists(folder.resolve("config.json"));
        try (Arena owner = Arena.ofShared();
                RunFolder run = begun ? RunFolder.resume(folder) : RunFolder.create(folder, config);
                Training training = training(device, epochs, owner)) {
            if (begun && RunFolder.hasCheckpoint(folder)) {
                training.restore(RunFolder.latest(folder, owner));
            }
            if (begun) {
                run.rewind(training.steps());
            }
            training.run(progress -> {
                save(run, training, progress);
                told.accept(progress.step());
                return true;
            });
        }
    }

    private static void save(RunFolder run, Training training, Trainer.Progress progress) {
        try {
            run.measured(progress.step(), Map.of("loss", progress.loss()));
            if (progress.step() % EVERY == 0 || progress.step() == progress.steps()) {
                run.save(progress.step(), Map.of(), training.state());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Steps of so many epochs.
    public long steps(int epochs) {
        boolean sequences =
                SequenceRecipe.NAMES.contains(((Json.Text) config.values().get("model")).value());
        return Plan.steps(sequences ? STARTS.length - 1 : EXAMPLES, BATCH, epochs);
    }

    /// A training that has not begun.
    ///
    /// @param epochs passes over the data
    /// @param owner  holds model and data
    public Training training(Device device, int epochs, Arena owner) {
        return training(device, epochs, RATE, x -> x, owner);
    }

    /// The same with another rate and other numbers.
    ///
    /// @param data makes of each number of [0, 1) what is learned from
    Training training(Device device, int epochs, double rate, DoubleUnaryOperator data, Arena owner) {
        Budget budget = new Budget(epochs, BATCH, rate, SEED);
        return switch (this) {
            case CRF, NN_CRF, HMM, NN_HMM ->
                ofSequences(SequenceRecipe.of(config, name()), sequences(data, owner), device, budget, owner);
            default -> {
                Recipe<?> recipe = Recipe.of(config, name());
                int side = recipe instanceof DcganRecipe ? 2 * SIDE : SIDE;
                yield ofExamples(recipe, examples(side, data, owner), device, budget, owner);
            }
        };
    }

    private static <M> Training ofExamples(
            Recipe<M> recipe, Examples examples, Device device, Budget budget, Arena owner) {
        Memory memory = Memory.of(device, "data", owner);
        Parameters<M> model = recipe.build(device, examples, SEED, owner);
        return recipe.training(model, examples.upload(memory), Course.plain(budget), memory);
    }

    private static <M> Training ofSequences(
            SequenceRecipe<M> recipe, SequenceSet set, Device device, Budget budget, Arena owner) {
        return recipe.training(recipe.build(device, set, SEED, owner), set, budget, owner);
    }

    private static Examples examples(int side, DoubleUnaryOperator data, Arena owner) {
        return new Examples(List.of(side, side), numbers(EXAMPLES * side * side, data, owner), new int[0], List.of());
    }

    private static SequenceSet sequences(DoubleUnaryOperator data, Arena owner) {
        int rows = STARTS[STARTS.length - 1];
        int[] labels = new int[rows];
        for (int row = 0; row < rows; row++) {
            labels[row] = row % STATES;
        }
        Sequences all = new Sequences(
                List.of(FEATURES),
                DType.F32,
                numbers(rows * FEATURES, data, owner),
                STARTS,
                labels,
                List.of("a", "b"),
                new int[STARTS.length - 1]);
        return new SequenceSet("small", all, all, 0);
    }

    /// Numbers, always the same.
    private static MemorySegment numbers(int count, DoubleUnaryOperator data, Arena owner) {
        SplittableRandom random = new SplittableRandom(SEED);
        MemorySegment values = owner.allocate(ValueLayout.JAVA_FLOAT, count);
        for (int i = 0; i < count; i++) {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) data.applyAsDouble(random.nextDouble()));
        }
        return values;
    }
}
