package dev.elbo.simulator.machine;

import dev.elbo.simulator.ptx.Function;
import dev.elbo.simulator.ptx.Operand;
import dev.elbo.simulator.ptx.Operand.Address;
import dev.elbo.simulator.ptx.Operand.Name;
import dev.elbo.simulator.ptx.Operand.Negated;
import dev.elbo.simulator.ptx.Operand.Pair;
import dev.elbo.simulator.ptx.Operand.Register;
import dev.elbo.simulator.ptx.Operand.Tuple;
import dev.elbo.simulator.ptx.Operand.Variable;
import dev.elbo.simulator.ptx.PtxException;
import dev.elbo.simulator.ptx.Space;
import dev.elbo.simulator.ptx.Statement;
import dev.elbo.simulator.ptx.Statement.Instruction;
import dev.elbo.simulator.ptx.Statement.Label;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// A kernel's body with every call replaced by a copy of the function called.
///
/// Calls vanish, so that divergence, liveness and barriers are questions about one graph. Each copy has registers,
/// local variables and labels of its own; parameters of a call become local memory of the thread.
final class Expansion {
    private static final int DEEPEST = 32;

    private final Map<String, Function> functions;
    private final List<Statement> statements = new ArrayList<>();
    private final Map<String, List<String>> branchTables = new LinkedHashMap<>();
    private int copies;

    private Expansion(Map<String, Function> functions) {
        this.functions = functions;
    }

    static Expansion of(Function kernel, Map<String, Function> functions) {
        Expansion expansion = new Expansion(functions);
        expansion.copy(kernel, new Copy("", null, new IdentityHashMap<>()), 0);
        return expansion;
    }

    List<Statement> statements() {
        return statements;
    }

    Map<String, List<String>> branchTables() {
        return branchTables;
    }

    /// @param prefix  goes before labels
    /// @param end     label that `ret` goes to, null in the kernel itself
    /// @param renamed registers and variables of the original, and what stands for them in the copy
    private record Copy(String prefix, String end, Map<Operand, Operand> renamed) {}

    private void copy(Function function, Copy copy, int depth) {
        function.branchTables()
                .forEach((name, targets) -> branchTables.put(
                        copy.prefix + name,
                        targets.stream().map(t -> copy.prefix + t).toList()));
        for (Statement statement : function.body()) {
            switch (statement) {
                case Label label -> statements.add(new Label(copy.prefix + label.name()));
                case Instruction instruction -> copy(instruction, function, copy, depth);
            }
        }
        if (copy.end != null) {
            statements.add(new Label(copy.end));
        }
    }

    private void copy(Instruction original, Function function, Copy copy, int depth) {
        List<Operand> operands =
                original.operands().stream().map(o -> rename(o, copy)).toList();
        Register guard = original.guard() == null ? null : (Register) rename(original.guard(), copy);
        Instruction renamed = new Instruction(
                guard, original.negated(), original.opcode(), operands, original.line(), original.source());
        String mnemonic = renamed.mnemonic();
        if (mnemonic.equals("ret") && copy.end != null) {
            statements.add(with(renamed, "bra", List.of(new Name(copy.end))));
        } else if (mnemonic.equals("call")) {
            around(renamed, inner -> call(inner, function, depth));
        } else if (Convergence.needed(renamed)) {
            around(renamed, statements::add);
        } else {
            statements.add(renamed);
        }
    }

    /// A guard on something that is more than one instruction, or that lanes wait at, becomes a branch around it.
    private void around(Instruction instruction, Consumer<Instruction> body) {
        if (instruction.guard() == null) {
            body.accept(instruction);
            return;
        }
        String skip = "skip#" + copies++;
        statements.add(new Instruction(
                instruction.guard(),
                !instruction.negated(),
                "bra",
                List.of(new Name(skip)),
                instruction.line(),
                instruction.source()));
        body.accept(new Instruction(
                null, false, instruction.opcode(), instruction.operands(), instruction.line(), instruction.source()));
        statements.add(new Label(skip));
    }

    private void call(Instruction call, Function caller, int depth) {
        List<Operand> operands = call.operands();
        int at = operands.getFirst() instanceof Tuple ? 1 : 0;
        if (!(operands.get(at) instanceof Name(String name))) {
            throw new PtxException("unsupported instruction: " + call, call.line(), caller.name());
        }
        Function callee = functions.get(name);
        if (callee == null || callee.body() == null) {
            statements.add(with(call, "call_external", List.of(new Name(name))));
            return;
        }
        if (depth == DEEPEST) {
            throw new PtxException("unsupported call: " + name + " is recursive", call.line(), caller.name());
        }
        String prefix = name + "#" + copies++ + "/";
        Map<Operand, Operand> renamed = new IdentityHashMap<>();
        bind(callee.results(), at == 1 ? operands.get(0) : new Tuple(List.of()), renamed, call, caller);
        bind(
                callee.parameters(),
                operands.size() > at + 1 ? operands.get(at + 1) : new Tuple(List.of()),
                renamed,
                call,
                caller);
        copy(callee, new Copy(prefix, prefix + "end", renamed), depth + 1);
    }

    private void bind(
            List<Variable> declared, Operand passed, Map<Operand, Operand> renamed, Instruction call, Function caller) {
        List<Operand> elements = passed instanceof Tuple(List<Operand> list) ? list : List.of();
        if (elements.size() != declared.size() || !elements.stream().allMatch(Variable.class::isInstance)) {
            throw new PtxException("unsupported call: " + call, call.line(), caller.name());
        }
        for (int i = 0; i < declared.size(); i++) {
            renamed.put(declared.get(i), elements.get(i));
        }
    }

    private static Instruction with(Instruction original, String opcode, List<Operand> operands) {
        return new Instruction(
                original.guard(), original.negated(), opcode, operands, original.line(), original.source());
    }

    private Operand rename(Operand operand, Copy copy) {
        if (copy.end == null) {
            return operand;
        }
        return switch (operand) {
            case Register register ->
                copy.renamed.computeIfAbsent(register, r -> new Register(register.name(), register.type()));
            case Variable variable -> rename(variable, copy);
            case Address(Operand base, long offset) -> new Address(rename(base, copy), offset);
            case Tuple(List<Operand> elements) ->
                new Tuple(elements.stream().map(e -> rename(e, copy)).toList());
            case Pair(Operand first, Operand second) -> new Pair(rename(first, copy), rename(second, copy));
            case Negated(Operand inner) -> new Negated(rename(inner, copy));
            case Name(String name) -> functions.containsKey(name) ? operand : new Name(copy.prefix + name);
            default -> operand;
        };
    }

    private static Operand rename(Variable variable, Copy copy) {
        boolean perThread = variable.space() == Space.LOCAL || variable.space() == Space.PARAM;
        return !perThread
                ? variable
                : copy.renamed.computeIfAbsent(
                        variable,
                        v -> new Variable(
                                variable.name(),
                                variable.space(),
                                variable.type(),
                                variable.bytes(),
                                variable.alignment(),
                                false,
                                List.of()));
    }
}
