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
        // Addresses here have 32 bits; the last ones are what a negative index leads to.
        long at = (int) address;
        Allocation below = null;
        Allocation above = null;
        for (Allocation variable : variables) {
            if (variable.address() <= at) {
                below = below == null || variable.address() > below.address() ? variable : below;
            } else {
                above = above == null || variable.address() < above.address() ? variable : above;
            }
        }
        if (below != null) {
            long past = at - below.address() - below.size();
            return past + " bytes past the end of " + below.label() + " of " + below.size() + " bytes";
        }
        return above == null
                ? "at byte " + at + ", where no variable lies"
                : above.address() - at + " bytes before " + above.label() + " of " + above.size() + " bytes";
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
