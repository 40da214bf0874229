package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Some rows of a matrix, each times a number, added up.
interface WeightedRowsLoop {
    /// ```
    /// s = 0;  for p = at … at + count − 1:  s = fma(weights[p], b[places[p], left + j], s)
    /// y[j] = s   if first, else   y[j] + s                                                            j < width
    /// ```
    ///
    /// @param b   (any, cols), apart from y
    /// @param yAt first element of y (width)
    void sum(
            MemorySegment b,
            int cols,
            int left,
            int width,
            int[] places,
            float[] weights,
            int at,
            int count,
            MemorySegment y,
            long yAt,
            boolean first);

    /// `y[j] = y[j] + x[j]`
    ///
    /// @param x   (cols)
    /// @param yAt first element of y (cols)
    void add(MemorySegment x, int cols, MemorySegment y, long yAt);
}
