package dev.elbo.simulator.driver;

/// What an architecture has room for, after NVIDIA's table of compute capabilities. Sizes in bytes.
record Hardware(
        int threadsPerMultiprocessor,
        int blocksPerMultiprocessor,
        int sharedPerMultiprocessor,
        int sharedPerBlockOptIn,
        boolean clusters) {
    static final int THREADS_PER_BLOCK = 1024;
    static final int REGISTERS = 65536;
    static final int SHARED_PER_BLOCK = 48 << 10;
    static final int SHARED_RESERVED = 1 << 10;

    /// A cluster of more blocks than this needs the kernel's consent.
    static final int PORTABLE_CLUSTER = 8;

    /// @param capability 10 · major + minor
    static Hardware of(int capability) {
        int kib = 1 << 10;
        return switch (capability) {
            case 70, 72 -> new Hardware(2048, 32, 96 * kib, 96 * kib, false);
            case 75 -> new Hardware(1024, 16, 64 * kib, 64 * kib, false);
            case 80, 87 -> new Hardware(2048, 32, 164 * kib, 163 * kib, false);
            case 86 -> new Hardware(1536, 16, 100 * kib, 99 * kib, false);
            case 89 -> new Hardware(1536, 24, 100 * kib, 99 * kib, false);
            case 90, 100, 101, 103 -> new Hardware(2048, 32, 228 * kib, 227 * kib, true);
            case 120, 121 -> new Hardware(1536, 24, 100 * kib, 99 * kib, true);
            default -> new Hardware(2048, 32, 96 * kib, 48 * kib, capability >= 90);
        };
    }
}
