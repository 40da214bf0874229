package dev.elbo.simulator.machine;

import dev.elbo.simulator.memory.Allocation;
import dev.elbo.simulator.memory.DeviceMemory;
import dev.elbo.simulator.ptx.Operand.Initial;
import dev.elbo.simulator.ptx.Operand.Variable;
import dev.elbo.simulator.ptx.Space;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A module on a device: its kernels, and its `__device__` and `__constant__` variables in memory.
public final class LoadedModule {
    private final PtxModule module;
    private final DeviceMemory memory;
    private final Map<String, Allocation> variables = new LinkedHashMap<>();

    LoadedModule(PtxModule module, List<Variable> declared, DeviceMemory memory) {
        this.module = module;
        this.memory = memory;
        for (Variable variable : declared) {
            if (variable.space() != Space.SHARED) {
                variables.put(variable.name(), memory.allocate(variable.bytes(), "module variable " + variable.name()));
            }
        }
        declared.stream().filter(v -> v.space() != Space.SHARED).forEach(this::initialise);
    }

    /// The kernel of that name, or null.
    public Kernel kernel(String name) {
        return module.kernel(name);
    }

    public PtxModule module() {
        return module;
    }

    /// The memory of a module variable, or null if there is none of that name.
    public Allocation variable(String name) {
        return variables.get(name);
    }

    /// Gives the module's variables back.
    public void unload() {
        variables.values().forEach(v -> memory.free(v.address()));
        variables.clear();
    }

    DeviceMemory memory() {
        return memory;
    }

    /// Module variables without initial values are zero, as C++ wants them.
    private void initialise(Variable variable) {
        Allocation owner = variables.get(variable.name());
        MemorySegment bytes = memory.writable(owner.address(), owner.size(), "module load");
        for (Initial initial : variable.initial()) {
            long value = initial.value()
                    + (initial.symbol() == null
                            ? 0
                            : variables.get(initial.symbol()).address());
            for (int i = 0; i < initial.bytes(); i++) {
                bytes.set(ValueLayout.JAVA_BYTE, initial.offset() + i, (byte) (value >>> (8 * i)));
            }
        }
    }
}
