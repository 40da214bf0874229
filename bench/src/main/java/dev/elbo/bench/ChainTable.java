package dev.elbo.bench;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// `results/forward-backward.md`: the latest measurement of each size of chain, written by the command alone.
final class ChainTable {
    /// Where the measurements are, those of [ForwardBackwardBench] among them.
    static final String FILE = "forward-backward.jsonl";

    private ChainTable() {}

    static void write(Path results) throws IOException {
        Map<String, Map<String, Json>> latest = new LinkedHashMap<>();
        for (String line : Files.readAllLines(results.resolve(FILE))) {
            Map<String, Json> run = ((Json.Members) Json.parse(line, FILE)).values();
            if (text(run, "benchmark").equals("ChainTurns")) {
                latest.put(text(run, "size"), run);
            }
        }
        StringBuilder page = new StringBuilder("""
                # Linear chains, side by side

                Written by `ci/bench --peers ChainTurns` from the last line of `forward-backward.jsonl` for each size;
                not edited by hand. Milliseconds for Σ log Z with its gradients by all scores, one thread each: median,
                lowest and highest of turns of a third of a second, in which everybody does the same in turn. Ratios are
                taken within each turn; above 1, Elbo is faster. f64 is Elbo's own, forced.

                | sequences × steps × states | Elbo | Elbo in f64 | f64 / Elbo | DJL | DJL / Elbo | load, cores |
                | --- | --- | --- | --- | --- | --- | --- |
                """);
        latest.forEach((size, run) -> page.append("| %s | %s | %s | %s | %s | %s | %s, %s |%n"
                .formatted(
                        size,
                        spread(run, "elbo_ms"),
                        spread(run, "elbo_scaled_f64_ms"),
                        spread(run, "elbo_scaled_f64_over_elbo"),
                        spread(run, "djl_ms"),
                        spread(run, "djl_over_elbo"),
                        text(run, "load"),
                        text(run, "cores"))));
        page.append("""

                DJL's is a loop over the steps in logarithms with the engine's own gradients, as such layers are
                written. It is not asked for the longest chains: seven operations a step, kept for their gradients, are
                700,000.

                """);
        page.append("Commit, machine, peer and time of each: %s.%n"
                .formatted(latest.values().stream()
                        .map(run -> text(run, "commit") + ", " + text(run, "cpu") + ", " + text(run, "djl_is") + ", "
                                + text(run, "time"))
                        .distinct()
                        .collect(Collectors.joining("; "))));
        Files.writeString(results.resolve("forward-backward.md"), page);
    }

    private static String spread(Map<String, Json> run, String name) {
        return run.containsKey(name)
                ? "%s (%s–%s)".formatted(shown(run, name), shown(run, name + "_lowest"), shown(run, name + "_highest"))
                : "–";
    }

    private static String shown(Map<String, Json> run, String name) {
        return String.format(Locale.ROOT, "%.3g", ((Json.Number) run.get(name)).value());
    }

    private static String text(Map<String, Json> run, String name) {
        return switch (run.get(name)) {
            case Json.Text text -> text.value();
            case Json.Number number -> number.value().toPlainString();
            case null, default -> "–";
        };
    }
}
