package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// The loop over one [RowMap].
interface RowLoop {
    /// `y[at + k] (+)= map(u[uAt + k], v[vAt + k], w[wAt + k], s, t)` for k < `length`; what the map does not read
    /// is null.
    void run(
            MemorySegment u,
            long uAt,
            MemorySegment v,
            long vAt,
            MemorySegment w,
            long wAt,
            float s,
            float t,
            MemorySegment y,
            long at,
            long length,
            boolean first);

    /// A map that reads only u.
    default void run(
            MemorySegment u, long uAt, float s, float t, MemorySegment y, long at, long length, boolean first) {
        run(u, uAt, null, 0, null, 0, s, t, y, at, length, first);
    }

    /// A map that reads u and v.
    default void run(
            MemorySegment u,
            long uAt,
            MemorySegment v,
            long vAt,
            float s,
            float t,
            MemorySegment y,
            long at,
            long length,
            boolean first) {
        run(u, uAt, v, vAt, null, 0, s, t, y, at, length, first);
    }
}
