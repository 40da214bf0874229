package dev.elbo.simulator.machine;

/// Where shared, local and parameter memory appear among generic addresses. All else is global memory.
final class Windows {
    static final long SIZE = 1L << 32;
    static final long SHARED = 1L << 40;
    static final long LOCAL = 2L << 40;
    static final long PARAM = 3L << 40;

    private Windows() {}

    static boolean inside(long address, long window) {
        return address - window >= 0 && address - window < SIZE;
    }
}
