package dev.elbo.runtime;

/// How one element is stored.
///
/// Parameters, activations and gradients are `F32`; `F64` holds sums that must not lose digits, `I32` indices and
/// counters, `U8` data sets as they come from disk: byte / 255.
public enum DType {
    F32(4),
    F64(8),
    I32(4),
    U8(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /// Size of one element in bytes.
    public int bytes() {
        return bytes;
    }
}
