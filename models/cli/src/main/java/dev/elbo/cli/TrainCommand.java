package dev.elbo.cli;

import dev.elbo.models.data.Datasets;
import dev.elbo.models.recipe.RbmRecipe;
import dev.elbo.models.recipe.Recipe;
import dev.elbo.models.recipe.VaeRecipe;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.RunFolder;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `elbo train`: trains a model, judges it on held-out data, and leaves a run folder behind.
@Command(
        name = "train",
        description = {
            "Trains a model on a data set, judges it on held-out data, and leaves a folder behind: configuration,",
            "metrics, checkpoints and a report. Without further options it trains on the digits in the jar."
        },
        footer = {
            "",
            "Models: vae, iwae, rbm.",
            "",
            "Examples:",
            "  elbo train vae",
            "  elbo train vae --data mnist:DIR --epochs 10 --batch 128 --hidden 400 --latent 20",
            "  elbo train rbm --hidden 100 --persistent",
            "  elbo train --resume runs/vae-digits"
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TrainCommand implements Callable<Integer> {
    private static final long SAVE_NANOS = 30_000_000_000L;

    @Spec
    private CommandSpec spec;

    @picocli.CommandLine.Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "MODEL",
            description = "vae, iwae or rbm.")
    private String model;

    @Option(names = "--data", description = "Data set (default: ${DEFAULT-VALUE}); see `elbo train --list-data`.")
    private String data = "digits";

    @Option(names = "--list-data", description = "List the kinds of data sets and exit.")
    private boolean listData;

    @Option(names = "--epochs", description = "Passes over the data (default: ${DEFAULT-VALUE}).")
    private double epochs = 50;

    @Option(names = "--batch", description = "Examples of a step (default: ${DEFAULT-VALUE}).")
    private int batch = 100;

    @Option(names = "--lr", description = "Learning rate of Adam (default: ${DEFAULT-VALUE}).")
    private double rate = 1e-3;

    @Option(
            names = "--hidden",
            split = ",",
            description = "Widths of hidden layers; of an rbm, its units (default: 200).")
    private List<Integer> hidden = List.of(200);

    @Option(names = "--latent", description = "Latent dimensions (default: ${DEFAULT-VALUE}).")
    private int latent = 20;

    @Option(names = "--samples", description = "Samples of z for each example (default: 1; iwae: 5).")
    private Integer samples;

    @Option(names = "--cd", description = "Gibbs steps of an rbm's update (default: ${DEFAULT-VALUE}).")
    private int gibbs = 1;

    @Option(names = "--persistent", description = "Keep an rbm's chains from update to update.")
    private boolean persistent;

    @Option(
            names = "--nll",
            description = "Samples for the test likelihood (default: ${DEFAULT-VALUE}; 0: bound alone).")
    private int nll = 0;

    @Option(names = "--seed", description = "Seed of every draw (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Option(names = "--device", description = RunOptions.DEVICES + " (default: ${DEFAULT-VALUE}).")
    private String device = "auto";

    @Option(names = "--out", description = "Folder of the run (default: runs/MODEL-DATA).")
    private Path out;

    @Option(names = "--resume", description = "Go on with the run in this folder.")
    private Path resume;

    @Option(names = "--json", description = "Print one JSON object as the last line.")
    private boolean json;

    private volatile boolean interrupted;

    /// For picocli.
    TrainCommand() {}

    @Override
    public Integer call() throws IOException {
        PrintWriter terminal = spec.commandLine().getOut();
        if (listData) {
            Datasets.help().forEach(terminal::println);
            return 0;
        }
        if ((model == null) == (resume == null)) {
            throw new ParameterException(spec.commandLine(), "Name a model to train, or a run with --resume.");
        }
        Json.Members config = resume == null ? config() : RunFolder.config(resume);
        String source =
                resume == null ? "the options" : resume.resolve("config.json").toString();
        try (Device on = RunOptions.device(device);
                Arena owner = Arena.ofShared()) {
            train(Recipe.of(config, source), config, on, owner);
        }
        return 0;
    }

    private Json.Members config() {
        Recipe<?> recipe = switch (model) {
            case "vae", "iwae" -> new VaeRecipe(model, hidden, latent, defaultSamples());
            case "rbm" -> new RbmRecipe(hidden.getFirst(), gibbs, batch, persistent);
            default ->
                throw new ParameterException(
                        spec.commandLine(), "Unknown model '" + model + "': use vae, iwae or rbm.");
        };
        Map<String, Json> members = new LinkedHashMap<>(recipe.config().values());
        members.put("data", Json.of(data));
        members.put("epochs", Json.of(epochs));
        members.put("batch", Json.of(batch));
        members.put("lr", Json.of(rate));
        members.put("seed", Json.of(seed));
        return new Json.Members(members);
    }

    private int defaultSamples() {
        return samples != null ? samples : model.equals("iwae") ? 5 : 1;
    }

    private <M> void train(Recipe<M> recipe, Json.Members config, Device on, Arena owner) throws IOException {
        PrintWriter terminal = spec.commandLine().getOut();
        RunOptions.Loaded loaded = RunOptions.Loaded.of(text(config, "data"), on, owner);
        int count = loaded.set().train().count();
        int size = (int) number(config, "batch");
        long steps = Plan.steps(count, size, number(config, "epochs"));
        long runSeed = (long) number(config, "seed");
        Plan plan = Plan.adam(size, steps, number(config, "lr"), runSeed)
                .binarised()
                .reporting((int) Math.max(1, steps / 50));
        terminal.println(loaded.set().summary());
        Parameters<M> parameters = recipe.build(on, loaded.set().train(), runSeed, owner);
        try (RunFolder folder = resume == null ? RunFolder.create(folder(), config) : RunFolder.resume(resume);
                Trainer<M> trainer = new Trainer<>(parameters, loaded.train(), recipe.objective(), plan)) {
            if (resume != null) {
                goOn(trainer, folder, owner);
            }
            Map<String, Double> figures = watch(trainer, folder);
            folder.save(trainer.steps(), Map.of(), trainer.state());
            if (interrupted) {
                terminal.println("stopped after step " + trainer.steps() + "; go on with: elbo train --resume "
                        + folder.folder());
                return;
            }
            figures.putAll(recipe.evaluate(parameters.model(), loaded.test(), nll, RunOptions.TEST_SEED));
            folder.measured(trainer.steps(), figures);
            finish(recipe, on, folder.folder(), figures, owner);
        }
    }

    private void goOn(Trainer<?> trainer, RunFolder folder, Arena owner) throws IOException {
        Checkpoint checkpoint = RunFolder.latest(folder.folder(), owner);
        trainer.restore(checkpoint);
        folder.rewind(trainer.steps());
        spec.commandLine().getOut().println("going on after step " + trainer.steps());
    }

    /// Trains to the end or to Ctrl-C; the figures of training.
    private Map<String, Double> watch(Trainer<?> trainer, RunFolder folder) {
        try (Interruption _ = new Interruption(() -> interrupted = true);
                ProgressLine line = new ProgressLine(spec.commandLine().getOut())) {
            Map<String, Double> figures = new LinkedHashMap<>();
            long[] saved = {System.nanoTime()};
            trainer.run(progress -> {
                line.show(progress);
                figures.put("train_loss", progress.loss());
                figures.put("seconds", progress.seconds());
                note(folder, progress);
                if (System.nanoTime() - saved[0] > SAVE_NANOS) {
                    save(folder, trainer);
                    saved[0] = System.nanoTime();
                }
                return !interrupted;
            });
            if (interrupted) {
                save(folder, trainer);
            }
            return figures;
        }
    }

    private static void note(RunFolder folder, Trainer.Progress progress) {
        try {
            folder.measured(progress.step(), Map.of("train_loss", progress.loss(), "rate", progress.rate()));
        } catch (IOException e) {
            throw new BadInputException(folder.folder(), "cannot be written: " + e.getMessage(), "free its disk", e);
        }
    }

    private static void save(RunFolder folder, Trainer<?> trainer) {
        try {
            folder.save(trainer.steps(), Map.of(), trainer.state());
        } catch (IOException e) {
            throw new BadInputException(folder.folder(), "cannot be written: " + e.getMessage(), "free its disk", e);
        }
    }

    private void finish(Recipe<?> recipe, Device on, Path folder, Map<String, Double> figures, Arena owner)
            throws IOException {
        PrintWriter terminal = spec.commandLine().getOut();
        Path page = Report.write(OpenRun.of(folder, on, owner));
        figures.forEach((name, value) -> {
            if (!name.equals("seconds")) {
                terminal.println("%-20s %.4f".formatted(name, value));
            }
        });
        String doubt = recipe.doubt(figures);
        if (!doubt.isEmpty()) {
            terminal.println("do not quote these figures: " + doubt);
        }
        terminal.println("run     " + folder);
        terminal.println("report  " + page);
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("model", recipe.name());
            line.put("device", on.toString());
            line.put("epochs", epochs);
            line.putAll(figures);
            line.put("refused", doubt.isEmpty() ? null : doubt);
            line.put("run", folder.toString());
            terminal.println(Json.of(line).compact());
        }
    }

    /// `--out`, or the first of runs/vae-digits, runs/vae-digits-2, … that does not exist.
    private Path folder() {
        if (out != null) {
            return out;
        }
        String name = model + "-" + data.replaceAll(":.*", "");
        Path folder = Path.of("runs", name);
        for (int i = 2; Files.exists(folder); i++) {
            folder = Path.of("runs", name + "-" + i);
        }
        return folder;
    }

    private static String text(Json.Members config, String name) {
        if (config.values().get(name) instanceof Json.Text(String text)) {
            return text;
        }
        throw new BadInputException("config.json", "`" + name + "` is not a text", "correct it");
    }

    private static double number(Json.Members config, String name) {
        if (config.values().get(name) instanceof Json.Number(BigDecimal number)) {
            return number.doubleValue();
        }
        throw new BadInputException("config.json", "`" + name + "` is not a number", "correct it");
    }
}
