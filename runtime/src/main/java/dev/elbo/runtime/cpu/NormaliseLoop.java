package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// The loops over rows of [NormaliseMath].
interface NormaliseLoop {
    /// `sums[j] = Σ x`, `sums[cols + j] = Σ x²` over the rows `[from, to)`.
    void moments(MemorySegment x, double[] sums, long from, long to, int cols);

    /// `y = fma(x̂, scale, shift)` for the rows `[from, to)`.
    void normalise(
            MemorySegment x,
            MemorySegment kept,
            MemorySegment scale,
            MemorySegment shift,
            MemorySegment y,
            long from,
            long to,
            int cols);

    /// `sums[j] = Σ g`, `sums[cols + j] = Σ g · x̂` over the rows `[from, to)`.
    void slopes(MemorySegment x, MemorySegment g, MemorySegment kept, double[] sums, long from, long to, int cols);

    /// `dx (+)= (scale · s) · (g − fma(x̂, kept[3], kept[2]))` for the rows `[from, to)`.
    void pullback(
            MemorySegment x,
            MemorySegment g,
            MemorySegment kept,
            MemorySegment scale,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            boolean first);
}
