package dev.elbo.simulator.ptx;

import java.util.List;
import java.util.stream.Collectors;

/// One line of a function's body.
public sealed interface Statement {
    /// A place that branches go to.
    record Label(String name) implements Statement {}

    /// An instruction.
    ///
    /// @param guard    predicate it runs under, or null
    /// @param negated  whether it runs where the predicate is false
    /// @param opcode   the whole opcode, as in `ld.global.v2.f32`
    /// @param operands results first
    /// @param line     line of the PTX text, counted from 1
    /// @param source   `file:line` of the CUDA source, or the empty string
    record Instruction(
            Operand.Register guard, boolean negated, String opcode, List<Operand> operands, int line, String source)
            implements Statement {
        /// The opcode without what follows its first dot.
        public String mnemonic() {
            int dot = opcode.indexOf('.');
            return dot < 0 ? opcode : opcode.substring(0, dot);
        }

        /// What follows the first dot, split at dots.
        public List<String> modifiers() {
            int dot = opcode.indexOf('.');
            return dot < 0 ? List.of() : List.of(opcode.substring(dot + 1).split("\\."));
        }

        @Override
        public String toString() {
            return (guard == null ? "" : "@" + (negated ? "!" : "") + guard + " ") + opcode + " "
                    + operands.stream().map(Operand::toString).collect(Collectors.joining(", "));
        }
    }
}
