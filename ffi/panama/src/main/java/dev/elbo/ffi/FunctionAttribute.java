package dev.elbo.ffi;

/// What a kernel can be asked, or told, about itself (`CUfunction_attribute`), as far as Elbo does.
public enum FunctionAttribute {
    MAX_THREADS_PER_BLOCK(0),
    /// Static shared memory, bytes.
    SHARED_BYTES(1),
    /// Local memory of a thread (spills), bytes.
    LOCAL_BYTES(3),
    REGISTERS(4),
    /// Virtual architecture of the PTX, 75 for `compute_75`.
    PTX_VERSION(5),
    /// Architecture of the machine code, 90 for `sm_90`.
    BINARY_VERSION(6),
    /// Dynamic shared memory a launch may ask for, bytes; settable.
    MAX_DYNAMIC_SHARED_BYTES(8),
    /// Preferred share of shared memory in the L1, percent; settable.
    SHARED_CARVEOUT(9),
    /// Whether clusters of more than 8 blocks are allowed, 0 or 1; settable.
    NON_PORTABLE_CLUSTERS(14);

    final int code;

    FunctionAttribute(int code) {
        this.code = code;
    }
}
