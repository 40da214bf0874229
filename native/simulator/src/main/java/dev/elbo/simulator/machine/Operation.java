package dev.elbo.simulator.machine;

import dev.elbo.simulator.ptx.Operand;
import dev.elbo.simulator.ptx.Operand.Negated;
import dev.elbo.simulator.ptx.Operand.Register;
import dev.elbo.simulator.ptx.PtxException;
import dev.elbo.simulator.ptx.ScalarType;
import dev.elbo.simulator.ptx.Statement;
import java.util.ArrayList;
import java.util.List;

/// An instruction while it is decoded: its modifiers, taken one by one so that none is overlooked, and its operands.
final class Operation {
    private final Statement.Instruction text;
    private final Decoder decoder;
    private final List<String> modifiers;

    Operation(Statement.Instruction text, Decoder decoder) {
        this.text = text;
        this.decoder = decoder;
        this.modifiers = new ArrayList<>(text.modifiers());
    }

    Decoder decoder() {
        return decoder;
    }

    String mnemonic() {
        return text.mnemonic();
    }

    /// Takes a modifier if it is there.
    boolean took(String modifier) {
        return modifiers.remove(modifier);
    }

    /// Takes whichever of these modifiers is there, or null.
    String oneOf(String... names) {
        for (String name : names) {
            if (modifiers.remove(name)) {
                return name;
            }
        }
        return null;
    }

    /// Takes whichever of these modifiers is there.
    String needs(String... names) {
        String found = oneOf(names);
        if (found == null) {
            throw unknown();
        }
        return found;
    }

    /// Takes the first type among the modifiers.
    ScalarType type() {
        for (String modifier : modifiers) {
            ScalarType type = ScalarType.of(modifier);
            if (type != null) {
                modifiers.remove(modifier);
                return type;
            }
        }
        throw unknown();
    }

    /// Takes modifiers that begin so, as in `L2::128B`, which change nothing here.
    void skip(String prefix) {
        modifiers.removeIf(m -> m.startsWith(prefix));
    }

    boolean allTaken() {
        return modifiers.isEmpty();
    }

    int operands() {
        return text.operands().size();
    }

    Operand operand(int i) {
        if (i >= text.operands().size()) {
            throw unknown();
        }
        return text.operands().get(i);
    }

    /// Elements of operand i, which is a tuple, or the operand itself.
    List<Operand> elements(int i) {
        return operand(i) instanceof Operand.Tuple(List<Operand> elements) ? elements : List.of(operand(i));
    }

    /// Whether operand i is a 64-bit register.
    boolean isLong(int i) {
        return operand(i) instanceof Register register && register.type().bytes() == 8;
    }

    /// Row of operand i among the words.
    int word(int i, ScalarType type) {
        return decoder.word(operand(i), type, this);
    }

    /// Row of operand i among the longs.
    int wide(int i, ScalarType type) {
        return decoder.wide(operand(i), type, this);
    }

    /// Row of operand i among the predicates; `!p` is not one.
    int predicate(int i) {
        return decoder.predicate(operand(i), this);
    }

    /// A predicate that is read, possibly negated or constant.
    ///
    /// @param row   its row, -1 for a constant
    /// @param flip  xor-ed with it: -1 if negated; of a constant, its value
    record Condition(int row, int flip) {
        int lanes(Warp warp) {
            return (row < 0 ? 0 : warp.predicates[row]) ^ flip;
        }
    }

    /// Operand i as a predicate that is read.
    Condition condition(int i) {
        return switch (operand(i)) {
            case Negated(Operand inner) -> new Condition(decoder.predicate(inner, this), -1);
            case Operand.Immediate immediate -> new Condition(-1, immediate.bits() != 0 ? -1 : 0);
            default -> new Condition(predicate(i), 0);
        };
    }

    /// Operand i, a constant known now.
    long constant(int i) {
        if (operand(i) instanceof Operand.Immediate immediate) {
            return immediate.bits();
        }
        throw unknown();
    }

    /// The error for what this decoder does not know.
    PtxException unknown() {
        return new PtxException("unknown instruction: " + text, text.line(), decoder.kernel());
    }
}
