package dev.elbo.cli;

import dev.elbo.models.recipe.Budget;
import dev.elbo.models.recipe.Imported;
import dev.elbo.models.recipe.WeightFile;
import dev.elbo.models.training.RunFolder;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `elbo import`: weights that somebody else trained, as a run.
@Command(
        name = "import",
        description = {
            "Makes a run of weights that somebody else trained, to be evaluated, sampled and trained on as if it had",
            "been trained here. FILE is .npz or .safetensors, its tensors float32 or float64:",
            "",
            "rbm   weights (visible, hidden), with --transposed (hidden, visible), visible_bias (visible),",
            "      hidden_bias (hidden); units are bits",
            "vae   encoder.N.weight, encoder.N.bias (tanh layers, N from 0), mean.weight, mean.bias,",
            "      log_variance.weight, log_variance.bias, decoder.N.weight, decoder.N.bias, logits.weight,",
            "      logits.bias; weights are (inputs, outputs), with --transposed (outputs, inputs) as PyTorch has",
            "      them; the decoder's layers are as wide as the encoder's, in reverse"
        },
        footer = {
            "",
            "Examples:",
            "  elbo import rbm weights.npz --out runs/theirs",
            "  elbo evaluate runs/theirs --ais --data mnist:DIR",
            "  elbo train --resume runs/theirs --data mnist:DIR --epochs 10"
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ImportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "rbm or vae.")
    private String model;

    @Parameters(index = "1", paramLabel = "FILE", description = "The weights.")
    private Path file;

    @Option(names = "--data", description = "Data set of the run (default: none; other commands can name one).")
    private String data;

    @Option(names = "--transposed", description = "Weights lie as (outputs, inputs), of an rbm as (hidden, visible).")
    private boolean transposed;

    @Option(names = "--out", description = "Folder of the run (default: runs/MODEL-FILE).")
    private Path out;

    @Option(names = "--json", description = "Print one JSON object as the last line.")
    private boolean json;

    /// For picocli.
    ImportCommand() {}

    @Override
    public Integer call() throws IOException {
        PrintWriter terminal = spec.commandLine().getOut();
        if (!List.of("rbm", "vae").contains(model)) {
            throw new ParameterException(spec.commandLine(), "Unknown model '" + model + "': use rbm or vae");
        }
        try (Device on = CpuDevice.open();
                Arena owner = Arena.ofShared()) {
            WeightFile weights = WeightFile.read(file, owner);
            Imported<?> imported =
                    model.equals("rbm") ? Imported.rbm(weights, transposed) : Imported.vae(weights, transposed);
            run(imported, on, owner, terminal);
        }
        return 0;
    }

    private <M> void run(Imported<M> imported, Device on, Arena owner, PrintWriter terminal) throws IOException {
        Config config = config(imported);
        ExampleExperiment<M> experiment = ExampleExperiment.of(imported.recipe(), config, on, owner);
        imported.into(experiment.parameters());
        Path place = out == null ? Path.of("runs", model + "-" + name()) : out;
        try (RunFolder folder = RunFolder.create(place, config.members());
                Training training = experiment.begun()) {
            folder.save(0, Map.of("imported", file.toString()), training.state());
        }
        terminal.println("%s of %s".formatted(model, imported.summary()));
        terminal.println("run     " + place);
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("model", model);
            line.put("run", place.toString());
            JsonLine.print(terminal, line);
        }
    }

    private Config config(Imported<?> imported) {
        Budget usual = new Budget(50, 100, 1e-3, 1);
        Map<String, Json> members =
                new LinkedHashMap<>(imported.recipe().config().values());
        members.put("data", Json.of(data == null ? "none:" + imported.extents() : data));
        members.put("epochs", Json.of(usual.epochs()));
        members.put("batch", Json.of(usual.batch()));
        members.put("lr", Json.of(usual.rate()));
        members.put("seed", Json.of(usual.seed()));
        members.put("imported", Json.of(file.toString()));
        return new Config(new Json.Members(members), file.toString());
    }

    /// The file without folders and ending.
    private String name() {
        return file.getFileName().toString().replaceAll("\\.[^.]*$", "");
    }
}
