package dev.elbo.cli;

import dev.elbo.cli.explore.Exhibit;
import dev.elbo.cli.explore.ExploreServer;
import dev.elbo.cli.explore.Keyboard;
import dev.elbo.cli.explore.LatentExhibit;
import dev.elbo.cli.explore.LatentModel;
import dev.elbo.cli.explore.LetterKeyboard;
import dev.elbo.cli.explore.MachineExhibit;
import dev.elbo.cli.explore.SentenceKeyboard;
import dev.elbo.cli.explore.SequenceExhibit;
import dev.elbo.models.adversarial.Gan;
import dev.elbo.models.data.Examples;
import dev.elbo.models.data.SequenceSets;
import dev.elbo.models.data.Sequences;
import dev.elbo.models.data.TaggedText;
import dev.elbo.models.latent.Coder;
import dev.elbo.models.latent.Imputation;
import dev.elbo.models.recipe.Imputing;
import dev.elbo.models.recipe.RbmRecipe;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `elbo explore`: a page on this machine on which a person moves through a trained model.
@Command(
        name = "explore",
        description = {
            "Opens a page on this machine, and on no other, to move through a trained model: latent plane and sliders,",
            "pictures of one's own, filling in what is hidden, Gibbs chains, beliefs about sequences. Ctrl-C ends it."
        },
        footer = {"", "Example:", "  elbo explore runs/vae-digits"},
        mixinStandardHelpOptions = true)
final class ExploreCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "Folder of the run.")
    private Path run;

    @Option(names = "--port", description = "To listen on (default: one that is free).")
    private int port;

    @Option(names = "--device", description = RunOptions.DEVICES + " (default: ${DEFAULT-VALUE}).")
    private String device = "auto";

    /// For picocli.
    ExploreCommand() {}

    @Override
    public Integer call() throws IOException {
        PrintWriter terminal = spec.commandLine().getOut();
        try (Device on = RunOptions.device(device);
                Arena owner = Arena.ofShared()) {
            OpenRun opened = OpenRun.of(run, on, owner);
            Experiment experiment = opened.experiment();
            Map<String, String> title =
                    Map.of("name", experiment.name() + " on " + experiment.dataName(), "summary", experiment.summary());
            PrintWriter log = spec.commandLine().getErr();
            try (ExploreServer server = ExploreServer.start(port, exhibit(opened, owner), title, log);
                    Interruption _ = new Interruption(server::end)) {
                terminal.println("open  " + server.address());
                terminal.println("Ctrl-C ends it");
                server.serve();
            }
        }
        return 0;
    }

    private static Exhibit exhibit(OpenRun run, Arena owner) {
        return switch (run.experiment()) {
            case ExampleExperiment<?> examples -> exhibit(run, examples);
            case SequenceExperiment<?> sequences -> exhibit(run, sequences, owner);
            case ClassifierExperiment _ ->
                throw new BadInputException(run.folder().toString(), "nothing to explore", "use elbo evaluate");
        };
    }

    private static Exhibit exhibit(OpenRun run, ExampleExperiment<?> experiment) {
        Examples test = experiment.data().set().test();
        Device device = experiment.memory().device();
        Optional<Imputation.Through> through =
                experiment.recipe() instanceof Imputing<?> ? Optional.of(experiment.through()) : Optional.empty();
        return switch (experiment.parameters().model()) {
            case Coder coder -> new LatentExhibit(LatentModel.of(coder, through), test, device);
            case Gan gan -> new LatentExhibit(LatentModel.of(gan.generator()), test, device);
            case RbmRecipe.Machine machine -> new MachineExhibit(machine.rbm(), test, device);
            default ->
                throw new BadInputException(
                        run.folder().toString(), "nothing to explore; model=" + experiment.name(), "use elbo report");
        };
    }

    private static Exhibit exhibit(OpenRun run, SequenceExperiment<?> experiment, Arena owner) {
        Sequences test = experiment.set().test();
        List<List<String>> words = List.of();
        Optional<Keyboard> keyboard = Optional.empty();
        if (experiment.set().table() > 0) {
            SequenceSets.Chunked text = SequenceSets.chunked(run.config().data());
            words = text.test().sentences().stream()
                    .map(TaggedText.Sentence::words)
                    .toList();
            keyboard = Optional.of(SentenceKeyboard.of(text.train(), text.features()));
        } else if (LetterKeyboard.suits(test)) {
            keyboard = Optional.of(new LetterKeyboard(test));
        }
        int tags = experiment.set().classes().size();
        return new SequenceExhibit(experiment.tagger(), test, tags, words, keyboard, experiment.device());
    }
}
