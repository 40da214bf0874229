package dev.elbo.bench;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Question: how long does a DCGAN learn until a classifier takes its samples for digits?
///
/// ```
/// ci/bench DcganBench mnist:DIR                      trains both, judges 1,000 samples, writes the page
/// ci/bench DcganBench mnist:DIR --seed 2             with other options of `elbo train dcgan`
/// ```
///
/// Read `seconds`, of the whole command that trains the DCGAN, `confident` (share of the samples with p ≥ 0.95) and
/// `least_class` (share of the rarest class). The classifier stays where it was trained, in `runs/dcgan-bench`; so do
/// samples, nearest training examples and walks of the DCGAN, in its report.
final class DcganBench {
    private static final String FILE = "dcgan.jsonl";
    private static final int SAMPLES = 1000;
    private static final Path RUNS = Path.of("runs", "dcgan-bench");

    /// Figures of `elbo evaluate`, in the order of the page.
    private static final List<String> FIGURES =
            List.of("confident", "least_class", "frechet", "frechet_of_data", "samples");

    private DcganBench() {}

    /// Measures and writes the page.
    ///
    /// @param arguments folder of the results, the data set, further options of `elbo train dcgan`
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path results = Path.of(arguments[0]);
        if (arguments.length > 1) {
            List<String> options = Arrays.asList(arguments).subList(2, arguments.length);
            Results.append(results.resolve(FILE), measure(arguments[1], options));
        }
        write(results);
    }

    private static Map<String, String> measure(String data, List<String> options)
            throws IOException, InterruptedException {
        Path judge = RUNS.resolve("classifier-" + data.replaceAll("\\W+", "-"));
        if (!Files.exists(judge.resolve("report.html"))) {
            Reproduction.elbo(List.of("train", "classifier", "--data", data, "--out", judge.toString()));
        }
        Path run = RUNS.resolve("dcgan-" + System.currentTimeMillis());
        List<String> train = new ArrayList<>(List.of("train", "dcgan", "--data", data, "--out", run.toString()));
        train.addAll(options);
        long began = System.nanoTime();
        Reproduction.elbo(train);
        double seconds = (System.nanoTime() - began) * 1e-9;
        String samples = String.valueOf(SAMPLES);
        Map<String, Json> judged = figures(
                List.of("evaluate", run.toString(), "--classifier", judge.toString(), "--samples", samples, "--json"));
        Map<String, Json> learned = figures(List.of("evaluate", judge.toString(), "--json"));
        Reproduction.elbo(List.of("sample", run.toString(), "--count", "100"));
        Reproduction.elbo(List.of("report", run.toString()));
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("benchmark", Results.quoted("DcganBench"));
        measured.put("data", Results.quoted(data.replaceAll(":.*", "")));
        measured.put("options", Results.quoted(String.join(" ", options)));
        measured.put("seconds", Results.number(seconds));
        for (String name : FIGURES) {
            measured.put(name, rounded(judged.get(name)));
        }
        measured.put("classifier_accuracy", rounded(learned.get("test_accuracy")));
        measured.put("run", Results.quoted(run.toString()));
        System.out.println(measured);
        return measured;
    }

    private static Map<String, Json> figures(List<String> command) throws IOException, InterruptedException {
        return ((Json.Members) Json.parse(Reproduction.elbo(command), "elbo evaluate --json")).values();
    }

    private static String rounded(Json figure) {
        return Results.number(((Json.Number) figure).value().doubleValue());
    }

    /// `dcgan.md`: the latest line of each data set and options.
    private static void write(Path results) throws IOException {
        Path file = results.resolve(FILE);
        Map<List<String>, Map<String, Json>> latest = new LinkedHashMap<>();
        for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
            Map<String, Json> run = ((Json.Members) Json.parse(line, FILE)).values();
            latest.put(List.of(shown(run, "data"), shown(run, "options")), run);
        }
        StringBuilder page = new StringBuilder("""
                # What a classifier sees in the samples of a DCGAN

                Written by `ci/bench DcganBench` from the last line of `dcgan.jsonl` for each data set and options of
                `elbo train dcgan`; not edited by hand. Confident: share of the samples to whose class the classifier
                gives p ≥ 0.95. Least: share of the rarest class. Fréchet: distance from the test images in the
                classifier's features, and of as many training images. Seconds: of the whole command that trains.

                | data | options | seconds | confident | least | Fréchet | of data | classifier | load, cores |
                | --- | --- | --- | --- | --- | --- | --- | --- | --- |
                """);
        latest.forEach((key, run) -> page.append("| %s | %s | %s | %s | %s | %s | %s | %s | %s, %s |%n"
                .formatted(
                        key.get(0),
                        key.get(1).isEmpty() ? "defaults" : key.get(1),
                        shown(run, "seconds"),
                        shown(run, "confident"),
                        shown(run, "least_class"),
                        shown(run, "frechet"),
                        shown(run, "frechet_of_data"),
                        shown(run, "classifier_accuracy"),
                        shown(run, "load"),
                        shown(run, "cores"))));
        Files.writeString(results.resolve("dcgan.md"), page);
    }

    private static String shown(Map<String, Json> run, String name) {
        return run.get(name) instanceof Json.Text(String text)
                ? text
                : run.get(name).compact();
    }
}
