package dev.elbo.simulator.machine;

import dev.elbo.simulator.memory.Allocation;
import java.util.List;

/// The variables of a state space that is not global: shared memory of a block, or the parameters of a launch.
final class VariableSpace implements AddressSpace {
    private final Allocation[] variables;

    VariableSpace(List<Layout.Range> ranges, String what) {
        variables = ranges.stream()
                .map(r -> Allocation.of(r.start(), r.bytes(), what + r.name()))
                .toArray(Allocation[]::new);
    }

    @Override
    public Allocation find(long address, int bytes) {
        for (Allocation variable : variables) {
            if (variable.contains(address, bytes)) {
                return variable;
            }
        }
        return null;
    }

    @Override
    public String describe(long address) {
        Allocation nearest = null;
        for (Allocation variable : variables) {
            if (variable.address() <= address && (nearest == null || variable.address() > nearest.address())) {
                nearest = variable;
            }
        }
        return nearest == null
                ? "at byte " + address + ", where no variable lies"
                : address - nearest.address() - nearest.size() + " bytes past the end of " + nearest.label() + " of "
                        + nearest.size() + " bytes";
    }

    Allocation variable(int number) {
        return variables[number];
    }

    int count() {
        return variables.length;
    }

    /// Forgets what was written.
    void clear() {
        for (Allocation variable : variables) {
            variable.written().clear();
        }
    }
}
