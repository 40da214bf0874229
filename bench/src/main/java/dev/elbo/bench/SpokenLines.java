package dev.elbo.bench;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What was measured of the systems so far: the lines of `spoken-digits.jsonl`.
///
/// @param file  appended to
/// @param lines as they were read and appended
record SpokenLines(Path file, List<Map<String, Json>> lines) {
    private static final List<String> KEY = List.of("stage", "split", "seed", "system", "setting");

    static SpokenLines read(Path file) throws IOException {
        List<Map<String, Json>> lines = new ArrayList<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                lines.add(((Json.Members) Json.parse(line, file.toString())).values());
            }
        }
        return new SpokenLines(file, lines);
    }

    /// Whether this was measured.
    ///
    /// @param measured names and JSON values
    boolean have(Map<String, String> measured) {
        return lines.stream()
                .anyMatch(line ->
                        KEY.stream().allMatch(name -> line.get(name).equals(Json.parse(measured.get(name), "a line"))));
    }

    void append(Map<String, String> measured) throws IOException {
        System.out.println(measured);
        Results.append(file, measured);
        lines.clear();
        lines.addAll(read(file).lines);
    }

    /// The setting of the highest accuracy on the development part; of equal ones that which was tried first.
    double best(SpokenSystem system) {
        double best = Double.NaN;
        double accuracy = Double.NEGATIVE_INFINITY;
        for (Map<String, Json> line : of("search", "own", system)) {
            if (number(line, "development") > accuracy) {
                accuracy = number(line, "development");
                best = number(line, "setting");
            }
        }
        if (Double.isNaN(best)) {
            throw new IllegalStateException("spoken digits: no setting was searched for; system=" + system);
        }
        return best;
    }

    /// The lines of a system.
    List<Map<String, Json>> of(String stage, String split, SpokenSystem system) {
        return lines.stream()
                .filter(line -> text(line, "stage").equals(stage)
                        && text(line, "split").equals(split)
                        && text(line, "system").equals(system.name()))
                .toList();
    }

    static double number(Map<String, Json> line, String name) {
        return line.get(name) instanceof Json.Number number ? number.value().doubleValue() : Double.NaN;
    }

    static String text(Map<String, Json> line, String name) {
        return line.get(name) instanceof Json.Text text ? text.value() : "";
    }
}
