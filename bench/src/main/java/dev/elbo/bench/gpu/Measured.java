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
import java.util.Map;

/// What was measured, one JSON object a line, each written when it is known.
///
/// @param file  appended to
/// @param where what every line says of the machine and the commit
record Measured(Path file, Map<String, Object> where) {
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
        try {
            Files.writeString(
                    file, Json.of(line).compact() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        System.out.println("= " + summary);
    }

    private static Object plain(Object value) {
        return switch (value) {
            case Spread spread -> spread.values();
            case Double number when !Double.isFinite(number) -> null;
            default -> value;
        };
    }
}
