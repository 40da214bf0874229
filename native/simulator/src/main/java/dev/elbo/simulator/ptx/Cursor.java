package dev.elbo.simulator.ptx;

import dev.elbo.simulator.ptx.Lexer.Kind;
import dev.elbo.simulator.ptx.Lexer.Token;
import java.util.List;

/// A position in a list of tokens, and the name of the function around it for messages.
final class Cursor {
    private final List<Token> tokens;
    private int at;
    private String function = "";

    Cursor(List<Token> tokens) {
        this.tokens = tokens;
    }

    void enter(String name) {
        function = name;
    }

    Token peek() {
        return tokens.get(at);
    }

    Token peek(int ahead) {
        return tokens.get(Math.min(at + ahead, tokens.size() - 1));
    }

    Token take() {
        Token token = peek();
        if (token.kind() == Kind.END) {
            throw error("unexpected end of text: a declaration or body is not closed");
        }
        at++;
        return token;
    }

    /// Takes the mark if it is next.
    boolean took(String mark) {
        if (peek().is(mark)) {
            at++;
            return true;
        }
        return false;
    }

    /// Takes the directive if it is next.
    boolean tookDirective(String name) {
        if (peek().kind() == Kind.DIRECTIVE && peek().text().equals(name)) {
            at++;
            return true;
        }
        return false;
    }

    void expect(String mark) {
        if (!took(mark)) {
            throw error("syntax: expected '" + mark + "' but found '" + peek().text() + "'");
        }
    }

    String word() {
        Token token = take();
        if (token.kind() != Kind.WORD) {
            throw error("syntax: expected a name but found '" + token.text() + "'", token.line());
        }
        return token.text();
    }

    /// An integer with an optional sign.
    long integer() {
        boolean negative = took("-");
        Token token = take();
        if (token.kind() != Kind.NUMBER) {
            throw error("syntax: expected a number but found '" + token.text() + "'");
        }
        long value = integer(token.text());
        return negative ? -value : value;
    }

    Operand.Immediate number() {
        boolean negative = took("-");
        Token token = take();
        if (token.kind() != Kind.NUMBER) {
            throw error("syntax: expected a number but found '" + token.text() + "'");
        }
        String text = token.text();
        if (text.startsWith("0f") || text.startsWith("0F")) {
            int bits = Integer.parseUnsignedInt(text.substring(2), 16);
            return new Operand.Immediate((negative ? bits ^ 0x8000_0000 : bits) & 0xffff_ffffL, ScalarType.F32);
        }
        if (text.startsWith("0d") || text.startsWith("0D")) {
            long bits = Long.parseUnsignedLong(text.substring(2), 16);
            return new Operand.Immediate(negative ? bits ^ Long.MIN_VALUE : bits, ScalarType.F64);
        }
        if (text.indexOf('.') >= 0) {
            double value = Double.parseDouble(text);
            return new Operand.Immediate(Double.doubleToRawLongBits(negative ? -value : value), ScalarType.F64);
        }
        long value = integer(text);
        return new Operand.Immediate(negative ? -value : value, ScalarType.S64);
    }

    private long integer(String text) {
        String digits = text.endsWith("U") || text.endsWith("u") ? text.substring(0, text.length() - 1) : text;
        try {
            if (digits.startsWith("0x") || digits.startsWith("0X")) {
                return Long.parseUnsignedLong(digits.substring(2), 16);
            }
            if (digits.startsWith("0b") || digits.startsWith("0B")) {
                return Long.parseUnsignedLong(digits.substring(2), 2);
            }
            if (digits.length() > 1 && digits.startsWith("0")) {
                return Long.parseUnsignedLong(digits.substring(1), 8);
            }
            return Long.parseUnsignedLong(digits);
        } catch (NumberFormatException e) {
            throw error("syntax: '" + text + "' is not a number");
        }
    }

    /// Skips what is left of a line, for directives that end without a mark.
    void skipLine(int line) {
        while (peek().kind() != Kind.END && peek().line() == line) {
            at++;
        }
    }

    PtxException error(String what) {
        return new PtxException(what, peek().line(), function);
    }

    PtxException error(String what, int line) {
        return new PtxException(what, line, function);
    }
}
