package dev.elbo.simulator.machine;

import dev.elbo.simulator.ptx.Function;
import dev.elbo.simulator.ptx.Operand;
import dev.elbo.simulator.ptx.Operand.Address;
import dev.elbo.simulator.ptx.Operand.Immediate;
import dev.elbo.simulator.ptx.Operand.Register;
import dev.elbo.simulator.ptx.Operand.Variable;
import dev.elbo.simulator.ptx.PtxException;
import dev.elbo.simulator.ptx.ScalarType;
import dev.elbo.simulator.ptx.Space;
import dev.elbo.simulator.ptx.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Turns a kernel's statements into a program: names become rows, places and blocks.
final class Decoder {
    private final Function function;
    private final Map<String, Parameter> parameters;
    private final List<FlowGraph.Node> graph;
    private final Rows rows;
    private final Layout frame = new Layout();
    private final Layout shared = new Layout();
    private final List<Program.Constant> wordConstants = new ArrayList<>();
    private final List<Program.Constant> longConstants = new ArrayList<>();
    private final Map<Program.Constant, Integer> wordRows = new HashMap<>();
    private final Map<Program.Constant, Integer> longRows = new HashMap<>();
    private int memoryInstructions;
    private int sharedGranule = 8;

    private Decoder(Function function, Map<String, Function> functions, Map<String, Parameter> parameters) {
        this.function = function;
        this.parameters = parameters;
        this.graph = FlowGraph.of(function.name(), Expansion.of(function, functions));
        this.rows = Rows.of(graph);
    }

    /// @param functions  all functions of the module, for calls
    /// @param parameters the kernel's parameters by name
    static Program decode(Function kernel, Map<String, Function> functions, Map<String, Parameter> parameters) {
        return new Decoder(kernel, functions, parameters).program();
    }

    private Program program() {
        placeShared();
        List<Program.BasicBlock> blocks = new ArrayList<>();
        for (FlowGraph.Node node : graph) {
            blocks.add(block(node));
        }
        return new Program(
                function.name(),
                blocks,
                rows,
                wordConstants,
                longConstants,
                memoryInstructions,
                frame,
                shared,
                sharedGranule);
    }

    /// Variables with an extent come first: the one without lies behind them all.
    private void placeShared() {
        for (boolean sized : new boolean[] {true, false}) {
            for (FlowGraph.Node node : graph) {
                for (Statement.Instruction instruction : node.body) {
                    for (Operand operand : instruction.operands()) {
                        Operand named = operand instanceof Address(Operand base, long offset) ? base : operand;
                        if (named instanceof Variable variable
                                && variable.space() == Space.SHARED
                                && variable.bytes() > 0 == sized) {
                            shared.place(variable);
                        }
                    }
                }
            }
        }
    }

    private Program.BasicBlock block(FlowGraph.Node node) {
        List<Instruction> body = new ArrayList<>();
        boolean barrier = false;
        for (Statement.Instruction text : node.body) {
            Instruction decoded = decode(text);
            if (decoded != null) {
                decoded.place(
                        text.guard() == null ? -1 : rows.row(text.guard()), text.negated(), text.line(), text.source());
                body.add(decoded);
                barrier |= Convergence.isBlockBarrier(text);
            }
        }
        int[] next = node.successors.stream().mapToInt(n -> n.order).toArray();
        int predicate = node.predicate == null ? -1 : rows.row(node.predicate);
        int index = -1;
        if (node.end == FlowGraph.End.TABLE) {
            index = word(node.index, ScalarType.U32, new Operation(node.branch, this));
        }
        return new Program.BasicBlock(
                body, node.end, next, predicate, node.negated, index, node.branch != null, barrier);
    }

    /// Null for what changes nothing here.
    private Instruction decode(Statement.Instruction text) {
        Operation operation = new Operation(text, this);
        InstructionSet.Family family = InstructionSet.family(text.mnemonic());
        if (family == null) {
            throw operation.unknown();
        }
        Instruction decoded = family.decode(operation);
        if (!operation.allTaken()) {
            throw operation.unknown();
        }
        return decoded;
    }

