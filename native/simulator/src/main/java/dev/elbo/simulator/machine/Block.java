package dev.elbo.simulator.machine;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;
import java.util.List;

/// A thread block: its warps, its shared memory and its barriers. One object runs many blocks of a grid, one after
/// another.
final class Block {
    /// Instructions a warp issues before the next has its turn.
    private static final int TURN = 10_000;
    private static final int DRAWN_TURN = 256;

    private final Grid grid;
    private final Cluster cluster;
    private final int rank;
    private final VariableSpace shared;
    private final RaceShadow[] races;
    private final Warp[] warps;
    private final BarrierSet barriers;
    private final int[] order;
    private Dim3 index;
    private long issuedBefore;
    private long turns;

    /// @param rank in the cluster
    Block(Grid grid, Cluster cluster, int rank) {
        this.grid = grid;
        this.cluster = cluster;
        this.rank = rank;
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
        barriers = new BarrierSet(this, warps);
    }

    /// A time later than all that this object has run.
    long nextTime() {
        long next = 1;
        for (Warp warp : warps) {
            next = Math.max(next, warp.clock.now() + 1);
        }
        return next;
    }

    /// Sets all threads of a block of the grid to the kernel's start.
    ///
    /// @param time later than all that the blocks of the cluster have run
    void start(Dim3 block, long time) {
        index = block;
        shared.clear();
        for (Warp warp : warps) {
            warp.start();
            warp.clock.start(time);
        }
        barriers.reset();
        issuedBefore = instructions();
        turns = 0;
        if (grid.options().seed() != 0) {
            shuffle(grid.options().seed() * 31 + number());
        }
    }

    /// Gives each warp that can run a turn.
    ///
    /// @return whether any could
    boolean turn() {
        boolean moved = false;
        for (int i : order) {
            Warp warp = warps[i];
            if (!warp.done() && !warp.waiting()) {
                warp.run(turnLength());
                moved = true;
            }
        }
        long issued = instructions() - issuedBefore;
        if (issued > grid.options().instructionLimit()) {
            String text = "the block has issued " + issued + " instructions and is not done";
            throw warps[firstLeft()].fault(Kind.TIME_LIMIT, text, 0, 0);
        }
        return moved;
    }

    /// Drawn turns are short, so that warps interleave where nothing but a barrier keeps them apart.
    private int turnLength() {
        long seed = grid.options().seed();
        return seed == 0 ? TURN : 1 + (int) Long.remainderUnsigned(Noise.mix(seed + number() + turns++), DRAWN_TURN);
    }

    boolean done() {
        for (Warp warp : warps) {
            if (!warp.done()) {
                return false;
            }
        }
        return true;
    }

    Warp[] warps() {
        return warps;
    }

    BarrierSet barriers() {
        return barriers;
    }

    /// A phase of the cluster's barrier is over: warps that wait for it go on.
    void leaveCluster(long phase) {
        for (Warp warp : warps) {
            if (warp.waiting() && warp.current() instanceof ClusterBarrier && warp.clusterPhase == phase) {
                ClusterBarrier.leave(warp);
                warp.release();
            }
        }
    }

    /// The cluster that the block runs in.
    Cluster cluster() {
        return cluster;
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
        LaunchStatistics sum = new LaunchStatistics(0, 0, 0, 0, barriers.opened(), 0);
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

    /// Warps of all blocks of the cluster.
    int clusterWarps() {
        return warpCount() * (int) grid.cluster().count();
    }

    /// Number of this block's first warp in the cluster.
    int firstWarp() {
        return rank * warpCount();
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

    VariableSpace shared() {
        return shared;
    }

    /// The race records of a shared variable of the cluster; null if races are not looked for, or it is none.
    RaceShadow races(Allocation variable) {
        RaceShadow own = ownRaces(variable);
        return own != null ? own : cluster.races(variable);
    }

    /// The race records of a shared variable of this block, or null.
    RaceShadow ownRaces(Allocation variable) {
        for (int i = 0; i < races.length; i++) {
            if (shared.variable(i) == variable) {
                return races[i];
            }
        }
        return null;
    }
}
