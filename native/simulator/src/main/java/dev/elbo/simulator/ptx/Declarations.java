package dev.elbo.simulator.ptx;

import dev.elbo.simulator.ptx.Lexer.Kind;
import dev.elbo.simulator.ptx.Operand.Initial;
import dev.elbo.simulator.ptx.Operand.Register;
import dev.elbo.simulator.ptx.Operand.Variable;
import java.util.ArrayList;
import java.util.List;

/// Reads declarations of variables, parameters and registers.
final class Declarations {
    private final Cursor cursor;

    Declarations(Cursor cursor) {
        this.cursor = cursor;
    }

    static Space space(String directive) {
        return switch (directive) {
            case "global" -> Space.GLOBAL;
            case "const" -> Space.CONST;
            case "shared" -> Space.SHARED;
            case "local" -> Space.LOCAL;
            case "param" -> Space.PARAM;
            default -> throw new IllegalArgumentException("no state space: " + directive);
        };
    }

    /// Variables of one declaration, its state space already read, up to and with its semicolon.
    List<Variable> variables(Space space, boolean external) {
        List<Variable> variables = new ArrayList<>();
        Shape shape = shape();
        do {
            variables.add(named(space, external, shape));
        } while (cursor.took(","));
        cursor.expect(";");
        return variables;
    }

    /// One parameter of a function, `.param` already read.
    Variable parameter() {
        return named(Space.PARAM, false, shape());
    }

    /// Registers of one declaration, `.reg` already read, up to and with its semicolon.
    List<Register> registers() {
        List<Register> registers = new ArrayList<>();
        ScalarType type = shape().type;
        do {
            String name = cursor.word();
            if (cursor.took("<")) {
                long count = cursor.integer();
                cursor.expect(">");
                for (long i = 0; i < count; i++) {
                    registers.add(new Register(name + i, type));
                }
            } else {
                registers.add(new Register(name, type));
            }
        } while (cursor.took(","));
        cursor.expect(";");
        return registers;
    }

    private record Shape(ScalarType type, int lanes, int alignment) {}

    /// Alignment, vector and type, in any order, with the attributes that change nothing here.
    private Shape shape() {
        ScalarType type = null;
        int lanes = 1;
        int alignment = 0;
        while (cursor.peek().kind() == Kind.DIRECTIVE) {
            String word = cursor.take().text();
            switch (word) {
                case "align" -> alignment = (int) cursor.integer();
                case "v2" -> lanes = 2;
                case "v4" -> lanes = 4;
                case "attribute" -> attribute();
                // What a pointer parameter points to: `.ptr .global .align 1`; its own alignment follows its type.
                case "ptr" -> pointee();
                default -> {
                    type = ScalarType.of(word);
                    if (type == null) {
                        throw cursor.error("unknown type: ." + word);
                    }
                }
            }
        }
        if (type == null) {
            throw cursor.error("syntax: a declaration without a type");
        }
        return new Shape(type, lanes, alignment);
    }

    private void attribute() {
        cursor.expect("(");
        while (!cursor.took(")")) {
            cursor.take();
        }
    }

    private void pointee() {
        while (cursor.peek().kind() == Kind.DIRECTIVE) {
            if (cursor.take().text().equals("align")) {
                cursor.integer();
            }
        }
    }

    private Variable named(Space space, boolean external, Shape shape) {
        String name = cursor.word();
        int element = shape.type.bytes() * shape.lanes;
        long bytes = element;
        while (cursor.took("[")) {
            long extent = cursor.peek().is("]") ? 0 : cursor.integer();
            cursor.expect("]");
            bytes *= extent;
        }
        List<Initial> initial = cursor.took("=") ? initial(shape.type) : List.of();
        int alignment = shape.alignment == 0 ? element : shape.alignment;
        return new Variable(name, space, shape.type, bytes, alignment, external, initial);
    }

    private List<Initial> initial(ScalarType type) {
        List<Initial> values = new ArrayList<>();
        int depth = 0;
        do {
            if (cursor.took("{")) {
                depth++;
            } else if (cursor.took("}")) {
                depth--;
            } else if (!cursor.took(",")) {
                values.add(value((long) values.size() * type.bytes(), type));
            }
        } while (depth > 0);
        return values;
    }

    private Initial value(long offset, ScalarType type) {
        if (cursor.peek().kind() != Kind.WORD) {
            return new Initial(offset, type.bytes(), cursor.number().as(type), null);
        }
        String symbol = cursor.word();
        if (symbol.equals("generic") && cursor.took("(")) {
            symbol = cursor.word();
            cursor.expect(")");
        }
        long add = cursor.took("+") ? cursor.integer() : 0;
        return new Initial(offset, type.bytes(), add, symbol);
    }
}
