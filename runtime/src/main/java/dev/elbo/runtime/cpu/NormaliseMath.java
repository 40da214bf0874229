package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Batch normalisation of x (rows, cols): each column by its mean μ and its spread s = 1 / √(variance + ε).
/// The twin is `batch_normalise.cu`.
///
/// Sums over rows have a fixed order: of each segment of [#SEGMENT] rows one chain of f64 additions in row
/// order, and of the segments' sums the order of [CpuMath]. All else is f32 unless it says f64, one operation
/// after the other as written, fma(a, b, c) = a · b + c rounded once.
///
/// `kept` (4, cols) is μ, s, and from the pullback the means over all rows of g and of g · x̂, x̂ = (x − μ) ·
/// s. `partials` (segments, 2, cols) is f64.
public interface NormaliseMath {
    /// Rows of one partial sum.
    int SEGMENT = 256;

    /// How many partial sums a column of so many rows has.
    static int segments(int rows) {
        return Math.ceilDiv(rows, SEGMENT);
    }

    /// `partials[q] = (Σ x, Σ x²)` over the rows of segment q, squares and sums in f64, for a range of
    /// segments.
    void sumMoments(MemorySegment x, MemorySegment partials, long from, long to, int rows, int cols);

    /// Mean and spread of each column of a batch, and their running values, for a range of columns.
    ///
    /// ```
    /// m = Σ x / rows     v = max(Σ x² / rows − m · m, 0)                             f64
    /// μ = m              s = 1 / √(v + ε)                                            f64, then rounded
    /// running mean     r = fma(momentum, m − r, r)                                   f64, then rounded
    /// running variance r = fma(momentum, v · (rows / max(rows − 1, 1)) − r, r)       f64, then rounded
    /// ```
    ///
    /// @param kept     its first two rows are overwritten
    /// @param mean     (cols), running, updated
    /// @param variance (cols), running, updated
    void batchMoments(
            MemorySegment partials,
            MemorySegment kept,
            MemorySegment mean,
            MemorySegment variance,
            long from,
            long to,
            int rows,
            int cols,
            float momentum,
            float epsilon);

    /// Mean and spread of each column from running values: `μ = mean`, `s = 1 / √(variance + ε)` in f64, then
    /// rounded.
    ///
    /// @param kept its first two rows are overwritten
    void runningMoments(
            MemorySegment mean,
            MemorySegment variance,
            MemorySegment kept,
            long from,
            long to,
            int cols,
            float epsilon);

    /// `y[i,j] = f(fma(x̂[i,j], scale[j], shift[j]))`, for a range of rows.
    void normalise(
            MemorySegment x,
            MemorySegment kept,
            MemorySegment scale,
            MemorySegment shift,
            MemorySegment y,
            long from,
            long to,
            int cols,
            Unary f,
            float parameter);

    /// `dy = g = dy · f′`, and `partials[q] = (Σ g, Σ g · x̂)` over the rows of segment q, products and sums
    /// in f64, for a range of segments.
    ///
    /// @param y  what [#normalise] made
    /// @param dy overwritten by g
    void sumSlopes(
            MemorySegment x,
            MemorySegment y,
            MemorySegment kept,
            MemorySegment dy,
            MemorySegment partials,
            long from,
            long to,
            int rows,
            int cols,
            Unary f,
            float parameter);

    /// Gradients of shift and scale, for a range of columns: `dshift (+)= Σ g`, `dscale (+)= Σ g · x̂`,
    /// each rounded once before it is added; and the last two rows of kept, `Σ g / rows` and
    /// `Σ g · x̂ / rows` if the moments are the batch's, else 0.
    ///
    /// @param dScale (cols), or null
    /// @param dShift (cols), or null
    /// @param batch  whether μ and s depend on x
    void slopeMeans(
            MemorySegment partials,
            MemorySegment kept,
            MemorySegment dScale,
            MemorySegment dShift,
            long from,
            long to,
            int rows,
            int cols,
            boolean firstScale,
            boolean firstShift,
            boolean batch);

    /// `dx (+)= (scale · s) · (g − fma(x̂, kept[3], kept[2]))`, for a range of rows.
    ///
    /// @param g what [#sumSlopes] made of dy
    void normalisePullback(
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
