package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.PerRow;

/// ∂loss/∂y of a y with one number for each row: a buffer of them, or the one number that all of them are known to be.
///
/// @param each (rows), or null
/// @param all  of every row where `each` is null
record RowGradient(Tensor each, float all) {
    /// Of what the loss does not depend on.
    static final RowGradient NONE = new RowGradient(null, 0);

    /// What has arrived at y, without a launch.
    static RowGradient of(Gradient dy) {
        if (!dy.wanted()) {
            return NONE;
        }
        return dy.known().isPresent() ? new RowGradient(null, (float) dy.known().getAsDouble()) : of(dy.into());
    }

    /// A number for each row.
    ///
    /// @param each (rows)
    static RowGradient of(Tensor each) {
        return new RowGradient(each, 0);
    }

    /// Whether it is known to be 0 throughout.
    boolean nothing() {
        return each == null && all == 0;
    }

    PerRow onCpu() {
        return each == null ? new PerRow(null, all) : PerRow.of(each.data());
    }
}
