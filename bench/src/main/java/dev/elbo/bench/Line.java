package dev.elbo.bench;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A line of a result file, as the tables read it.
///
/// @param fields by name
record Line(Map<String, Json> fields) {
    /// A load average above this many processes a core says that the cores had other work.
    private static final double QUIET = 1.3;

    /// The last line of each key, in the order in which the keys first appear; none if there is no file.
    static Map<String, Line> latest(Path file, Function<Line, String> key) throws IOException {
        Map<String, Line> latest = new LinkedHashMap<>();
        for (String text : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
            Line line = new Line(((Json.Members) Json.parse(text, file.toString())).values());
            latest.put(key.apply(line), line);
        }
        return latest;
    }

    double number(String name) {
        return ((Json.Number) fields.get(name)).value().doubleValue();
    }

    /// A text, or a number as it stands; a dash where there is none.
    String text(String name) {
        return switch (fields.get(name)) {
            case Json.Text text -> text.value();
            case Json.Number number -> number.value().toPlainString();
            case null, default -> "–";
        };
    }

    /// The median, of three digits, and its quartiles.
    String spread(String name) {
        Json.Elements quartiles = (Json.Elements) fields.get(name + "_quartiles");
        return "%s (%s)"
                .formatted(
                        shown(number(name)),
                        quartiles.values().stream()
                                .map(each -> shown(((Json.Number) each).value().doubleValue()))
                                .collect(Collectors.joining("–")));
    }

    /// A number of three digits.
    static String shown(double number) {
        return String.format(Locale.ROOT, "%.3g", number);
    }

    /// The machine's load when it was measured, and its cores.
    String load() {
        return "%s, %s%s"
                .formatted(
                        text("load"),
                        text("cores"),
                        number("load") > QUIET * number("cores")
                                ? "; busy with other work: read ratios, not times"
                                : "");
    }

    /// Commit, machine and load of the lines of a table, each once.
    static String where(Iterable<Line> lines) {
        Map<String, double[]> loads = new LinkedHashMap<>();
        for (Line line : lines) {
            String machine = "%s on %s, %s cores".formatted(line.text("commit"), line.text("cpu"), line.text("cores"));
            double load = line.number("load");
            loads.merge(machine, new double[] {load, load}, (a, b) ->
                    new double[] {Math.min(a[0], b[0]), Math.max(a[1], b[1])});
        }
        return loads.entrySet().stream()
                .map(each -> "%s, load %s to %s"
                        .formatted(each.getKey(), shown(each.getValue()[0]), shown(each.getValue()[1])))
                .collect(Collectors.joining("; "));
    }
}
