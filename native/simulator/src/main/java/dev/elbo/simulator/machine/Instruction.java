package dev.elbo.simulator.machine;

/// A decoded instruction. It runs for all active lanes of a warp at once.
///
/// Instructions are shared by all warps and hold no state.
abstract class Instruction {
    private int guard = -1;
    private boolean negated;
    private int line;
    private String source = "";

    /// @param guard row of the predicate it runs under, -1 if it always runs
    final void place(int guard, boolean negated, int line, String source) {
        this.guard = guard;
        this.negated = negated;
        this.line = line;
        this.source = source;
    }

    final int line() {
        return line;
    }

    final String source() {
        return source;
    }

    /// Runs it for the lanes of `mask` whose guard holds.
    final void step(Warp warp, int mask) {
        if (guard < 0) {
            run(warp, mask);
            return;
        }
        int holds = warp.predicates[guard];
        int on = mask & (negated ? ~holds : holds);
        if (on != 0) {
            run(warp, on);
        }
    }

    /// Runs it.
    ///
    /// @param mask the active lanes, at least one
    abstract void run(Warp warp, int mask);
}
