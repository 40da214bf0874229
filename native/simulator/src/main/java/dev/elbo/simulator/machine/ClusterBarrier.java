package dev.elbo.simulator.machine;

import dev.elbo.simulator.SimulatorFault.Kind;

/// `barrier.cluster.arrive` and `barrier.cluster.wait`: warps of all blocks of a cluster come, go on, and later
/// wait for the rest.
final class ClusterBarrier extends Instruction implements Convergent {
    private final boolean waits;

    ClusterBarrier(boolean waits) {
        this.waits = waits;
    }

    @Override
    public int expected(Warp warp, int mask) {
        return warp.alive;
    }

    @Override
    void run(Warp warp, int mask) {
        int lane = Integer.numberOfTrailingZeros(mask);
        Cluster cluster = warp.block.cluster();
        if (!waits) {
            if (warp.clusterPhase >= 0) {
                throw warp.fault(Kind.BARRIER, "arrives at the cluster's barrier again without having waited", lane, 0);
            }
            warp.clusterPhase = cluster.arrive(warp);
            return;
        }
        if (warp.clusterPhase < 0) {
            throw warp.fault(Kind.BARRIER, "waits at the cluster's barrier without having arrived", lane, 0);
        }
        if (cluster.over(warp.clusterPhase)) {
            leave(warp);
        } else {
            warp.await();
        }
    }

    /// What other threads of the cluster did before they arrived is seen from here on.
    static void leave(Warp warp) {
        Barrier passed = warp.block.cluster().arrivals(warp.clusterPhase);
        warp.clock.leave(passed.passedOn(), warp.clock.now());
        warp.clusterPhase = -1;
    }
}
