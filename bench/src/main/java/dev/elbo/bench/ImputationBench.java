package dev.elbo.bench;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Question: is what a model puts where something is missing nearer to the truth than the mean of the
/// data? Read `error` beside `mean_error`: mean squares of what is wrong with a missing value.
final class ImputationBench {
    private static final String FILE = "imputation.jsonl";

    private static final String HEADER = """
            # Missing values, filled in

            Written by `ci/bench ImputationBench RUN…` from the last line of `imputation.jsonl` for each run and
            kind; not edited by hand. Mean square of what is wrong with a missing value of a held-out example, by
            `elbo impute RUN` as it is without options, and by the mean of the training data.

            | run | model | missing | by the model | by the mean | device, commit |
            | --- | --- | --- | --- | --- | --- |
            """;

    private ImputationBench() {}

    /// Measures runs, or writes the page alone.
    ///
    /// @param arguments folder of the results; folders of runs
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path results = Path.of(arguments[0]);
        for (String run : List.of(arguments).subList(1, arguments.length)) {
            measure(results, Path.of(run));
        }
        write(results);
    }

    private static void measure(Path results, Path run) throws IOException, InterruptedException {
        Map<String, Json> said = Reproduction.lastLine(Reproduction.elbo(List.of("impute", run.toString(), "--json")));
        for (Map.Entry<String, Json> each : said.entrySet()) {
            if (each.getValue() instanceof Json.Members(Map<String, Json> errors)) {
                Map<String, String> line = new LinkedHashMap<>();
                line.put("run", Results.quoted(run.getFileName().toString()));
                line.put("model", said.get("model").compact());
                line.put("device", said.get("device").compact());
                line.put("missing", Results.quoted(each.getKey()));
                errors.forEach((name, error) -> line.put(name, error.compact()));
                Results.append(results.resolve(FILE), line);
            }
        }
    }

    private static void write(Path results) throws IOException {
        Map<String, Map<String, Json>> latest = new LinkedHashMap<>();
        for (String line : Files.readAllLines(results.resolve(FILE))) {
            Map<String, Json> one = ((Json.Members) Json.parse(line, FILE)).values();
            latest.put(text(one, "run") + " " + text(one, "missing"), one);
        }
        StringBuilder page = new StringBuilder(HEADER);
        latest.values()
                .forEach(one -> page.append("| `%s` | %s | %s | %s | %s | %s, %s |%n"
                        .formatted(
                                text(one, "run"),
                                text(one, "model"),
                                text(one, "missing"),
                                text(one, "error"),
                                text(one, "mean_error"),
                                text(one, "device"),
                                text(one, "commit"))));
        Files.writeString(results.resolve("imputation.md"), page);
    }

    private static String text(Map<String, Json> one, String name) {
        return switch (one.get(name)) {
            case Json.Text(String text) -> text;
            case Json.Number(var number) -> String.format(Locale.ROOT, "%.4f", number.doubleValue());
            case null, default -> "";
        };
    }
}
