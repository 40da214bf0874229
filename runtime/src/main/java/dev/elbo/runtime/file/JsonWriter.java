package dev.elbo.runtime.file;

import java.util.Iterator;
import java.util.Map;

/// Writes a JSON value as text; arrays of plain values stay on one line even when the rest is spread out.
final class JsonWriter {
    private final boolean spread;
    private final StringBuilder out = new StringBuilder();

    JsonWriter(boolean spread) {
        this.spread = spread;
    }

    String write(Json value) {
        append(value, 0);
        return out.toString();
    }

    private void append(Json value, int depth) {
        switch (value) {
            case Json.Nothing() -> out.append("null");
            case Json.Flag(boolean flag) -> out.append(flag);
            case Json.Number(var number) -> out.append(number);
            case Json.Text(String text) -> quote(text);
            case Json.Elements elements -> appendElements(elements, depth);
            case Json.Members members -> appendMembers(members, depth);
        }
    }

    private void appendElements(Json.Elements elements, int depth) {
        boolean plain = elements.values().stream()
                .noneMatch(element -> element instanceof Json.Members || element instanceof Json.Elements);
        out.append('[');
        for (Iterator<Json> each = elements.values().iterator(); each.hasNext(); ) {
            if (!plain) {
                newLine(depth + 1);
            }
            append(each.next(), depth + 1);
            if (each.hasNext()) {
                out.append(spread && plain ? ", " : ",");
            }
        }
        if (!plain) {
            newLine(depth);
        }
        out.append(']');
    }

    private void appendMembers(Json.Members members, int depth) {
        out.append('{');
        for (Iterator<Map.Entry<String, Json>> each =
                        members.values().entrySet().iterator();
                each.hasNext(); ) {
            Map.Entry<String, Json> member = each.next();
            newLine(depth + 1);
            quote(member.getKey());
            out.append(spread ? ": " : ":");
            append(member.getValue(), depth + 1);
            if (each.hasNext()) {
                out.append(',');
            }
        }
        if (!members.values().isEmpty()) {
            newLine(depth);
        }
        out.append('}');
    }

    private void newLine(int depth) {
        if (spread) {
            out.append('\n').repeat("  ", depth);
        }
    }

    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ' || Character.isSurrogate(c)) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
