package dev.elbo.simulator.ptx;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.ptx.Lexer.Kind;
import dev.elbo.simulator.ptx.Lexer.Token;
import dev.elbo.simulator.ptx.Operand.Variable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads the module level of PTX: headers, module variables and function headers.
final class Parser {
    private final Cursor cursor;
    private final Declarations declarations;
    private final Map<String, Operand> names = new HashMap<>();
    private final Map<Integer, String> files = new HashMap<>();
    private final List<Variable> variables = new ArrayList<>();
    private final Map<String, Function> functions = new LinkedHashMap<>();
    private String version = "";
    private String target = "";

    Parser(List<Token> tokens) {
        cursor = new Cursor(tokens);
        // nvcc declares source files at the end of the text and uses them before.
        for (int i = 0; i + 2 < tokens.size(); i++) {
            if (tokens.get(i).kind() == Kind.DIRECTIVE && tokens.get(i).text().equals("file")) {
                files.put(
                        Integer.parseInt(tokens.get(i + 1).text()),
                        tokens.get(i + 2).text());
            }
        }
        declarations = new Declarations(cursor);
    }

    ModuleText module() {
        while (cursor.peek().kind() != Kind.END) {
            Token token = cursor.take();
            if (token.kind() != Kind.DIRECTIVE) {
                throw cursor.error("syntax: '" + token.text() + "' at module level", token.line());
            }
            switch (token.text()) {
                case "version" -> version = cursor.take().text();
                case "target" -> target();
                case "address_size" -> addressSize();
                case "file" -> cursor.skipLine(token.line());
                case "section" -> skipSection();
                case "pragma" -> skipTo(";");
                case "extern", "visible", "weak", "common" ->
                    linked(token.text().equals("extern"));
                case "global", "const", "shared" -> variable(token, false);
                case "entry" -> function(true);
                case "func" -> function(false);
                default -> throw cursor.error("unknown directive: ." + token.text(), token.line());
            }
        }
        return new ModuleText(version, target, List.copyOf(variables), functions);
    }

    private void target() {
        target = cursor.word();
        while (cursor.took(",")) {
            cursor.word();
        }
    }

    private void addressSize() {
        if (cursor.integer() != 64) {
            throw cursor.error("unsupported module: only 64-bit addresses are known");
        }
    }

    private void linked(boolean external) {
        Token token = cursor.take();
        switch (token.text()) {
            case "entry" -> function(true);
            case "func" -> function(false);
            case "global", "const", "shared" -> variable(token, external);
            default -> throw cursor.error("unknown directive: ." + token.text(), token.line());
        }
    }

    private void variable(Token space, boolean external) {
        for (Variable variable : declarations.variables(Declarations.space(space.text()), external)) {
            variables.add(variable);
            names.put(variable.name(), variable);
        }
    }

    private void function(boolean kernel) {
        List<Variable> results = !kernel && cursor.peek().is("(") ? parameters() : List.of();
        int line = cursor.peek().line();
        String name = cursor.word();
        cursor.enter(name);
        List<Variable> parameters = cursor.peek().is("(") ? parameters() : List.of();
        Function.Limits limits = limits();
        Function function;
        if (cursor.took(";")) {
            function = new Function(name, kernel, results, parameters, null, Map.of(), limits, line);
        } else {
            cursor.expect("{");
            Body body = new Body(cursor, declarations, files, names);
            body.declare(results);
            body.declare(parameters);
            body.parse();
            function = new Function(
                    name, kernel, results, parameters, body.statements(), body.branchTables(), limits, line);
        }
        // A definition replaces its forward declaration, never the other way round.
        if (function.body() != null || !functions.containsKey(name)) {
            functions.put(name, function);
        }
        cursor.enter("");
    }

    private List<Variable> parameters() {
        List<Variable> parameters = new ArrayList<>();
        cursor.expect("(");
        while (!cursor.took(")")) {
            if (!cursor.tookDirective("param")) {
                throw cursor.error("unsupported parameter: '" + cursor.peek().text() + "' instead of .param");
            }
            parameters.add(declarations.parameter());
            cursor.took(",");
        }
        return parameters;
    }

    private Function.Limits limits() {
        Dim3 maxThreads = null;
        Dim3 exactThreads = null;
        Dim3 cluster = null;
        int minBlocks = 0;
        int maxRegisters = 0;
        while (cursor.peek().kind() == Kind.DIRECTIVE) {
            Token token = cursor.take();
            switch (token.text()) {
                case "maxntid" -> maxThreads = extents();
                case "reqntid" -> exactThreads = extents();
                case "reqnctapercluster" -> cluster = extents();
                case "minnctapersm" -> minBlocks = (int) cursor.integer();
                case "maxnreg" -> maxRegisters = (int) cursor.integer();
                case "maxclusterrank" -> cursor.integer();
                case "noreturn", "explicitcluster" -> {}
                case "pragma" -> skipTo(";");
                default -> throw cursor.error("unknown directive: ." + token.text(), token.line());
            }
        }
        return new Function.Limits(maxThreads, exactThreads, minBlocks, maxRegisters, cluster);
    }

    private Dim3 extents() {
        int[] extents = {1, 1, 1};
        for (int i = 0; i < 3; i++) {
            extents[i] = (int) cursor.integer();
            if (!cursor.took(",")) {
                break;
            }
        }
        return new Dim3(extents[0], extents[1], extents[2]);
    }

    private void skipTo(String mark) {
        while (!cursor.take().is(mark)) {}
    }

    private void skipSection() {
        skipTo("{");
        for (int depth = 1; depth > 0; ) {
            Token token = cursor.take();
            depth += token.is("{") ? 1 : token.is("}") ? -1 : 0;
        }
    }
}
