package dev.elbo.ffi;

/// What a GPU can be asked about itself (`CUdevice_attribute`), as far as Elbo asks.
public enum DeviceAttribute {
    MAX_THREADS_PER_BLOCK(1),
    /// Largest grid in y; in x it is 2³¹ − 1 everywhere.
    MAX_GRID_Y(6),
    /// Shared memory of a block without opting in, bytes.
    SHARED_BYTES_PER_BLOCK(8),
    WARP_SIZE(10),
    MULTIPROCESSORS(16),
    /// Memory clock, kHz.
    MEMORY_CLOCK(36),
    /// Width of the memory bus, bits.
    MEMORY_BUS_WIDTH(37),
    /// Size of the L2 cache, bytes.
    L2_BYTES(38),
    MAX_THREADS_PER_MULTIPROCESSOR(39),
    CAPABILITY_MAJOR(75),
    CAPABILITY_MINOR(76),
    SHARED_BYTES_PER_MULTIPROCESSOR(81),
    COOPERATIVE_LAUNCH(95),
    /// Shared memory of a block that opts in by [FunctionAttribute#MAX_DYNAMIC_SHARED_BYTES], bytes.
    SHARED_BYTES_PER_BLOCK_OPT_IN(97),
    MEMORY_POOLS_SUPPORTED(115),
    CLUSTER_LAUNCH(120);

    final int code;

    DeviceAttribute(int code) {
        this.code = code;
    }
}
