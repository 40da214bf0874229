package dev.elbo.cli;

import dev.elbo.models.data.Datasets;
import dev.elbo.models.data.Letters;
import dev.elbo.models.data.SequenceSets;
import dev.elbo.models.recipe.Budget;
import dev.elbo.models.recipe.Course;
import dev.elbo.models.recipe.CrfRecipe;
import dev.elbo.models.recipe.HmmRecipe;
import dev.elbo.models.recipe.SequenceRecipe;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.MatrixPrecision;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
            "Models: " + TrainCommand.MODELS,
            "",
            "Examples:",
            "  elbo train vae",
            "  elbo train vae --data mnist:DIR --epochs 10 --batch 128 --hidden 400 --latent 20",
            "  elbo train iwae --data mnist:DIR --samples 50 --preset iwae-paper",
            "  elbo train denoising --corruption 0.5",
            "  elbo train rbm --hidden 100 --persistent",
            "  elbo train gan --data gaussians:grid",
            "  elbo train dcgan --data mnist:DIR",
            "  elbo train nn-crf --data letters:FILE",
            "  elbo train nn-crf --data letters:FILE --channels 16,32 --hidden 256",
            "  elbo train crf --data conll:DIR",
            "  elbo train nn-hmm --data spoken-digits:FILE",
            "  elbo train hmm --data symbols:FILE",
            "  elbo train --resume runs/vae-digits --epochs 100",
            "  elbo train --config runs/vae-digits/config.json --seed 2"
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TrainCommand implements Callable<Integer> {
    static final String MODELS =
            "autoencoder, denoising, vae, iwae, rbm, gan, dcgan, classifier, crf, nn-crf, hmm or nn-hmm.";

    /// Options that no configuration holds.
    private static final Set<String> OF_ANY =
            Set.of("--preset", "--nll", "--device", "--out", "--config", "--json", "--verbose");

    private static final Set<String> OF_RESUMED =
            Set.of("--resume", "--data", "--epochs", "--patience", "--nll", "--device", "--json", "--verbose");

    @Spec
    private CommandSpec spec;

    @picocli.CommandLine.Parameters(index = "0", arity = "0..1", paramLabel = "MODEL", description = MODELS)
    private String model;

    @Option(names = "--data", description = "Data set (default: ${DEFAULT-VALUE}); see `elbo train --list-data`.")
    private String data = "digits";

    @Option(names = "--list-data", description = "List the kinds of data sets and exit.")
    private boolean listData;

    @Option(
            names = "--epochs",
            description = "Passes over the data; of a crf, steps of L-BFGS; of an hmm, of EM"
                    + " (default: 50; gan: 40; dcgan and classifier: 5; crf: 150; nn-crf: 40; hmm: 20; nn-hmm: 60).")
    private Double epochs;

    @Option(
            names = "--batch",
            description =
                    "Examples of a step (default: 100; gan: 256; dcgan and classifier: 64; nn-crf: 50; nn-hmm: 20).")
    private Integer batch;

    @Option(
            names = "--lr",
            description =
                    "Learning rate of Adam (default: 0.001; dcgan: 0.0004; classifier and nn-crf: 0.002; nn-hmm: 0.003;"
                            + " with --momentum: 0.05).")
    private Double rate;

    @Option(
            names = "--hidden",
            split = ",",
            description = "Widths of hidden layers; of an rbm, its units (default: 200; of convolutions 32,64;"
                    + " gan: 96,96,96; nn-crf: 512; nn-hmm: 128,16).")
    private List<Integer> hidden;

    @Option(
            names = "--channels",
            split = ",",
            description = "Channels of an nn-crf's two convolutions over pictures, as 16,32 (default: none).")
    private List<Integer> channels = List.of();

    @Option(
            names = "--folds",
            description = "Folds that test, where the data has folds; all: each once (default: ${DEFAULT-VALUE}).")
    private String folds = "0";

    @Option(
            names = "--decay",
            description = "Weight decay of a crf, beside the sum (default: 1), or of an rbm's weights (default: 0).")
    private Double decay;

    @Option(names = "--components", description = "Gaussians of each state of an hmm (default: ${DEFAULT-VALUE}).")
    private int components = 2;

    @Option(names = "--diagonal", description = "Diagonal covariances of an hmm, not full ones.")
    private boolean diagonal;

    @Option(
            names = "--pseudo-counts",
            description = "Counts of what was never seen: of each start, transition and symbol of an hmm; with 0 it is"
                    + " impossible (default: ${DEFAULT-VALUE}).")
    private double pseudoCounts = HmmRecipe.COUNTS;

    @Option(names = "--dropout", description = "Percent of an nn-crf's units left out (default: ${DEFAULT-VALUE}).")
    private int dropout = 50;

    @Mixin
    private LatentOptions latent;

    @Mixin
    private CourseOptions course;

    @Mixin
    private GanOptions gan;

    /// Recipes of papers.
    enum Preset {
        /// Burda, Grosse & Salakhutdinov 2016, as in their code.
        iwaePaper {
            @Override
            public String toString() {
                return "iwae-paper";
            }
        }
    }

    @Option(
            names = "--preset",
            description =
                    "The recipe of a paper, for a vae or iwae: ${COMPLETION-CANDIDATES} (hidden 200,200, latent 50,"
                            + " batch 20, 3,280 epochs in stages of 3ⁱ, the authors' Adam, 400 examples held back).")
    private Preset preset;

    @Mixin
    private MachineOptions machine;

    @Option(
            names = "--nll",
            description = "Samples for the test likelihood (default: ${DEFAULT-VALUE}; 0: bound alone).")
    private int nll = 0;

    @Option(
            names = "--precision",
            description = "Of products and convolutions in training, where the device has a choice: fp32, tf32, bf16,"
                    + " or bf16x3, as exact as fp32 and quick for models of bits (default: tf32).")
    private MatrixPrecision precision = MatrixPrecision.TF32;

    @Option(names = "--seed", description = "Seed of every draw (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Option(names = "--device", description = RunOptions.DEVICES + " (default: ${DEFAULT-VALUE}).")
    private String device = "auto";

    @Option(names = "--out", description = "Folder of the run (default: runs/MODEL-DATA).")
    private Path out;

    @Option(
            names = "--resume",
            description = "Go on with the run in this folder, with its --data, --epochs and --patience or other.")
    private Path resume;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Take everything from this file, the config.json of a run, but what other options say.")
    private Path file;

    @Option(names = "--json", description = "Print one JSON object as the last line.")
    private boolean json;

    private boolean interrupted;

    /// For picocli.
    TrainCommand() {}

    @Override
    public Integer call() throws IOException {
        PrintWriter terminal = spec.commandLine().getOut();
        if (listData) {
            Datasets.help().forEach(terminal::println);
            SequenceSets.help().forEach(terminal::println);
            return 0;
        }
        if (file != null && resume == null) {
            takeModel(Config.read(file));
        }
        if ((model == null) == (resume == null)) {
            throw new ParameterException(
                    spec.commandLine(), "Name a model to train, or a run with --resume. Models: " + MODELS);
        }
        if (preset != null && resume == null && !likely()) {
            throw new ParameterException(spec.commandLine(), "--preset " + preset + " is for vae and iwae");
        }
        if (nll < 0) {
            throw new ParameterException(spec.commandLine(), "--nll takes 0 or more");
        }
        if (resume != null) {
            Idle.refuse(
                    spec,
                    OF_RESUMED::contains,
                    "a run goes on as it was begun, but for --data, --epochs and --patience");
        }
        if (folds.equals("all")) {
            everyFold();
        } else {
            Config config = resume == null ? config(folds) : again();
            train(config, resume == null ? folder(config) : resume);
        }
        return 0;
    }

    private void takeModel(Config written) {
        if (!List.of(MODELS.split("[^a-z-]+")).contains(written.model())) {
            throw new BadInputException(
                    file.toString(), "unknown model; model=" + written.model(), "use " + MODELS.replace(".", ""));
        }
        if (model != null && !model.equals(written.model())) {
            throw new ParameterException(
                    spec.commandLine(), file + " is of another model; model=" + written.model() + ", asked=" + model);
        }
        if (preset != null) {
            throw new ParameterException(spec.commandLine(), "--preset and --config both say everything: name one");
        }
        model = written.model();
        if (!Idle.given(spec).contains("--data")) {
            data = written.data();
        }
    }

    private Config config(String held) {
        Config plain = options(held);
        Config written = file == null ? plain : Config.read(file);
        // How many layers there are, the file says.
        Config options = written.has("--between") ? plain.with("between", latent.between()) : plain;
        Idle.refuse(
                spec,
                option -> OF_ANY.contains(option) || options.has(option) || written.has(option),
                "this " + model + " does without");
        Idle.refuse(spec, option -> !option.equals("--nll") || likely(), "this " + model + " has no likelihood");
        Config whole = file == null ? options : written.changedBy(options, Idle.given(spec));
        LatentOptions.refuseIdle(spec, whole);
        MachineOptions.refuseIdle(spec, whole);
        return whole;
    }

    private boolean likely() {
        return Set.of("vae", "iwae").contains(model);
    }

    private Config options(String held) {
        Map<String, Json> members = new LinkedHashMap<>(recipe().values());
        members.put("data", Json.of(data));
        if (SequenceRecipe.NAMES.contains(model) && SequenceSets.names(data)) {
            members.put("folds", Json.of(numbers(held)));
        }
        Budget usual = usual();
        members.put("epochs", Json.of(epochs == null ? usual.epochs() : epochs));
        members.put("batch", Json.of(batch == null ? usual.batch() : batch));
        members.put("lr", Json.of(rate == null ? usual.rate() : rate));
        members.put("seed", Json.of(seed));
        members.put("precision", Json.of(precision.name().toLowerCase(Locale.ROOT)));
        Config plain = new Config(new Json.Members(members), "the options");
        if (!SequenceRecipe.NAMES.contains(model) && !model.equals(ClassifierExperiment.NAME)) {
            boolean contest = Set.of("gan", "dcgan").contains(model);
            CourseOptions.Rate usualRate = contest ? CourseOptions.Rate.cosine : CourseOptions.Rate.constant;
            Course taken = paper() ? course.iwaeCourse(plain.budget()) : course.course(plain.budget(), usualRate);
            members.putAll(taken.config().values());
        }
        return new Config(new Json.Members(members), "the options");
    }

    /// The configuration of the run to go on with, with what the options say otherwise: other data, more epochs,
    /// more patience.
    private Config again() throws IOException {
        Config own = OpenRun.config(resume);
        List<String> given = Idle.given(spec);
        Idle.refuse(
                spec,
                option -> !option.equals("--patience") || own.has(option),
                "this " + own.model() + " does without");
        Config config = given.contains("--data") ? own.with("data", Json.of(data)) : own;
        if (given.contains("--patience")) {
            config = config.with("patience", Json.of(course.patience()));
        }
        return epochs == null ? config : config.with("epochs", Json.of(epochs));
    }

    private Json.Members recipe() {
        return switch (model) {
            case "autoencoder", "denoising" ->
                latent.autoencoder(model, hidden(200)).config();
            case "vae", "iwae" ->
                latent.vae(model, paper() ? hidden(200, 200) : hidden(200), paper())
                        .config();
            case "rbm" ->
                machine.recipe(units(), batch == null ? usual().batch() : batch, decay == null ? 0 : decay)
                        .config();
            case "gan" ->
                gan.dense(hidden(96, 96, 96), latent.width(2), data.startsWith("gaussians:"))
                        .config();
            case "dcgan" -> gan.convolutional(latent.width(64)).config();
            case "classifier" -> new Json.Members(Map.of("model", Json.of(model)));
            case "crf" -> new CrfRecipe(model, List.of(), List.of(), 0, decay == null ? 1 : decay).config();
            case "nn-crf" -> new CrfRecipe(model, channels, hidden(512), dropout, 0).config();
            case "hmm" -> new HmmRecipe(model, List.of(), components, !diagonal, pseudoCounts).config();
            case "nn-hmm" -> {
                List<Integer> widths = hidden == null ? List.of(128, 16) : hidden;
                yield new HmmRecipe(model, widths, components, !diagonal, 0).config();
            }
            default -> throw new ParameterException(spec.commandLine(), "Unknown model '" + model + "': use " + MODELS);
        };
    }

    private List<Integer> hidden(Integer... widths) {
        return hidden != null ? hidden : latent.conv() ? List.of(32, 64) : List.of(widths);
    }

    private int units() {
        List<Integer> widths = hidden == null ? List.of(200) : hidden;
        if (widths.size() > 1) {
            throw new ParameterException(
                    spec.commandLine(), "An rbm has one layer of hidden units; --hidden=" + widths);
        }
        return widths.getFirst();
    }

    /// Whether the recipe is that of the IWAE paper.
    private boolean paper() {
        return preset != null;
    }

    /// What suits the model where no option says otherwise.
    private Budget usual() {
        return switch (model) {
            case "crf" -> new Budget(150, 100, 1e-3, seed);
            case "nn-crf" -> new Budget(40, 50, 2e-3, seed);
            case "hmm" -> new Budget(20, 100, 1e-3, seed);
            case "nn-hmm" -> new Budget(60, 20, 3e-3, seed);
            case "rbm" -> new Budget(50, 100, machine.descends() ? 0.05 : 1e-3, seed);
            case "gan" -> new Budget(40, 256, 1e-3, seed);
            case "dcgan" -> new Budget(5, 64, 4e-4, seed);
            case "classifier" -> new Budget(5, 64, 2e-3, seed);
            default -> paper() ? new Budget(3280, 20, 1e-3, seed) : new Budget(50, 100, 1e-3, seed);
        };
    }

    private List<Integer> numbers(String list) {
        if (!list.matches("\\d{1,6}(,\\d{1,6})*")) {
            throw new ParameterException(spec.commandLine(), "--folds takes numbers with commas between, or all");
        }
        return Arrays.stream(list.split(",")).map(Integer::valueOf).toList();
    }

    /// Trains a model for each fold, that one held out, and says the mean of their figures.
    private void everyFold() throws IOException {
        if (resume != null || !data.startsWith("letters:")) {
            throw new ParameterException(spec.commandLine(), "--folds all is for a new run on letters:FILE");
        }
        Path base = folder(config("0"));
        Map<String, DoubleSummaryStatistics> all = new LinkedHashMap<>();
        for (int fold = 0; fold < Letters.FOLDS && !interrupted; fold++) {
            train(config(String.valueOf(fold)), base.resolve("fold-" + fold))
                    .forEach((name, value) -> all.computeIfAbsent(name, _ -> new DoubleSummaryStatistics())
                            .accept(value));
        }
        Map<String, Double> means = new LinkedHashMap<>();
        all.forEach((name, values) -> {
            means.put(name, values.getAverage());
            spec.commandLine()
                    .getOut()
                    .println("%-22s %.4f, from %.4f to %.4f over %d folds"
                            .formatted(name, values.getAverage(), values.getMin(), values.getMax(), values.getCount()));
        });
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("model", model);
            line.put("folds", Letters.FOLDS);
            line.putAll(means);
            JsonLine.print(spec.commandLine().getOut(), line);
        }
    }

    /// One run; its figures.
    private Map<String, Double> train(Config config, Path place) throws IOException {
        PrintWriter terminal = spec.commandLine().getOut();
        try (Device on = RunOptions.device(device, config.precision());
                Arena owner = Arena.ofShared()) {
            Experiment experiment = Experiment.of(config, on, owner);
            terminal.println(experiment.summary());
            try (TrainingRun run = resume == null
                    ? TrainingRun.begin(experiment, on, place, config, terminal)
                    : TrainingRun.resume(experiment, on, place, config, terminal)) {
                TrainingRun.Outcome outcome = run.run(nll);
                interrupted = outcome.interrupted();
                if (!interrupted) {
                    report(new OpenRun(place, config, experiment), on, outcome.figures());
                }
                return outcome.figures();
            }
        }
    }

    private void report(OpenRun run, Device on, Map<String, Double> figures) throws IOException {
        PrintWriter terminal = spec.commandLine().getOut();
        Path page = Report.write(run);
        figures.forEach((name, value) -> {
            if (!name.equals("seconds")) {
                terminal.println("%-22s %.4f".formatted(name, value));
            }
        });
        String doubt = run.experiment().doubt(figures);
        if (!doubt.isEmpty()) {
            terminal.println("refused: " + doubt);
        }
        terminal.println("run     " + run.folder());
        terminal.println("report  " + page);
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("model", run.experiment().name());
            line.put("device", on.toString());
            line.put("epochs", run.config().budget().epochs());
            line.putAll(figures);
            line.put("refused", doubt.isEmpty() ? null : doubt);
            line.put("run", run.folder().toString());
            JsonLine.print(terminal, line);
        }
    }

    /// `--out`, or the first of runs/vae-digits, runs/vae-digits-2, … that does not exist.
    private Path folder(Config config) {
        if (out != null) {
            return out;
        }
        String name = model + "-" + config.data().replaceAll(":.*", "");
        Path folder = Path.of("runs", name);
        for (int i = 2; Files.exists(folder); i++) {
            folder = Path.of("runs", name + "-" + i);
        }
        return folder;
    }
}
