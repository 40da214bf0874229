package dev.elbo.bench;

import dev.elbo.bench.work.Workload;
import dev.elbo.bench.work.Workloads;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// `results/README.md`: the latest measurement of each training step as a table, written by the command alone.
final class StepTables {
    /// Where the measurements are.
    static final String FILE = "steps.jsonl";

    /// A load average above this many processes a core says that the cores had other work.
    private static final double QUIET = 1.3;

    private StepTables() {}

    static void write(Path results) throws IOException {
        Map<String, Map<String, Json>> latest = new LinkedHashMap<>();
        for (String line : Files.readAllLines(results.resolve(FILE))) {
            Map<String, Json> run = ((Json.Members) Json.parse(line, FILE)).values();
            latest.put(text(run, "workload"), run);
        }
        Set<String> steps = Workloads.all().stream().map(Workload::name).collect(Collectors.toSet());
        latest.keySet().removeIf(name -> !steps.contains(name.split("_")[0]));
        StringBuilder page = new StringBuilder("""
                # Training steps, side by side

                Written by `ci/bench --peers StepBench` from the last line of `steps.jsonl` for each workload; not
                edited by hand. Milliseconds a step: median and quartiles over turns of a quarter of a second, in which
                everybody takes the same step in turn. Ratios are taken within each turn; above 1, Elbo is faster. The
                share is of what a (1024, 1024) matrix product reached in the same turn. A name says in what a step
                differs from the first of its kind: `rbm` is of 100 examples, `rbm_batch1000` of 1000.

                | step | Elbo | share of peak | launches | heap bytes | load, cores |
                | --- | --- | --- | --- | --- | --- |
                """);
        latest.forEach((workload, run) -> page.append("| %s | %s | %s | %s | %s | %s |%n"
                .formatted(
                        workload,
                        spread(run, "elbo_ms"),
                        spread(run, "share_of_peak"),
                        text(run, "launches"),
                        text(run, "heap_bytes_per_step"),
                        load(run))));
        page.append("""

                | step | peer | its time | peer / Elbo |
                | --- | --- | --- | --- |
                """);
        latest.forEach((workload, run) -> run.keySet().stream()
                .filter(key -> key.endsWith("_is"))
                .map(key -> key.substring(0, key.length() - "_is".length()))
                .forEach(peer -> page.append("| %s | %s | %s | %s |%n"
                        .formatted(
                                workload,
                                text(run, peer + "_is"),
                                spread(run, peer + "_ms"),
                                spread(run, peer + "_over_elbo")))));
        page.append("%nCommit, machine and time of each: %s.%n"
                .formatted(latest.values().stream()
                        .map(run -> text(run, "commit") + ", " + text(run, "cpu") + ", " + text(run, "time"))
                        .distinct()
                        .collect(Collectors.joining("; "))));
        Files.writeString(results.resolve("README.md"), page);
    }

    private static String load(Map<String, Json> run) {
        double load = number(run, "load");
        double cores = number(run, "cores");
        return "%s, %s%s"
                .formatted(
                        text(run, "load"),
                        text(run, "cores"),
                        load > QUIET * cores ? "; busy with other work: read ratios, not times" : "");
    }

    private static String spread(Map<String, Json> run, String name) {
        Json.Elements quartiles = (Json.Elements) run.get(name + "_quartiles");
        return "%s (%s)"
                .formatted(
                        shown(run.get(name)),
                        quartiles.values().stream().map(StepTables::shown).collect(Collectors.joining("–")));
    }

    private static String shown(Json number) {
        return String.format(Locale.ROOT, "%.3g", ((Json.Number) number).value());
    }

    private static double number(Map<String, Json> run, String name) {
        return ((Json.Number) run.get(name)).value().doubleValue();
    }

    private static String text(Map<String, Json> run, String name) {
        return switch (run.get(name)) {
            case Json.Text text -> text.value();
            case Json.Number number -> number.value().toPlainString();
            case null, default -> "–";
        };
    }
}
