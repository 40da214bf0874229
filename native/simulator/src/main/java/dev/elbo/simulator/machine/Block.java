package dev.elbo.simulator.machine;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;
import java.util.List;

/// A thread block: its warps, its shared memory and its barriers. One object runs many blocks of a grid, one after
/// another.
final class Block {
    /// Barriers of a block, as PTX numbers them.
    private static final int BARRIERS = 16;

    /// Instructions a warp issues before the next has its turn.
    private static final int TURN = 10_000;

    private final Grid grid;
    private final VariableSpace shared;
    private final RaceShadow[] races;
    private final Warp[] warps;
    private final Barrier[] barriers = new Barrier[BARRIERS];
    private final int[] order;
    private Dim3 index;
    private long clock = 1;
    private long barriersOpened;
    private long issuedBefore;

    Block(Grid grid) {
        this.grid = grid;
        List<Layout.Range> ranges = grid.program().shared().ranges(grid.launch().dynamicSharedBytes());
        shared = new VariableSpace(ranges, "shared variable ");
        races = new RaceShadow[shared.count()];
        for (int i = 0; i < races.length && grid.options().races(); i++) {
            races[i] = new RaceShadow(shared.variable(i).size(), grid.program().sharedGranule());
        }
        warps = new Warp[(int) ((grid.launch().block().count() + Lanes.COUNT - 1) / Lanes.COUNT)];
        order = new int[warps.length];
        for (int i = 0; i < warps.length; i++) {
            warps[i] = new Warp(this, i, grid.program(), grid.constants());
            order[i] = i;
        }
        for (int i = 0; i < BARRIERS; i++) {
            barriers[i] = new Barrier(warps.length);
        }
    }

    /// Sets all threads of a block of the grid to the kernel's start.
    void start(Dim3 block) {
        index = block;
        shared.clear();
        for (Warp warp : warps) {
            clock = Math.max(clock, warp.clock.now() + 1);
        }
        for (Warp warp : warps) {
            warp.start();
            warp.clock.start(clock);
        }
        for (Barrier barrier : barriers) {
            barrier.reset();
        }
        issuedBefore = instructions();
        if (grid.options().seed() != 0) {
            shuffle(grid.options().seed() * 31 + number());
        }
    }

    /// Gives each warp that can run a turn.
    ///
    /// @return whether the block is done
    boolean turn() {
        boolean moved = false;
        boolean left = false;
        for (int i : order) {
            Warp warp = warps[i];
            if (!warp.done() && !warp.waiting()) {
                warp.run(TURN);
                moved = true;
            }
            left |= !warp.done();
        }
        if (!left) {
            return true;
        }
        if (!moved) {
            openOrReport();
        }
        if (instructions() - issuedBefore > grid.options().instructionLimit()) {
            throw warps[firstLeft()].fault(
                    Kind.TIME_LIMIT,
                    "the block has issued " + (instructions() - issuedBefore) + " instructions and is not done",
                    0,
                    0);
        }
        return false;
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
        int wanted = expected == 0 ? (int) grid.launch().block().count() : expected;
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
                if (warp.current() instanceof BlockBarrier reduction) {
                    reduction.finish(warp, barrier);
                }
                warp.release();
            }
        }
        barriersOpened++;
        barrier.reset();
    }

    /// Nothing can run: either all that is missing at a barrier has left the kernel, or the block hangs.
    private void openOrReport() {
        for (int i = 0; i < BARRIERS; i++) {
            Barrier barrier = barriers[i];
            if (barrier.waiting() == 0) {
                continue;
            }
            int alive = 0;
            for (Warp warp : warps) {
                alive += Integer.bitCount(warp.alive);
            }
            boolean othersLeft = barrier.expected() == 0 && barrier.arrived() == alive;
            if (othersLeft && !grid.options().missedBarriers()) {
                open(barrier);
                return;
            }
            throw missed(i, barrier, alive);
        }
        throw new IllegalStateException(
                "no warp can run and none waits; kernel=" + grid.program().name());
    }

    private SimulatorFault missed(int number, Barrier barrier, int alive) {
        int total = (int) grid.launch().block().count();
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

    private int firstLeft() {
        for (Warp warp : warps) {
            if (!warp.done()) {
                return warp.index;
            }
        }
        return 0;
    }

    private long instructions() {
        long sum = 0;
        for (Warp warp : warps) {
            sum += warp.instructions;
        }
        return sum;
    }

    /// What this object has done since it was made.
    LaunchStatistics statistics() {
        LaunchStatistics sum = new LaunchStatistics(0, 0, 0, 0, barriersOpened, 0);
        for (Warp warp : warps) {
            sum = sum.plus(new LaunchStatistics(
                    warp.instructions,
                    warp.laneInstructions,
                    warp.loadedBytes,
                    warp.storedBytes,
                    0,
                    warp.floatAtomics));
        }
        return sum;
    }

    private void shuffle(long seed) {
        long state = seed;
        for (int i = order.length - 1; i > 0; i--) {
            state = Noise.mix(state + i);
            int j = (int) Long.remainderUnsigned(state, i + 1L);
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
    }

    Dim3 index() {
        return index;
    }

    /// Number of the block in the grid, x fastest.
    long number() {
        Dim3 extents = grid.launch().grid();
        return ((long) index.z() * extents.y() + index.y()) * extents.x() + index.x();
    }

    int warpCount() {
        // Also asked while the warps are being made.
        return (int) ((grid.launch().block().count() + Lanes.COUNT - 1) / Lanes.COUNT);
    }

    Grid grid() {
        return grid;
    }

    Launch launch() {
        return grid.launch();
    }

    LaunchOptions options() {
        return grid.options();
    }

    AddressSpace global() {
        return grid.global();
    }

    AddressSpace parameters() {
        return grid.parameters();
    }

    AddressSpace shared() {
        return shared;
    }

    /// The race records of a shared variable, null if races are not looked for.
    RaceShadow races(Allocation variable) {
        for (int i = 0; i < races.length; i++) {
            if (shared.variable(i) == variable) {
                return races[i];
            }
        }
        throw new IllegalArgumentException("no shared variable: " + variable);
    }
}
