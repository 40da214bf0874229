package dev.elbo.runtime.ops;

import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// A copy into a tensor that outlives the step: what a Markov chain or a running mean keeps from run to run.
///
/// ```
/// to[e] = from[e]
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
        Shape shape = from.shape();
        Shapes.exactly("assign", "to", shape, to);
        Columns.bindWhole("assign", from, to, true);
    }
}
