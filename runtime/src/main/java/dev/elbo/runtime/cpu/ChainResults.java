package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.runtime.chain.Form;
import java.lang.foreign.MemorySegment;

/// What a function of a chain writes: one value per sequence, how it depends on the scores, and the form that
/// served.
///
/// @param value       (n), or null
/// @param exact       (n) f64, the value before it was rounded; or null
/// @param served      (n) i32, the [Form] of each sequence
/// @param unary       (n, steps, states), ∂value/∂unary, zero in the padding; or null
/// @param transitions (n, states, states), ∂value/∂transitions of a shared matrix; or (n, steps − 1, states,
/// states) of the matrices per step, zero in the padding; or null
public record ChainResults(
        MemorySegment value,
        MemorySegment exact,
        MemorySegment served,
        MemorySegment unary,
        MemorySegment transitions) {
    void put(long q, double result, Form form) {
        if (value != null) {
            Floats.put(value, q, (float) result);
        }
        if (exact != null) {
            exact.setAtIndex(JAVA_DOUBLE, q, result);
        }
        served.setAtIndex(JAVA_INT, q, form.ordinal());
    }

    boolean wantsGradient() {
        return unary != null || transitions != null;
    }

    /// Zeroes all that sequence q says about the scores.
    void clear(ChainScores scores, long q) {
        if (unary != null) {
            zero(unary, scores.unaryAt(q, 0), (long) scores.steps() * scores.states());
        }
        if (transitions != null) {
            long square = (long) scores.states() * scores.states();
            long each = scores.perStep() ? Math.max(0, scores.steps() - 1) * square : square;
            zero(transitions, q * each, each);
        }
    }

    static void zero(MemorySegment x, long from, long length) {
        x.asSlice(from * Float.BYTES, length * Float.BYTES).fill((byte) 0);
    }
}
