package dev.elbo.runtime.ops;

import dev.elbo.runtime.Tensor;

/// A write into a tensor that outlives the step: what a Markov chain or a running sum keeps from run to run.
///
/// ```
/// to[e] = from[e]                bind
/// to[e] = to[e] + from[e]        bindSum
/// ```
///
/// Nothing flows back.
public final class Assign {
    private Assign() {}

    /// Binds the copy.
    ///
    /// @param from any shape, f32
    /// @param to   shape of `from`, overwritten
    public static void bind(Tensor from, Tensor to) {
        Shapes.exactly("assign", "to", from.shape(), to);
        Columns.bindWhole("assign", from, to, true);
    }

    /// Binds the addition.
    ///
    /// @param from any shape, f32
    /// @param to   shape of `from`, added into
    public static void bindSum(Tensor from, Tensor to) {
        Shapes.exactly("accumulate", "to", from.shape(), to);
        Columns.bindWhole("accumulate", from, to, false);
    }
}
