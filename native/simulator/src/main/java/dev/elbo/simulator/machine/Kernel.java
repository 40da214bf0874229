package dev.elbo.simulator.machine;

import dev.elbo.simulator.ptx.Function;
import dev.elbo.simulator.ptx.Operand.Variable;
import java.util.ArrayList;
import java.util.List;

/// A kernel of a module: what a launch has to pass, and what it uses.
public final class Kernel {
    private final Function function;
    private final List<Parameter> parameters;
    private final int parameterBytes;

    Kernel(Function function) {
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

    Function function() {
        return function;
    }
}
