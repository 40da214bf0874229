package dev.elbo.bench.gpu;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What was measured, one JSON object a line, each written when it is known. A measurement that was cut off finds there
/// what it need not do again.
///
/// @param file  among the results, appended to
/// @param kept  the same in the folder that a second run goes on from
/// @param where what every line says of the machine, the mode and the commit
record Measured(Path file, Path kept, Map<String, Object> where) {
    /// Name of either file.
    static final String NAME = "measured.jsonl";

    /// Appends a line, and prints one for the summary.
    ///
    /// @param values  numbers, texts and [Spread]s by name
    /// @param summary one line for a person
    void add(String benchmark, Map<String, Object> values, String summary) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("benchmark", benchmark);
        values.forEach((name, value) -> line.put(name, plain(value)));
        line.putAll(where);
        line.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        line.put("summary", summary);
        try {
            for (Path each : List.of(file, kept)) {
                Files.writeString(
                        each, Json.of(line).compact() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        System.out.println("= " + summary);
    }

    /// The latest line of an earlier run, of the same machine, mode and commit, on which all of `values` stand.
    Optional<Map<String, Json>> known(String benchmark, Map<String, String> values) {
        Map<String, Object> wanted = new LinkedHashMap<>(where);
        wanted.put("benchmark", benchmark);
        wanted.putAll(values);
        try {
            Optional<Map<String, Json>> latest = Optional.empty();
            for (String text : Files.exists(kept) ? Files.readAllLines(kept) : List.<String>of()) {
                Map<String, Json> line = ((Json.Members) Json.parse(text, kept.toString())).values();
                if (wanted.entrySet().stream()
                        .allMatch(each -> Json.of(each.getValue()).equals(line.get(each.getKey())))) {
                    latest = Optional.of(line);
                }
            }
            return latest;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Whether there is such a line; if so, its summary is printed again.
    boolean told(String benchmark, Map<String, String> values) {
        Optional<Map<String, Json>> line = known(benchmark, values);
        line.ifPresent(each -> System.out.println("= " + ((Json.Text) each.get("summary")).value()));
        return line.isPresent();
    }

    private static Object plain(Object value) {
        return switch (value) {
            case Spread spread -> spread.values();
            case Double number when !Double.isFinite(number) -> null;
            default -> value;
        };
    }
}
