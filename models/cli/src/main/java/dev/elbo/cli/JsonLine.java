package dev.elbo.cli;

import dev.elbo.runtime.file.Json;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;

/// The last line of a command, for programs: one JSON object. Figures that are no numbers are null in it.
final class JsonLine {
    private JsonLine() {}

    static void print(PrintWriter terminal, Map<String, ?> members) {
        terminal.println(Json.of(finite(members)).compact());
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
            case null, default -> value;
        };
    }
}
