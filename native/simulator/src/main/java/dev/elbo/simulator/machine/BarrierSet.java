package dev.elbo.simulator.machine;

import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;

/// The numbered barriers of a block.
final class BarrierSet {
    /// As many as PTX numbers.
    private static final int COUNT = 16;

    private final Block block;
    private final Warp[] warps;
    private final Barrier[] barriers = new Barrier[COUNT];
    private long opened;

    BarrierSet(Block block, Warp[] warps) {
        this.block = block;
        this.warps = warps;
        for (int i = 0; i < COUNT; i++) {
            barriers[i] = new Barrier(block.clusterWarps());
        }
    }

    void reset() {
        for (Barrier barrier : barriers) {
            barrier.reset();
        }
    }

    /// How often one opened.
    long opened() {
        return opened;
    }

    /// A warp reaches a block-wide barrier.
    ///
    /// @param waits    whether it stays until the barrier opens
    /// @param expected threads awaited, 0 for all of the block
    void arrive(Warp warp, int number, boolean waits, int expected, int predicate) {
        Barrier barrier = barriers[number];
        if (barrier.arrived() > 0 && expected == 0 && barrier.first() != warp.current()) {
            throw warp.fault(
                    Kind.BARRIER,
                    "threads of one block wait at different barriers: others at ptx="
                            + barrier.first().line(),
                    Integer.numberOfTrailingZeros(warp.alive),
                    0);
        }
        if (barrier.arrived() > 0 && expected != barrier.expected()) {
            throw warp.fault(
                    Kind.BARRIER,
                    "barrier " + number + " is awaited by " + expected + " threads here and by " + barrier.expected()
                            + " at ptx=" + barrier.first().line(),
                    Integer.numberOfTrailingZeros(warp.alive),
                    0);
        }
        // A counted barrier counts whole warps; one for all counts the threads that are there.
        int threads = expected == 0 ? Integer.bitCount(warp.alive) : Lanes.COUNT;
        barrier.arrive(warp, waits, threads, expected, predicate);
        if (waits) {
            warp.await();
        }
        int wanted = expected == 0 ? (int) block.launch().block().count() : expected;
        if (barrier.arrived() >= wanted) {
            open(barrier);
        }
    }

    private void open(Barrier barrier) {
        long time = 0;
        for (Warp warp : warps) {
            time = Math.max(time, (barrier.waiting() >>> warp.index & 1) != 0 ? warp.clock.now() : 0);
        }
        for (Warp warp : warps) {
            if ((barrier.waiting() >>> warp.index & 1) != 0) {
                warp.clock.leave(barrier.passedOn(), time);
                if (warp.current() instanceof BarrierInstruction reduction) {
                    reduction.finish(warp, barrier);
                }
                warp.release();
            }
        }
        opened++;
        barrier.reset();
    }

    /// No warp can run: where all that is missing at a barrier has left the kernel it may open, else the block hangs.
    void openOrReport() {
        for (int i = 0; i < COUNT; i++) {
            Barrier barrier = barriers[i];
            if (barrier.waiting() == 0) {
                continue;
            }
            int alive = 0;
            for (Warp warp : warps) {
                alive += Integer.bitCount(warp.alive);
            }
            boolean othersLeft = barrier.expected() == 0 && barrier.arrived() == alive;
            if (othersLeft && !block.options().missedBarriers()) {
                open(barrier);
                return;
            }
            throw missed(i, barrier, alive);
        }
    }

    private SimulatorFault missed(int number, Barrier barrier, int alive) {
        int total = (int) block.launch().block().count();
        Warp here = warps[Integer.numberOfTrailingZeros(barrier.waiting())];
        StringBuilder text = new StringBuilder("barrier " + number + " has ");
        text.append(barrier.arrived()).append(" of ").append(barrier.expected() == 0 ? total : barrier.expected());
        text.append(" threads, and no other can come");
        String separator = "; ";
        for (Warp warp : warps) {
            int gone = warp.existing() & ~warp.alive;
            if (gone != 0) {
                int lane = Integer.numberOfTrailingZeros(gone);
                text.append(separator)
                        .append("left the kernel=thread ")
                        .append(warp.site(lane).thread());
                text.append(" and ").append(total - alive - 1).append(" more");
                break;
            }
            if ((barrier.waiting() >>> warp.index & 1) == 0) {
                text.append(separator)
                        .append("waits at ptx=")
                        .append(warp.current().line());
                text.append(": thread ")
                        .append(warp.site(Integer.numberOfTrailingZeros(warp.alive))
                                .thread());
                break;
            }
        }
        return here.fault(Kind.BARRIER, text.toString(), Integer.numberOfTrailingZeros(here.alive), 0);
    }
}
