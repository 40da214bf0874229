package dev.elbo.cli;

import dev.elbo.runtime.file.Json;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One JSON object in a line, for programs: the last that a command says, or a file. Figures that are no numbers are
/// null in it.
final class JsonLine {
    private JsonLine() {}

    static void print(PrintWriter terminal, Map<String, ?> members) {
        terminal.println(of(members));
    }

    static String of(Map<String, ?> members) {
        return Json.of(finite(members)).compact();
    }

    private static Map<String, Object> finite(Map<?, ?> members) {
        Map<String, Object> all = new LinkedHashMap<>();
        members.forEach((name, value) -> all.put((String) name, finite(value)));
        return all;
    }

    private static Object finite(Object value) {
        return switch (value) {
            case Double number -> Double.isFinite(number) ? number : null;
            case Float number -> Float.isFinite(number) ? number : null;
            case Map<?, ?> several -> finite(several);
            case List<?> several ->
                Arrays.asList(several.stream().map(JsonLine::finite).toArray());
            case null, default -> value;
        };
    }
}
