package dev.elbo.simulator.machine;

import java.util.Arrays;

/// One of a block's numbered barriers, while warps arrive at it.
final class Barrier {
    private final long[] passedOn;
    /// Warps that wait here, one bit each.
    private int waiting;
    /// Threads that have come, waiting or not.
    private int arrived;
    /// Threads awaited, 0 for all of the block.
    private int expected;

    private Instruction first;
    private int population;
    private boolean all = true;
    private boolean any;

    /// @param warps of the cluster
    Barrier(int warps) {
        passedOn = new long[warps];
    }

    /// A warp comes.
    ///
    /// @param waits     whether it stays until the barrier opens
    /// @param threads   threads it stands for
    /// @param expected  threads awaited, 0 for all of the block
    /// @param predicate lanes in which the predicate of a reduction holds
    void arrive(Warp warp, boolean waits, int threads, int expected, int predicate) {
        if (arrived == 0) {
            first = warp.current();
            this.expected = expected;
        }
        warp.clock.arrive(passedOn);
        arrived += threads;
        waiting |= waits ? 1 << warp.index : 0;
        population += Integer.bitCount(predicate & warp.alive);
        all &= (predicate & warp.alive) == warp.alive;
        any |= (predicate & warp.alive) != 0;
    }

    /// The instruction at which the first warp came.
    Instruction first() {
        return first;
    }

    int waiting() {
        return waiting;
    }

    int arrived() {
        return arrived;
    }

    int expected() {
        return expected;
    }

    /// Threads in which the predicate held.
    int population() {
        return population;
    }

    boolean all() {
        return all;
    }

    boolean any() {
        return any;
    }

    long[] passedOn() {
        return passedOn;
    }

    void reset() {
        Arrays.fill(passedOn, 0);
        waiting = 0;
        arrived = 0;
        expected = 0;
        population = 0;
        all = true;
        any = false;
    }
}
