package dev.elbo.runtime;

import dev.elbo.ffi.onednn.OneDnn;
import dev.elbo.runtime.cpu.CpuMath;

/// How a [CpuDevice] computes.
///
/// @param threads at least 1, the caller's included
/// @param math    provider of inner loops; providers agree in every bit
/// @param oneDnn  whether oneDNN computes matrix products; its bits differ from those of Elbo's own product, which
///     are the same on every device
public record CpuOptions(int threads, CpuMath math, boolean oneDnn) {
    public CpuOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("open: a device needs a thread; threads=" + threads);
        }
        if (oneDnn && !OneDnn.library().present()) {
            throw new IllegalArgumentException(
                    "open: no oneDNN; " + OneDnn.library().reason());
        }
    }

    /// The fastest that runs here: all cores the JVM may use, the best loops, oneDNN where it is found.
    public static CpuOptions best() {
        int threads = Runtime.getRuntime().availableProcessors();
        return new CpuOptions(threads, CpuMath.best(), OneDnn.library().present());
    }

    /// The same with so many threads.
    public CpuOptions threads(int count) {
        return new CpuOptions(count, math, oneDnn);
    }

    /// The same with other loops.
    public CpuOptions math(CpuMath other) {
        return new CpuOptions(threads, other, oneDnn);
    }

    /// The same with products whose bits are fixed, on every device alike.
    public CpuOptions fixedOrder() {
        return new CpuOptions(threads, math, false);
    }
}
