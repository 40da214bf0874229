package dev.elbo.runtime;

import java.util.Objects;

/// Kernels that are not Elbo's: what an operation of somebody else's launches on a [CudaDevice]. A device loads each
/// source once, when a kernel of it is first asked for, and keeps it.
///
/// @param name for messages, such as `cube.ptx`
/// @param text PTX, which the driver compiles for the device at hand
public record PtxSource(String name, String text) {
    public PtxSource {
        Objects.requireNonNull(name);
        Objects.requireNonNull(text);
    }

    /// `cube.ptx`.
    @Override
    public String toString() {
        return name;
    }
}
