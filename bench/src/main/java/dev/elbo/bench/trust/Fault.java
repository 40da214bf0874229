package dev.elbo.bench.trust;

import dev.elbo.simulator.Faults;
import java.util.Set;

/// One thing that goes wrong, once.
///
/// @param kind     what
/// @param function the C function whose call fails; empty for a kernel that dies or memory that is out
/// @param n        at which call, allocation or kernel, from 1
public record Fault(Kind kind, String function, int n) {
    /// What can go wrong.
    public enum Kind {
        /// A function answers with a status of its library's and does nothing.
        STATUS,
        /// A function answers that memory was touched that is not there: the context is dead.
        STICKY,
        /// A function answers something unknown, and so does everything from then on: the device has fallen
        /// off its bus.
        LOST,
        /// There is no more device memory.
        OUT_OF_MEMORY,
        /// A kernel dies, and with it the context, as the host hears at its next wait.
        LAUNCH
    }

    private static final int UNKNOWN = 999;
    private static final int ILLEGAL_ADDRESS = 700;
    private static final int CUBLAS_EXECUTION_FAILED = 13;
    private static final int CUDNN_EXECUTION_FAILED = 5000;

    /// When one of these fails, what it should have given back stays.
    private static final Set<String> RELEASES = Set.of(
            "cuDevicePrimaryCtxRelease_v2",
            "cuStreamDestroy_v2",
            "cuEventDestroy_v2",
            "cuMemFreeAsync",
            "cuMemFree_v2",
            "cuMemFreeHost",
            "cuModuleUnload",
            "cuGraphDestroy",
            "cuGraphExecDestroy",
            "cuCtxGetCurrent", // asked before each of these
            "cuCtxSynchronize");

    /// Asks the simulated GPU for it.
    void plan(Faults faults) {
        switch (kind) {
            case STATUS -> faults.failCall(function, n, status());
            case STICKY -> faults.stickyErrorAtCall(function, n, ILLEGAL_ADDRESS);
            case LOST -> faults.stickyErrorAtCall(function, n, UNKNOWN);
            case OUT_OF_MEMORY -> faults.outOfMemoryAtAllocation(n);
            case LAUNCH -> faults.launchFailureAt(n);
        }
    }

    private int status() {
        if (function.startsWith("cublas")) {
            return CUBLAS_EXECUTION_FAILED;
        }
        return function.startsWith("cudnn") ? CUDNN_EXECUTION_FAILED : UNKNOWN;
    }

    /// Whether nothing works on the context from then on.
    boolean deadly() {
        return kind == Kind.STICKY || kind == Kind.LOST || kind == Kind.LAUNCH;
    }

    /// Whether what is left on the device is the fault's own doing, and no leak.
    boolean leavesThings() {
        return deadly() || RELEASES.contains(function) || function.contains("Destroy");
    }

    /// `cuMemAllocAsync 3: STATUS`.
    @Override
    public String toString() {
        return (function.isEmpty() ? "" : function + " ") + n + ": " + kind;
    }
}
