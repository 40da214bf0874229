package dev.elbo.cli;

import dev.elbo.runtime.Device;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `elbo evaluate`: judges a trained model on its held-out data.
@Command(
        name = "evaluate",
        description = "Judges a trained model on its held-out data, with the diagnostics of each figure.",
        footer = {"", "Example:", "  elbo evaluate runs/vae-digits --nll 5000"},
        mixinStandardHelpOptions = true)
final class EvaluateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "Folder of the run.")
    private Path run;

    @Option(names = "--nll", description = "Samples for the likelihood (default: ${DEFAULT-VALUE}; 0: bound alone).")
    private int nll = 500;

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
        PrintWriter out = spec.commandLine().getOut();
        try (Device on = RunOptions.device(device);
                Arena owner = Arena.ofShared()) {
            Experiment experiment = OpenRun.of(run, on, owner).experiment();
            Map<String, Double> figures = experiment.evaluate(nll, seed);
            String doubt = experiment.doubt(figures);
            figures.forEach((name, value) -> out.println("%-20s %.4f".formatted(name, value)));
            if (!doubt.isEmpty()) {
                out.println("refused: " + doubt);
            }
            if (json) {
                Map<String, Object> line = new LinkedHashMap<>();
                line.put("model", experiment.name());
                line.put("device", on.toString());
                line.putAll(figures);
                line.put("refused", doubt.isEmpty() ? null : doubt);
                out.println(Json.of(line).compact());
            }
        }
        return 0;
    }
}
