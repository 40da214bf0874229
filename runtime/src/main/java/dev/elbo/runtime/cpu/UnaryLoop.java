package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// The loops over one [Unary]; contracts in [PointwiseMath].
interface UnaryLoop {
    void forward(float parameter, MemorySegment x, MemorySegment y, long from, long to);

    void pullback(
            float parameter,
            MemorySegment x,
            MemorySegment y,
            MemorySegment dy,
            MemorySegment dx,
            long from,
            long to,
            boolean first);
}
