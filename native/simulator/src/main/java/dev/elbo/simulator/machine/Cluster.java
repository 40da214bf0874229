package dev.elbo.simulator.machine;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;

/// Blocks that run side by side and see each other's shared memory; mostly one alone. One object runs many clusters
/// of a grid, one after another.
final class Cluster {
    /// Shared memory of block r of the cluster lies at `(r + 1) << RANK` among its shared addresses, one's own also at
    /// 0.
    static final int RANK = 24;

    private final Dim3 extents;
    private final Dim3 clusters;
    private final Block[] blocks;
    /// What warps pass on at a phase of the barrier: two phases may be open at once.
    private final Barrier[] arrivals = new Barrier[2];
    private Dim3 index;
    private long phase;
    private int arrived;

    Cluster(Grid grid) {
        extents = grid.cluster();
        clusters = grid.clusters();
        blocks = new Block[(int) extents.count()];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = new Block(grid, this, i);
        }
        arrivals[0] = new Barrier(blocks[0].clusterWarps());
        arrivals[1] = new Barrier(blocks[0].clusterWarps());
    }

    /// Sets all threads of a cluster of the grid to the kernel's start.
    void start(long number) {
        index = clusters.index(number);
        phase = 0;
        arrived = 0;
        arrivals[0].reset();
        arrivals[1].reset();
        long time = 1;
        for (Block block : blocks) {
            time = Math.max(time, block.nextTime());
        }
        for (int rank = 0; rank < blocks.length; rank++) {
            Dim3 at = extents.index(rank);
            Dim3 block = new Dim3(
                    index.x() * extents.x() + at.x(),
                    index.y() * extents.y() + at.y(),
                    index.z() * extents.z() + at.z());
            blocks[rank].start(block, time);
        }
    }

    /// Gives each block that can run a turn.
    ///
    /// @return whether all are done
    boolean turn() {
        boolean moved = false;
        boolean left = false;
        for (Block block : blocks) {
            moved |= block.turn();
            left |= !block.done();
        }
        if (left && !moved) {
            openOrReport();
        }
        return !left;
    }

    private void openOrReport() {
        for (Block block : blocks) {
            if (!block.done()) {
                block.barriers().openOrReport();
            }
        }
        int alive = 0;
        Warp stuck = null;
        for (Block block : blocks) {
            for (Warp warp : block.warps()) {
                alive += Integer.bitCount(warp.alive);
                boolean here = !warp.done() && warp.waiting() && warp.current() instanceof ClusterBarrier;
                stuck = here ? warp : stuck;
            }
        }
        if (stuck == null) {
            return;
        }
        if (arrived == alive && !stuck.block.options().missedBarriers()) {
            open();
            return;
        }
        throw stuck.fault(
                Kind.BARRIER,
                "the cluster's barrier has " + arrived + " of " + threads() + " threads, and no other can come",
                Integer.numberOfTrailingZeros(stuck.alive),
                0);
    }

    private int threads() {
        return blocks.length * (int) blocks[0].launch().block().count();
    }

    /// A warp reaches the cluster's barrier, and goes on.
    ///
    /// @return the phase it came in
    long arrive(Warp warp) {
        long now = phase;
        arrived += Integer.bitCount(warp.alive);
        arrivals(now).arrive(warp, false, 0, 0, 0);
        if (arrived >= threads()) {
            open();
        }
        return now;
    }

    private void open() {
        long over = phase++;
        arrived = 0;
        for (Block block : blocks) {
            block.leaveCluster(over);
        }
        // For the next phase: who came to the one before this has left it, or could not have come to this one.
        arrivals(over + 1).reset();
    }

    /// What the warps that came to a phase of the barrier pass on.
    Barrier arrivals(long which) {
        return arrivals[(int) (which & 1)];
    }

    /// The race records of a shared variable of any block, or null.
    RaceShadow races(Allocation variable) {
        RaceShadow found = null;
        for (int i = 0; i < blocks.length && blocks.length > 1 && found == null; i++) {
            found = blocks[i].ownRaces(variable);
        }
        return found;
    }

    /// Whether a phase of the barrier is over.
    boolean over(long which) {
        return phase > which;
    }

    /// Rank of a block in the cluster.
    int rank(Block block) {
        for (int i = 0; i < blocks.length; i++) {
            if (blocks[i] == block) {
                return i;
            }
        }
        throw new IllegalArgumentException("no block of this cluster: " + block.index());
    }

    /// The block of a rank, or null.
    Block block(int rank) {
        return rank >= 0 && rank < blocks.length ? blocks[rank] : null;
    }

    int size() {
        return blocks.length;
    }

    /// Blocks of the cluster along each axis.
    Dim3 extents() {
        return extents;
    }

    /// Index of the cluster among those of the grid.
    Dim3 index() {
        return index;
    }

    /// Clusters of the grid along each axis.
    Dim3 clusters() {
        return clusters;
    }

    LaunchStatistics statistics() {
        LaunchStatistics sum = LaunchStatistics.NONE;
        for (Block block : blocks) {
            sum = sum.plus(block.statistics());
        }
        return sum;
    }
}
