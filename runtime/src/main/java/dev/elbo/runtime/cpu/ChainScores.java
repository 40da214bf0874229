package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/// The scores of a ragged batch of chains, as they lie in memory.
///
/// ```
/// score(y) = start[y₀] + Σ_t unary[q,t,y_t] + Σ_t transitions[y_t, y_{t+1}] + end[y_last]      0 ≤ t < lengths[q]
/// ```
///
/// @param unary       (n, steps, states); what lies beyond a length is never used
/// @param transitions (states, states), or (n, steps − 1, states, states) if `perStep`
/// @param start       (states), or null for 0
/// @param end         (states), or null for 0
/// @param lengths     (n), i32; held to [0, steps]
public record ChainScores(
        MemorySegment unary,
        MemorySegment transitions,
        MemorySegment start,
        MemorySegment end,
        MemorySegment lengths,
        int n,
        int steps,
        int states,
        boolean perStep) {
    int length(long q) {
        return Math.clamp(lengths.getAtIndex(JAVA_INT, q), 0, steps);
    }

    /// First element of the unary scores of a step.
    long unaryAt(long q, int t) {
        return (q * steps + t) * states;
    }

    /// First element of the matrix between t and t + 1.
    long transitionsAt(long q, int t) {
        return perStep ? (q * (steps - 1) + t) * states * states : 0;
    }

    /// The unary score of a state, with start and end.
    double score(long q, int t, int state, int length) {
        double score = Floats.get(unary, unaryAt(q, t) + state);
        if (t == 0 && start != null) {
            score += Floats.get(start, state);
        }
        if (t == length - 1 && end != null) {
            score += Floats.get(end, state);
        }
        return score;
    }

    /// The score of a transition between t and t + 1.
    double transition(long q, int t, int from, int to) {
        return Floats.get(transitions, transitionsAt(q, t) + (long) from * states + to);
    }
}
