package dev.elbo.simulator.machine;

import java.util.HashMap;
import java.util.Map;

/// All instructions the machine knows, by the first word of their opcodes.
final class InstructionSet {
    /// Decodes the instructions that begin with one word.
    interface Family {
        /// Null for an instruction that changes nothing here.
        Instruction decode(Operation operation);
    }

    private static final Map<String, Family> FAMILIES = new HashMap<>();

    static {
        IntegerArithmetic.register(FAMILIES);
        CarryArithmetic.register(FAMILIES);
        BitOperations.register(FAMILIES);
        FloatArithmetic.register(FAMILIES);
        Approximations.register(FAMILIES);
        Comparisons.register(FAMILIES);
        Conversions.register(FAMILIES);
        Moves.register(FAMILIES);
        MemoryAccess.register(FAMILIES);
        Atomics.register(FAMILIES);
        WarpOperations.register(FAMILIES);
        Barriers.register(FAMILIES);
        AsyncCopies.register(FAMILIES);
        MatrixOperations.register(FAMILIES);
    }

    private InstructionSet() {}

    /// The family of a mnemonic, or null.
    static Family family(String mnemonic) {
        return FAMILIES.get(mnemonic);
    }
}
