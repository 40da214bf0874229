package dev.elbo.simulator.machine;

import dev.elbo.simulator.ptx.Statement;
import java.util.List;
import java.util.Set;

/// Which instructions lanes of a warp wait for each other at.
final class Convergence {
    private static final Set<String> BARRIERS = Set.of("bar", "barrier");
    private static final Set<String> WARP_WIDE =
            Set.of("shfl", "vote", "match", "redux", "elect", "mma", "ldmatrix", "stmatrix", "movmatrix");

    private Convergence() {}

    /// Whether all lanes named by the instruction must be there before it runs.
    static boolean needed(Statement.Instruction instruction) {
        return isBlockBarrier(instruction)
                || BARRIERS.contains(instruction.mnemonic())
                || WARP_WIDE.contains(instruction.mnemonic())
                        && instruction.modifiers().contains("sync");
    }

    /// Whether the warp stops after the instruction until other warps have come.
    static boolean isBlockBarrier(Statement.Instruction instruction) {
        List<String> modifiers = instruction.modifiers();
        return BARRIERS.contains(instruction.mnemonic()) && !modifiers.contains("warp");
    }
}
