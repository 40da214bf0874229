package dev.elbo.bench;

import dev.elbo.models.training.RunFolder;
import dev.elbo.runtime.file.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Question: does Elbo reach the likelihoods that papers report, by their recipes?
///
/// ```
/// ci/bench Reproduction                                  writes the page from what was measured
/// ci/bench Reproduction ROW…                             trains and judges rows, or goes on where they were stopped
/// ci/bench Reproduction --epochs 50 ROW                  the same with fewer epochs
/// ci/bench Reproduction --as-is ROW                      judges a row by what it has learned so far
/// ci/bench Reproduction --nll 500 ROW                    judges by fewer samples than 5,000; the page says so
/// ci/bench Reproduction all                              every row: days without a GPU
/// ```
///
/// `--data DIR` is the folder of `mnist` and `ocr-letters`. A row is a command of `elbo`, and the page shows it.
public final class Reproduction {
    /// Samples for a likelihood.
    static final int SAMPLES = 5000;

    private final Path results;
    private Path data = Path.of("..", "shared", "data");
    private double epochs;
    private int samples = SAMPLES;
    private boolean asIs;

    private Reproduction(Path results) {
        this.results = results;
    }

    /// Trains rows, or writes the page alone.
    public static void main(String[] args) throws IOException, InterruptedException {
        Reproduction reproduction = new Reproduction(Path.of(args[0]));
        List<PaperRow> rows = new ArrayList<>();
        for (int i = 1; i < args.length; i++) {
            switch (args[i]) {
                case "--data" -> reproduction.data = Path.of(args[++i]);
                case "--epochs" -> reproduction.epochs = Double.parseDouble(args[++i]);
                case "--nll" -> reproduction.samples = Integer.parseInt(args[++i]);
                case "--as-is" -> reproduction.asIs = true;
                case "all" -> rows.addAll(PaperRow.ALL);
                default -> rows.add(PaperRow.of(args[i]));
            }
        }
        for (PaperRow row : rows) {
            reproduction.measure(row);
        }
        ReproductionPage.write(reproduction.results);
    }

    private void measure(PaperRow row) throws IOException, InterruptedException {
        double wanted = epochs > 0 ? epochs : row.epochs();
        Path folder = Path.of("runs", "reproduction", row.name() + (epochs > 0 ? "-" + PaperRow.shown(epochs) : ""));
        if (!asIs) {
            train(row, wanted, folder);
        }
        List<String> command =
                List.of("evaluate", folder.toString(), "--nll", String.valueOf(row.samples(samples)), "--json");
        Map<String, Json> judged = lastLine(elbo(command));
        Map<String, String> line = new LinkedHashMap<>();
        line.put("row", Results.quoted(row.name()));
        line.put("recipe", Results.quoted(row.manner()));
        line.put("epochs", Results.number(learned(folder) * row.batch() / (double) row.examples()));
        line.put("of_epochs", Results.number(wanted));
        line.put("published_epochs", Results.number(row.epochs()));
        for (String name :
                List.of("device", "test_nll", "test_elbo", "active_units", "samples", "ess", "collapsed", "refused")) {
            if (judged.containsKey(name)) {
                line.put(name, judged.get(name).compact());
            }
        }
        Results.append(results.resolve(ReproductionPage.FILE), line);
    }

    private void train(PaperRow row, double wanted, Path folder) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("train"));
        if (Files.exists(folder.resolve("config.json"))) {
            command.addAll(List.of("--resume", folder.toString()));
        } else {
            command.addAll(row.options(data.toString(), wanted));
            command.addAll(List.of("--out", folder.toString()));
        }
        elbo(command);
    }

    /// Steps that a run has taken; where a best state was kept, it may be an earlier one.
    private static long learned(Path folder) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return Long.parseLong(RunFolder.latest(folder, arena).facts().get("step"));
        }
    }

    /// Runs `ci/elbo`, and says what it says.
    ///
    /// @return its last line
    static String elbo(List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("ci/elbo"));
        command.addAll(arguments);
        System.err.println(String.join(" ", command));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String last = "";
        try (BufferedReader output = process.inputReader()) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                System.err.println(line);
                last = line;
            }
        }
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": exit code " + process.exitValue());
        }
        return last;
    }

    /// What the last line says where `--json` was asked for.
    static Map<String, Json> lastLine(String line) {
        return ((Json.Members) Json.parse(line, "elbo --json")).values();
    }
}
