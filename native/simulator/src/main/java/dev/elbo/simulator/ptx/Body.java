package dev.elbo.simulator.ptx;

import dev.elbo.simulator.ptx.Lexer.Kind;
import dev.elbo.simulator.ptx.Lexer.Token;
import dev.elbo.simulator.ptx.Operand.Register;
import dev.elbo.simulator.ptx.Operand.Variable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads the body of one function, its opening brace already taken.
final class Body {
    private final Cursor cursor;
    private final Declarations declarations;
    private final Map<Integer, String> files;
    private final Map<String, Operand> module;
    private final Deque<Map<String, Operand>> scopes = new ArrayDeque<>();
    private final List<Statement> statements = new ArrayList<>();
    private final Map<String, List<String>> branchTables = new LinkedHashMap<>();
    private String source = "";

    Body(Cursor cursor, Declarations declarations, Map<Integer, String> files, Map<String, Operand> module) {
        this.cursor = cursor;
        this.declarations = declarations;
        this.files = files;
        this.module = module;
        scopes.push(new HashMap<>());
    }

    void declare(List<Variable> variables) {
        variables.forEach(v -> scopes.peek().put(v.name(), v));
    }

    List<Statement> statements() {
        return List.copyOf(statements);
    }

    Map<String, List<String>> branchTables() {
        return branchTables;
    }

    void parse() {
        while (!scopes.isEmpty()) {
            Token token = cursor.peek();
            if (cursor.took("{")) {
                scopes.push(new HashMap<>());
            } else if (cursor.took("}")) {
                scopes.pop();
            } else if (cursor.took(";")) {
                continue;
            } else if (token.kind() == Kind.DIRECTIVE) {
                directive(cursor.take());
            } else if (token.kind() == Kind.WORD && cursor.peek(1).is(":")) {
                label();
            } else {
                instruction();
            }
        }
    }

    private void directive(Token token) {
        switch (token.text()) {
            case "reg" -> declarations.registers().forEach(r -> scopes.peek().put(r.name(), r));
            case "local", "shared", "param", "global", "const" ->
                declare(declarations.variables(Declarations.space(token.text()), false));
            case "loc" -> location(token.line());
            case "pragma" -> {
                while (!cursor.take().is(";")) {}
            }
            default -> throw cursor.error("unknown directive: ." + token.text(), token.line());
        }
    }

    /// `.loc file line column` and, for code of a function inlined, where it was inlined: that says more in a message.
    private void location(int line) {
        int file = (int) cursor.integer();
        long number = cursor.integer();
        while (cursor.peek().line() == line && cursor.peek().kind() != Kind.END) {
            if (cursor.take().text().equals("inlined_at")) {
                file = (int) cursor.integer();
                number = cursor.integer();
            }
        }
        // Line 0 is the compiler's own code: the last real line says more.
        if (number > 0) {
            String path = files.getOrDefault(file, "?");
            source = path.substring(path.lastIndexOf('/') + 1) + ":" + number;
        }
    }

    private void label() {
        String name = cursor.word();
        cursor.expect(":");
        if (cursor.tookDirective("branchtargets")) {
            List<String> targets = new ArrayList<>();
            do {
                targets.add(cursor.word());
            } while (cursor.took(","));
            cursor.expect(";");
            branchTables.put(name, targets);
            return;
        }
        if (cursor.peek().kind() == Kind.DIRECTIVE && cursor.peek().text().equals("callprototype")) {
            throw cursor.error("unsupported directive: .callprototype, a call through a pointer");
        }
        statements.add(new Statement.Label(name));
    }

    private void instruction() {
        int line = cursor.peek().line();
        Register guard = null;
        boolean negated = false;
        if (cursor.took("@")) {
            negated = cursor.took("!");
            guard = register(cursor.word());
        }
        String opcode = cursor.word();
        List<Operand> operands = new ArrayList<>();
        while (!cursor.took(";")) {
            operands.add(operand());
            if (!cursor.peek().is(";")) {
                cursor.expect(",");
            }
        }
        statements.add(new Statement.Instruction(guard, negated, opcode, List.copyOf(operands), line, source));
    }

    private Register register(String name) {
        if (resolve(name) instanceof Register register) {
            return register;
        }
        throw cursor.error("unknown register: " + name);
    }

    private Operand operand() {
        Operand first = single();
        return cursor.took("|") ? new Operand.Pair(first, single()) : first;
    }

    private Operand single() {
        if (cursor.took("!")) {
            return new Operand.Negated(single());
        }
        if (cursor.took("{")) {
            return tuple("}");
        }
        if (cursor.took("(")) {
            return tuple(")");
        }
        if (cursor.took("[")) {
            Operand base = single();
            Operand address = base instanceof Operand.Address ? base : new Operand.Address(base, offset());
            if (cursor.took(",")) {
                // A texture and its coordinates: no known instruction takes such an operand, which will be its error.
                return tuple("]");
            }
            cursor.expect("]");
            return address;
        }
        Token token = cursor.peek();
        if (token.kind() == Kind.NUMBER || token.is("-")) {
            return cursor.number();
        }
        Operand named = resolve(cursor.word());
        boolean shifted = named instanceof Variable
                && (cursor.peek().is("+") || cursor.peek().is("-"));
        return shifted ? new Operand.Address(named, offset()) : named;
    }

    private long offset() {
        if (cursor.took("+")) {
            return cursor.integer();
        }
        return cursor.peek().is("-") ? cursor.integer() : 0;
    }

    private Operand tuple(String end) {
        List<Operand> elements = new ArrayList<>();
        while (!cursor.took(end)) {
            elements.add(single());
            cursor.took(",");
        }
        return new Operand.Tuple(List.copyOf(elements));
    }

    private Operand resolve(String name) {
        if (name.equals("_")) {
            return new Operand.Sink();
        }
        for (Map<String, Operand> scope : scopes) {
            Operand found = scope.get(name);
            if (found != null) {
                return found;
            }
        }
        Operand found = module.get(name);
        if (found != null) {
            return found;
        }
        if (name.startsWith("%") || name.equals("WARP_SZ")) {
            return new Operand.Special(name);
        }
        return new Operand.Name(name);
    }
}
