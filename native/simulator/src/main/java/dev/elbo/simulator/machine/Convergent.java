package dev.elbo.simulator.machine;

/// An instruction that lanes run together.
interface Convergent {
    /// Lanes that must have come before the instruction can run.
    ///
    /// @param mask lanes that are there
    int expected(Warp warp, int mask);
}
