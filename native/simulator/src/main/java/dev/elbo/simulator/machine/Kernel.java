package dev.elbo.simulator.machine;

import dev.elbo.simulator.ptx.Function;
import dev.elbo.simulator.ptx.Operand.Variable;
import dev.elbo.simulator.ptx.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A kernel of a module: what a launch has to pass, and what it uses.
public final class Kernel {
    private static final Set<String> MEMORY = Set.of("ld", "ldu", "st", "atom", "red", "cp", "prefetch", "prefetchu");
    private static final Set<String> ON_CHIP = Set.of("param", "shared", "shared::cta", "local", "const");
    private static final Set<String> LEAVING = Set.of("bra", "brx", "call", "ret", "exit", "trap");

    private final Function function;
    private final List<Parameter> parameters;
    private final int parameterBytes;

    private final Program program;

    Kernel(Function function, Map<String, Function> functions) {
        this.function = function;
        List<Parameter> laidOut = new ArrayList<>();
        int end = 0;
        for (Variable variable : function.parameters()) {
            int offset = (end + variable.alignment() - 1) & -variable.alignment();
            laidOut.add(new Parameter(variable.name(), offset, (int) variable.bytes(), variable.alignment()));
            end = offset + (int) variable.bytes();
        }
        parameters = List.copyOf(laidOut);
        parameterBytes = end;
        Map<String, Parameter> byName = new HashMap<>();
        parameters.forEach(p -> byName.put(p.name(), p));
        program = Decoder.decode(function, functions, byName);
    }

    public String name() {
        return function.name();
    }

    /// Parameters in order, with their places in the block.
    public List<Parameter> parameters() {
        return parameters;
    }

    /// Bytes of the parameter block, up to the end of the last parameter.
    public int parameterBytes() {
        return parameterBytes;
    }

    /// Bytes of the parameter block as a C structure: padded to its widest member.
    int paddedParameterBytes() {
        int widest = parameters.stream().mapToInt(Parameter::alignment).max().orElse(1);
        return (parameterBytes + widest - 1) & -widest;
    }

    /// Bytes of shared memory that the kernel declares.
    public int staticSharedBytes() {
        return (int) program.shared().packedBytes();
    }

    /// Bytes of local memory of a thread.
    public int localBytes() {
        return (int) program.frame().packedBytes();
    }

    /// An estimate of the 32-bit registers a thread needs: what is alive at once.
    public int registers() {
        return program.registers();
    }

    /// Most threads a block may have, 0 where the kernel states none (`__launch_bounds__`).
    public int maxThreadsPerBlock() {
        Function.Limits limits = function.limits();
        return limits.exactThreads() != null
                ? (int) limits.exactThreads().count()
                : limits.maxThreads() != null ? (int) limits.maxThreads().count() : 0;
    }

    /// Blocks a multiprocessor should hold at least, 0 where the kernel states none.
    public int minBlocksPerMultiprocessor() {
        return function.limits().minBlocks();
    }

    /// Whether each thread waits for what was launched before (`griddepcontrol.wait`) and touches no memory until
    /// then, so that the kernel may be launched while its predecessor runs. One that does not wait may also be
    /// done before its predecessor is, and let its own successor go on.
    public boolean waitsFirst() {
        for (Statement statement : function.body()) {
            if (!(statement instanceof Statement.Instruction instruction)) continue;
            if (instruction.opcode().equals("griddepcontrol.wait")) return instruction.guard() == null;
            boolean onChip = instruction.modifiers().stream().anyMatch(ON_CHIP::contains);
            boolean early =
                    LEAVING.contains(instruction.mnemonic()) || MEMORY.contains(instruction.mnemonic()) && !onChip;
            if (early) return false;
        }
        return false;
    }

    Program program() {
        return program;
    }

    Function function() {
        return function;
    }
}