    String kernel() {
        return function.name();
    }

    /// Row of an operand among the words.
    int word(Operand operand, ScalarType type, Operation operation) {
        return switch (operand) {
            case Register register when Rows.File.of(register.type()) == Rows.File.WORD -> rows.row(register);
            case Immediate immediate -> wordConstant((int) immediate.as(type) & mask(type), null);
            case Variable variable -> wordConstant(offset(variable, operation), module(variable));
            case Address(Variable variable, long offset) ->
                wordConstant(offset(variable, operation) + offset, module(variable));
            default -> throw operation.unknown();
        };
    }

    /// 16-bit values are kept without what a sign would put above them.
    private static int mask(ScalarType type) {
        return type.bytes() == 2 ? 0xffff : -1;
    }

    /// Row of an operand among the longs.
    int wide(Operand operand, ScalarType type, Operation operation) {
        return switch (operand) {
            case Register register when Rows.File.of(register.type()) == Rows.File.LONG -> rows.row(register);
            case Immediate immediate -> longConstant(immediate.as(type), null);
            case Variable variable -> longConstant(offset(variable, operation), module(variable));
            case Address(Variable variable, long offset) ->
                longConstant(offset(variable, operation) + offset, module(variable));
            default -> throw operation.unknown();
        };
    }

    /// Row of a predicate register.
    int predicate(Operand operand, Operation operation) {
        if (operand instanceof Register register && register.type() == ScalarType.PRED) {
            return rows.row(register);
        }
        throw operation.unknown();
    }

    private int wordConstant(long value, Variable variable) {
        return wordRows.computeIfAbsent(new Program.Constant(value, variable), c -> {
            wordConstants.add(c);
            return rows.size(Rows.File.WORD) + wordConstants.size() - 1;
        });
    }

    private int longConstant(long value, Variable variable) {
        return longRows.computeIfAbsent(new Program.Constant(value, variable), c -> {
            longConstants.add(c);
            return rows.size(Rows.File.LONG) + longConstants.size() - 1;
        });
    }

    /// The variable if its address is known only when the module is loaded, else null.
    private static Variable module(Variable variable) {
        return variable.space() == Space.GLOBAL || variable.space() == Space.CONST ? variable : null;
    }

    /// The part of a variable's address that is known now.
    private long offset(Variable variable, Operation operation) {
        return switch (variable.space()) {
            case GLOBAL, CONST -> 0;
            case SHARED -> shared.place(variable);
            case LOCAL -> frame.place(variable);
            case PARAM ->
                isKernelParameter(variable) ? parameters.get(variable.name()).offset() : frame.place(variable);
            case GENERIC -> throw operation.unknown();
        };
    }

    private boolean isKernelParameter(Variable variable) {
        return function.parameters().contains(variable);
    }

    /// An address operand, in the state space it really means: parameters of calls are local memory.
    ///
    /// @param width bytes of one element of the access
    MemoryInstruction.AddressOperand address(Operand operand, Space space, int width, Operation operation) {
        if (!(operand instanceof Address(Operand base, long offset))) {
            throw operation.unknown();
        }
        boolean ofCall = space == Space.PARAM && base instanceof Variable variable && !isKernelParameter(variable);
        Space real = ofCall ? Space.LOCAL : space;
        if (real == Space.SHARED || real == Space.GENERIC) {
            sharedGranule = Math.min(sharedGranule, width);
        }
        if (base instanceof Register register && Rows.File.of(register.type()) == Rows.File.WORD) {
            return new MemoryInstruction.AddressOperand(real, rows.row(register), false, offset);
        }
        if (real == Space.GENERIC && base instanceof Variable variable && module(variable) == null) {
            throw new PtxException(
                    "unsupported address: " + variable.name() + " without its state space", 0, function.name());
        }
        return new MemoryInstruction.AddressOperand(real, wide(base, ScalarType.U64, operation), true, offset);
    }

    /// A number for a further instruction that goes to memory.
    int memorySlot() {
        return memoryInstructions++;
    }
}
