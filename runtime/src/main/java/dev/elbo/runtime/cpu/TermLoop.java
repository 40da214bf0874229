package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// The loops over one [Term]; x₂ and x₃ are null where the term does not read them, and their starts are ignored.
interface TermLoop {
    /// Σ of the values of `length` elements, in the order of [CpuMath], not yet scaled.
    double sum(
            MemorySegment x1, long start1, MemorySegment x2, long start2, MemorySegment x3, long start3, long length);

    /// `dx[at + e] (+)= gradient of argument k`, for `length` elements.
    void pullback(
            int argument,
            float dy,
            MemorySegment x1,
            long start1,
            MemorySegment x2,
            long start2,
            MemorySegment x3,
            long start3,
            MemorySegment dx,
            long at,
            long length,
            boolean first);
}
