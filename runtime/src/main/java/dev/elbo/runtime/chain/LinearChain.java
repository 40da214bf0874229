package dev.elbo.runtime.chain;

import dev.elbo.runtime.DType;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.ChainScores;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.stream.Stream;

/// A ragged batch of linear chains, hidden Markov models or conditional random fields alike: scores of paths.
///
/// ```
/// score(y) = start[y₀] + Σ_t unary[q,t,y_t] + Σ_t transitions[y_t, y_{t+1}] + end[y_last]      0 ≤ t < lengths[q]
/// p(y)     = exp(score(y) − log Z),   Z = Σ_y exp score(y)
/// ```
///
/// Scores are natural logarithms, of probabilities or not; −∞ forbids. What lies beyond a sequence's length is never
/// looked at and may hold anything. A length is held to [0, t]; the one path of length 0 has score 0.
///
/// @param unary       (n, t, s)
/// @param transitions (s, s), from row to column; or (n, t − 1, s, s), a matrix for every step
/// @param start       (s), or null for 0
/// @param end         (s), or null for 0
/// @param lengths     (n), i32
public record LinearChain(Tensor unary, Tensor transitions, Tensor start, Tensor end, Tensor lengths) {
    public LinearChain {
        boolean cube = unary.shape().rank() == 3;
        int n = cube ? unary.shape().extent(0) : 0;
        int steps = cube ? unary.shape().extent(1) : 0;
        int states = cube ? unary.shape().extent(2) : 0;
        check(cube && states > 0, "unary scores are (n, t, s)", unary, unary);
        boolean shared = transitions.shape().equals(Shape.of(states, states));
        boolean own = transitions.shape().equals(Shape.of(n, Math.max(0, steps - 1), states, states));
        check(shared || own, "transitions are (s, s) or (n, t - 1, s, s)", transitions, unary);
        check(start == null || start.shape().equals(Shape.of(states)), "start scores are (s)", start, unary);
        check(end == null || end.shape().equals(Shape.of(states)), "end scores are (s)", end, unary);
        check(
                lengths.dtype() == DType.I32 && lengths.shape().equals(Shape.of(n)),
                "lengths are (n) of I32",
                lengths,
                unary);
    }

    private static void check(boolean fits, String wanted, Tensor tensor, Tensor unary) {
        if (!fits) {
            throw new IllegalArgumentException("LinearChain: " + wanted + "; tensor=" + tensor + ", unary=" + unary);
        }
    }

    /// A chain without start and end scores.
    ///
    /// @param unary       (n, t, s)
    /// @param transitions (s, s), or (n, t − 1, s, s)
    /// @param lengths     (n), i32
    public static LinearChain of(Tensor unary, Tensor transitions, Tensor lengths) {
        return new LinearChain(unary, transitions, null, null, lengths);
    }

    /// This chain with scores for the first state.
    ///
    /// @param scores (s)
    public LinearChain withStart(Tensor scores) {
        return new LinearChain(unary, transitions, scores, end, lengths);
    }

    /// This chain with scores for the last state.
    ///
    /// @param scores (s)
    public LinearChain withEnd(Tensor scores) {
        return new LinearChain(unary, transitions, start, scores, lengths);
    }

    /// Number of sequences.
    public int n() {
        return unary.shape().extent(0);
    }

    /// Steps that there is room for.
    public int steps() {
        return unary.shape().extent(1);
    }

    /// Number of states.
    public int states() {
        return unary.shape().extent(2);
    }

    /// Whether every step has a transition matrix of its own.
    public boolean perStep() {
        return transitions.shape().rank() == 4;
    }

    /// What there is of scores, in the order unary, transitions, start, end.
    Tensor[] scores() {
        return Stream.of(unary, transitions, start, end)
                .filter(Objects::nonNull)
                .toArray(Tensor[]::new);
    }

    /// Shape of ∂value/∂transitions before the sequences are summed.
    Shape transitionsEach() {
        return perStep() ? transitions.shape() : Shape.of(n(), states(), states());
    }

    ChainScores onCpu() {
        return new ChainScores(
                unary.data(),
                transitions.data(),
                dataOf(start),
                dataOf(end),
                lengths.data(),
                n(),
                steps(),
                states(),
                perStep());
    }

    static MemorySegment dataOf(Tensor tensor) {
        return tensor == null ? null : tensor.data();
    }
}
