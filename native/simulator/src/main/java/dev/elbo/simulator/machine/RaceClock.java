package dev.elbo.simulator.machine;

import java.util.Arrays;

/// What a warp knows about what other threads of its cluster, which mostly is its block, had done when they last met.
///
/// Time in a warp is a counter that moves on at each barrier. A warp has seen everything that warp u did up to time
/// `seen[u]`; two lanes of one warp have seen of each other what lies before the last barrier that both took part in.
final class RaceClock {
    private final int warp;
    private final long[] seen;
    private final long[] laneStart = new long[Lanes.COUNT];
    private long now;
    /// Everything up to here, by any thread of the cluster, has been seen.
    private long floor;

    /// @param warp  number in the cluster
    /// @param warps of the cluster
    RaceClock(int warp, int warps) {
        this.warp = warp;
        this.seen = new long[warps];
    }

    long now() {
        return now;
    }

    /// Number of the warp's first thread in the cluster.
    long firstThread() {
        return (long) warp << 5;
    }

    /// A new cluster starts at a time when nothing of what others did before it counts.
    void start(long time) {
        Arrays.fill(seen, time - 1);
        Arrays.fill(laneStart, time);
        now = time;
        floor = time - 1;
    }

    /// Lanes of this warp meet.
    void meet(int lanes) {
        now++;
        for (int i = 0; i < Lanes.COUNT; i++) {
            laneStart[i] = (lanes >>> i & 1) != 0 ? now : laneStart[i];
        }
    }

    /// Adds what this warp knows and did to what a barrier passes on; what it does from here on is not in it.
    void arrive(long[] passedOn) {
        for (int u = 0; u < seen.length; u++) {
            passedOn[u] = Math.max(passedOn[u], u == warp ? now : seen[u]);
        }
        now++;
    }

    /// Takes over what a barrier passes on.
    void leave(long[] passedOn, long time) {
        now = time;
        floor = Long.MAX_VALUE;
        for (int u = 0; u < seen.length; u++) {
            seen[u] = Math.max(seen[u], passedOn[u]);
            floor = Math.min(floor, seen[u]);
        }
        Arrays.fill(laneStart, now);
    }

    /// The first time that not every thread of the cluster has been seen up to.
    long settled() {
        return floor + 1;
    }

    /// Whether what a thread did at `time` lies before what `lane` of this warp does now.
    boolean after(long thread, long time, int lane) {
        int u = (int) thread >>> 5;
        if (u != warp) {
            return time <= seen[u];
        }
        int other = (int) thread & (Lanes.COUNT - 1);
        return other == lane || time <= floor || time < Math.min(laneStart[other], laneStart[lane]);
    }

    /// The same for something that several lanes of the thread's warp did together.
    boolean afterAll(long thread, long time, int lane) {
        int u = (int) thread >>> 5;
        return u != warp ? time <= seen[u] : time < laneStart[lane];
    }
}
