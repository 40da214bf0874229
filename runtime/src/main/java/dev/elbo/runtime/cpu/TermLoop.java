package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// The loops over one [Term].
interface TermLoop {
    /// Σ of the terms of elements `[start, start + length)`, in the order of [CpuMath].
    double sum(MemorySegment x1, MemorySegment x2, MemorySegment x3, long start, long length);

    /// `dxₖ[e] (+)= scale · ∂term/∂xₖ` over `[start, start + length)`.
    void pullback(
            int argument,
            float scale,
            MemorySegment x1,
            MemorySegment x2,
            MemorySegment x3,
            MemorySegment dx,
            long start,
            long length,
            boolean first);
}
