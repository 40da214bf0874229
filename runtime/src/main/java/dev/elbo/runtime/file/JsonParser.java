package dev.elbo.runtime.file;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// Reads one JSON document by recursive descent, strictly: no comments, no trailing commas, no second value, no member
/// named twice.
final class JsonParser {
    // Deep enough for any honest document, shallow enough for any thread's stack.
    private static final int DEPTH_LIMIT = 200;
    // BigDecimal takes quadratic time for very long numbers.
    private static final int NUMBER_LIMIT = 1000;

    private final String text;
    private final String source;
    private int at;
    private int depth;

    JsonParser(String text, String source) {
        this.text = text;
        this.source = source;
    }

    Json document() {
        Json value = value();
        skipSpace();
        if (at < text.length()) {
            throw malformed("expected the end of the document");
        }
        return value;
    }

    private Json value() {
        skipSpace();
        return switch (peek()) {
            case '{' -> nested(this::members);
            case '[' -> nested(this::elements);
            case '"' -> new Json.Text(string());
            case 't' -> word("true", new Json.Flag(true));
            case 'f' -> word("false", new Json.Flag(false));
            case 'n' -> word("null", Json.NOTHING);
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number();
            default -> throw malformed("expected a value");
        };
    }

    private Json nested(Supplier<Json> inner) {
        if (++depth > DEPTH_LIMIT) {
            throw malformed("nested deeper than " + DEPTH_LIMIT + " levels");
        }
        at++;
        Json value = inner.get();
        depth--;
        return value;
    }

    private Json members() {
        Map<String, Json> members = new LinkedHashMap<>();
        skipSpace();
        if (peek() == '}') {
            at++;
            return new Json.Members(members);
        }
        while (true) {
            skipSpace();
            if (peek() != '"') {
                throw malformed("expected a name in quotes");
            }
            int nameAt = at;
            String name = string();
            skipSpace();
            expect(':');
            if (members.put(name, value()) != null) {
                at = nameAt;
                throw malformed("the name \"" + name + "\" appears twice");
            }
            skipSpace();
            if (peek() == '}') {
                at++;
                return new Json.Members(members);
            }
            expect(',');
        }
    }

    private Json elements() {
        List<Json> elements = new ArrayList<>();
        skipSpace();
        if (peek() == ']') {
            at++;
            return new Json.Elements(elements);
        }
        while (true) {
            elements.add(value());
            skipSpace();
            if (peek() == ']') {
                at++;
                return new Json.Elements(elements);
            }
            expect(',');
        }
    }

    private String string() {
        at++;
        StringBuilder out = new StringBuilder();
        while (true) {
            char c = next("the string does not end");
            if (c == '"') {
                return out.toString();
            }
            if (c < ' ') {
                at--;
                throw malformed("a control character inside a string");
            }
            out.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() {
        char c = next("the string does not end");
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(next("the string does not end"), 16);
                    if (digit < 0) {
                        at--;
                        throw malformed("expected four hexadecimal digits after \\u");
                    }
                    code = code * 16 + digit;
                }
                yield (char) code;
            }
            default -> {
                at--;
                throw malformed("unknown escape \\" + c);
            }
        };
    }

    private Json number() {
        int start = at;
        if (peek() == '-') {
            at++;
        }
        if (peek() == '0') {
            at++;
        } else {
            digits();
        }
        if (peek() == '.') {
            at++;
            digits();
        }
        if (peek() == 'e' || peek() == 'E') {
            at++;
            if (peek() == '+' || peek() == '-') {
                at++;
            }
            digits();
        }
        if (at - start > NUMBER_LIMIT) {
            at = start;
            throw malformed("a number of more than " + NUMBER_LIMIT + " characters");
        }
        try {
            return new Json.Number(new BigDecimal(text.substring(start, at)));
        } catch (NumberFormatException _) { // an exponent beyond 32 bits
            at = start;
            throw malformed("a number out of range");
        }
    }

    private void digits() {
        int start = at;
        while (peek() >= '0' && peek() <= '9') {
            at++;
        }
        if (at == start) {
            throw malformed("expected a digit");
        }
    }

    private Json word(String word, Json value) {
        if (!text.startsWith(word, at)) {
            throw malformed("expected a value");
        }
        at += word.length();
        return value;
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    /// The next character, or 0 at the end: no place of a document where 0 is asked for allows it.
    private char peek() {
        return at < text.length() ? text.charAt(at) : 0;
    }

    private char next(String otherwise) {
        if (at >= text.length()) {
            throw malformed(otherwise);
        }
        return text.charAt(at++);
    }

    private void expect(char wanted) {
        if (peek() != wanted) {
            throw malformed("expected '" + wanted + "'");
        }
        at++;
    }

    private BadInputException malformed(String what) {
        int line =
                1 + (int) text.substring(0, at).chars().filter(c -> c == '\n').count();
        int column = at - text.lastIndexOf('\n', at - 1);
        return new BadInputException(
                source, "not JSON: " + what + "; line=" + line + ", column=" + column, "correct it there");
    }
}
