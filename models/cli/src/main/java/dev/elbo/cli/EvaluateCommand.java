package dev.elbo.cli;

import dev.elbo.models.data.Examples;
import dev.elbo.models.energy.Annealing;
import dev.elbo.models.quality.SampleQuality;
import dev.elbo.models.recipe.RbmRecipe;
import dev.elbo.models.recipe.VaeRecipe;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `elbo evaluate`: judges a trained model on its held-out data.
@Command(
        name = "evaluate",
        description = {
            "Judges a trained model on its held-out data, or on others, with the diagnostics of each figure.",
            "With --ais an rbm's log Z is estimated by annealing, there and back; what the diagnostics contradict",
            "is refused: the reason is given, and no number."
        },
        footer = {
            "",
            "Examples:",
            "  elbo evaluate runs/vae-digits --nll 5000",
            "  elbo evaluate runs/rbm-mnist --ais --betas literature",
            "  elbo evaluate runs/rbm --ais --data mnist:DIR",
            "  elbo evaluate runs/dcgan-mnist --classifier runs/classifier-mnist",
            "  elbo evaluate runs/nn-hmm-spoken-digits --word-penalty -10"
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class EvaluateCommand implements Callable<Integer> {
    /// Where annealing starts.
    enum Start {
        /// Base rates of the training data; of the model's own chains where there are none.
        data,
        /// Base rates of the model's own chains.
        model,
        /// All states alike.
        uniform
    }

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "Folder of the run.")
    private Path run;

    @Option(names = "--data", description = "Other data than the run's own; see `elbo train --list-data`.")
    private String data;

    @Option(names = "--nll", description = "Samples for the likelihood (default: ${DEFAULT-VALUE}; 0: bound alone).")
    private int nll = 500;

    @Option(
            names = "--classifier",
            paramLabel = "RUN",
            description = "Judge samples by the classifier of this run: confidence, classes, Fréchet distance.")
    private Path classifier;

    @Option(names = "--samples", description = "Samples that --classifier looks at (default: ${DEFAULT-VALUE}).")
    private int samples = 10_000;

    @Option(names = "--ais", description = "Estimate an rbm's log Z by annealed importance sampling.")
    private boolean ais;

    @Option(
            names = "--betas",
            description = "Temperatures of --ais: how many, evenly spaced, or literature, the 14,500 of Salakhutdinov &"
                    + " Murray 2008 (default: ${DEFAULT-VALUE}).")
    private String betas = "1000";

    @Option(names = "--chains", description = "Chains of --ais (default: ${DEFAULT-VALUE}).")
    private int chains = 100;

    @Option(
            names = "--start",
            description = "Base rates where --ais starts: ${COMPLETION-CANDIDATES}; without data those of the model"
                    + " (default: ${DEFAULT-VALUE}).")
    private Start start = Start.data;

    @Mixin
    private DecoderOptions decoder;

    @Option(names = "--seed", description = "Seed of every draw (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Option(names = "--device", description = RunOptions.DEVICES + " (default: ${DEFAULT-VALUE}).")
    private String device = "auto";

    @Option(names = "--json", description = "Print one JSON object as the last line.")
    private boolean json;

    /// For picocli.
    EvaluateCommand() {}

    @Override
    public Integer call() throws IOException {
        if (nll < 0) {
            throw new ParameterException(spec.commandLine(), "--nll takes 0 or more");
        }
        if (samples < 2) {
            throw new ParameterException(spec.commandLine(), "--classifier takes at least 2 --samples");
        }
        boolean enough = betas.equals("literature") || betas.matches("\\d{2,6}") && Integer.parseInt(betas) >= 30;
        if (!enough || chains < 10) {
            throw new ParameterException(spec.commandLine(), "--ais takes at least 30 --betas and 10 --chains");
        }
        refuseIdle();
        PrintWriter out = spec.commandLine().getOut();
        try (Device on = RunOptions.device(device);
                Arena owner = Arena.ofShared()) {
            Experiment opened = OpenRun.of(run, data, on, owner).experiment();
            refuseIdle(opened);
            Experiment experiment = decoder.on(opened);
            Judged judged = ais ? annealed(experiment) : judged(experiment, on, owner);
            judged.figures.forEach((name, value) -> out.println("%-22s %.4f".formatted(name, value)));
            if (!judged.doubt.isEmpty()) {
                out.println("refused: " + judged.doubt);
            }
            if (json) {
                Map<String, Object> line = new LinkedHashMap<>();
                line.put("model", experiment.name());
                line.put("device", on.toString());
                line.putAll(judged.figures);
                line.put("refused", judged.doubt.isEmpty() ? null : judged.doubt);
                JsonLine.print(out, line);
            }
        }
        return 0;
    }

    private void refuseIdle() {
        Set<String> annealing = Set.of("--betas", "--chains", "--start");
        Set<String> others = Set.of("--nll", "--classifier", "--samples", "--word-penalty", "--score-scale");
        Idle.refuse(spec, option -> ais || !annealing.contains(option), "it is for --ais");
        Idle.refuse(spec, option -> !ais || !others.contains(option), "--ais looks at log Z alone");
        Idle.refuse(spec, option -> classifier != null || !option.equals("--samples"), "it is for --classifier");
    }

    private void refuseIdle(Experiment opened) {
        boolean likely = opened instanceof ExampleExperiment<?> examples && examples.recipe() instanceof VaeRecipe;
        Idle.refuse(
                spec, option -> likely || !option.equals("--nll"), "it is for a vae or iwae; model=" + opened.name());
        boolean words = opened instanceof SequenceExperiment<?>;
        Set<String> decoding = Set.of("--word-penalty", "--score-scale");
        Idle.refuse(spec, option -> words || !decoding.contains(option), "it is for sequences; model=" + opened.name());
    }

    /// @param doubt why the figures are not to be quoted; empty when they are
    private record Judged(Map<String, Double> figures, String doubt) {}

    private Judged judged(Experiment experiment, Device on, Arena owner) throws IOException {
        Map<String, Double> figures = experiment.evaluate(nll, seed);
        if (classifier != null) {
            figures.putAll(seen(experiment, on, owner).figures());
        }
        return new Judged(figures, experiment.doubt(figures));
    }

    private SampleQuality seen(Experiment experiment, Device on, Arena owner) throws IOException {
        if (!(OpenRun.of(classifier, on, owner).experiment() instanceof ClassifierExperiment judge)) {
            throw new BadInputException(
                    classifier.toString(), "no run of a classifier", "train one: elbo train classifier --data …");
        }
        if (!(experiment instanceof ExampleExperiment<?> opened && opened.fits(judge.set()))) {
            throw new BadInputException(
                    classifier.toString(),
                    "it knows other examples than the model; its data=" + judge.dataName() + ", the model's="
                            + experiment.dataName(),
                    "train a classifier on the same kind of pictures");
        }
        SampleQuality quality = opened.quality(judge.classifier(), samples, seed);
        GanReport.keep(run, classifier, quality);
        return quality;
    }

    private Judged annealed(Experiment experiment) throws IOException {
        if (!(experiment instanceof ExampleExperiment<?> opened
                && opened.recipe() instanceof RbmRecipe recipe
                && opened.parameters().model() instanceof RbmRecipe.Machine machine)) {
            throw new BadInputException(
                    run.toString(), "--ais is for an rbm; model=" + experiment.name(), "leave it out");
        }
        Examples train = opened.data().set().train();
        float[] base = switch (start) {
            case data ->
                train.count() > 0
                        ? RbmRecipe.rates(machine.rbm(), train)
                        : Annealing.ownRates(machine.rbm(), chains, seed);
            case model -> Annealing.ownRates(machine.rbm(), chains, seed);
            case uniform -> new float[machine.rbm().visible()];
        };
        float[] path = betas.equals("literature") ? Annealing.literature() : Annealing.betas(Integer.parseInt(betas));
        RbmRecipe.Annealed annealed = recipe.anneal(machine, opened.data().test(), base, path, chains, seed);
        EnergyReport.keep(run, annealed.estimate());
        return new Judged(annealed.figures(), annealed.estimate().refused());
    }
}
