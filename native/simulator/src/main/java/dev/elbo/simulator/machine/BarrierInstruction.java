package dev.elbo.simulator.machine;

import dev.elbo.simulator.SimulatorFault.Kind;

/// `bar.sync`, `bar.arrive` and `bar.red`: all lanes of a warp come together, then warps wait for each other.
final class BarrierInstruction extends Instruction implements Convergent {
    /// What is worked out while waiting.
    enum Reduction {
        NONE,
        POPULATION,
        AND,
        OR
    }

    private final int number;
    private final int expected;
    private final boolean waits;
    private final Reduction reduction;
    private final int result;
    private final Operation.Condition condition;

    /// @param number    row of the barrier's number
    /// @param expected  row of the number of threads awaited, -1 for all of the block
    /// @param result    row of the reduction's result
    /// @param condition what is reduced, null if nothing is
    BarrierInstruction(
            int number, int expected, boolean waits, Reduction reduction, int result, Operation.Condition condition) {
        this.number = number;
        this.expected = expected;
        this.waits = waits;
        this.reduction = reduction;
        this.result = result;
        this.condition = condition;
    }

    @Override
    public int expected(Warp warp, int mask) {
        return warp.alive;
    }

    @Override
    void run(Warp warp, int mask) {
        int lane = Integer.numberOfTrailingZeros(mask);
        int id = warp.words[number][lane];
        if (id < 0 || id > 15) {
            throw warp.fault(Kind.BARRIER, "there are barriers 0 to 15, not " + id, lane, 0);
        }
        int threads = expected < 0 ? 0 : warp.words[expected][lane];
        if (threads % Lanes.COUNT != 0) {
            throw warp.fault(Kind.BARRIER, threads + " threads awaited are no whole number of warps", lane, 0);
        }
        warp.block.barriers().arrive(warp, id, waits, threads, condition == null ? 0 : condition.lanes(warp));
    }

    /// The barrier has opened: writes what was reduced.
    void finish(Warp warp, Barrier barrier) {
        switch (reduction) {
            case POPULATION -> {
                for (int i = 0; i < Lanes.COUNT; i++) {
                    warp.words[result][i] = barrier.population();
                }
            }
            case AND -> warp.predicates[result] = barrier.all() ? -1 : 0;
            case OR -> warp.predicates[result] = barrier.any() ? -1 : 0;
            case NONE -> {}
        }
    }
}
