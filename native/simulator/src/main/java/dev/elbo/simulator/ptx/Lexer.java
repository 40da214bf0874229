package dev.elbo.simulator.ptx;

import java.util.ArrayList;
import java.util.List;

/// Splits PTX into tokens; comments and white space vanish.
final class Lexer {
    enum Kind {
        /// An opcode with its dots, a register, a label or a name.
        WORD,
        /// A dot and a word, as in `.reg`; the text has no dot.
        DIRECTIVE,
        NUMBER,
        STRING,
        /// One character.
        MARK,
        END
    }

    record Token(Kind kind, String text, int line) {
        boolean is(String mark) {
            return kind == Kind.MARK && text.equals(mark);
        }
    }

    private final String text;
    private int at;
    private int line = 1;

    Lexer(String text) {
        this.text = text;
    }

    List<Token> tokens() {
        List<Token> tokens = new ArrayList<>(text.length() / 4);
        while (true) {
            skipBlank();
            if (at >= text.length() || text.charAt(at) == 0) {
                tokens.add(new Token(Kind.END, "end of text", line));
                return tokens;
            }
            tokens.add(next());
        }
    }

    private Token next() {
        int start = at;
        char c = text.charAt(at);
        if (isWordStart(c)) {
            skipWord();
            return new Token(Kind.WORD, text.substring(start, at), line);
        }
        if (c == '.' && at + 1 < text.length() && isWordPart(text.charAt(at + 1))) {
            at++;
            while (at < text.length() && isWordPart(text.charAt(at))) {
                at++;
            }
            return new Token(Kind.DIRECTIVE, text.substring(start + 1, at), line);
        }
        if (c >= '0' && c <= '9') {
            while (at < text.length() && (isWordPart(text.charAt(at)) || text.charAt(at) == '.')) {
                at++;
            }
            return new Token(Kind.NUMBER, text.substring(start, at), line);
        }
        if (c == '"') {
            int end = text.indexOf('"', at + 1);
            if (end < 0) {
                throw new PtxException("unfinished string: no closing quote", line, "");
            }
            at = end + 1;
            return new Token(Kind.STRING, text.substring(start + 1, end), line);
        }
        at++;
        return new Token(Kind.MARK, String.valueOf(c), line);
    }

    /// A word goes on over dots and double colons: `ld.global.f32`, `%tid.x`, `ld.shared::cta.b32`.
    private void skipWord() {
        at++;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (isWordPart(c)) {
                at++;
            } else if (c == '.' && at + 1 < text.length() && isWordPart(text.charAt(at + 1))) {
                at += 2;
            } else if (text.startsWith("::", at)) {
                at += 2;
            } else {
                return;
            }
        }
    }

    private void skipBlank() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\n') {
                line++;
                at++;
            } else if (c == ' ' || c == '\t' || c == '\r') {
                at++;
            } else if (text.startsWith("//", at)) {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else if (text.startsWith("/*", at)) {
                int end = text.indexOf("*/", at);
                int stop = end < 0 ? text.length() : end + 2;
                for (; at < stop; at++) {
                    line += text.charAt(at) == '\n' ? 1 : 0;
                }
            } else {
                return;
            }
        }
    }

    private static boolean isWordStart(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c == '%';
    }

    private static boolean isWordPart(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$';
    }
}
