package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Sums and maxima over rows, columns and everything. x is (rows, cols); ranges are rows unless said otherwise; the
/// order of a sum is that of [CpuMath]. The twins are `reduce.cu` and `likelihood.cu`.
public interface RowMath {
    /// Elements of one partial result of a sum over everything.
    int SEGMENT = 1024;

    /// Rows of one partial sum of a column of many rows.
    int SEGMENT_ROWS = 256;

    /// `y[i] (+)= scale Σ_j term(x₁[i,j], x₂[i,j], x₃[i,j]) / divisor`.
    ///
    /// @param x2      null for terms of one argument, as x₃ is for those of two
    /// @param y       (rows)
    /// @param divisor 1 for a sum, `cols` for a mean
    void sumRows(
            Term term,
            Rows x1,
            Rows x2,
            Rows x3,
            MemorySegment y,
            long from,
            long to,
            int cols,
            float divisor,
            boolean first);

    /// `dxₖ (+)= (dy[i] / divisor) · scale · ∂term/∂xₖ`, for a range of rows of xₖ; where rows share one of xₖ, the
    /// sum over them, one after the other in f64.
    ///
    /// @param argument k, at most `term.arity()`
    /// @param dx       like xₖ
    /// @param from     first row of xₖ
    void sumRowsPullback(
            Term term,
            int argument,
            Rows x1,
            Rows x2,
            Rows x3,
            PerRow dy,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            float divisor,
            boolean first);

    /// `y[j] (+)= Σ_i x[i,j] / divisor`, for a range of columns.
    ///
    /// @param y    (cols)
    /// @param from first column
    void sumColumns(
            MemorySegment x, MemorySegment y, long from, long to, int rows, int cols, float divisor, boolean first);

    /// First half of a sum of columns of many rows: of each segment of [#SEGMENT_ROWS] rows one chain of f64 additions,
    /// for a range of segments.
    ///
    /// @param partials (⌈rows / SEGMENT_ROWS⌉, cols) f64, overwritten
    /// @param from     first segment
    void sumColumnSegments(MemorySegment x, MemorySegment partials, long from, long to, int rows, int cols);

    /// Second half: `y[j] (+)= Σ_q partials[q,j] / divisor`, for a range of columns.
    ///
    /// @param partials (segments, cols) f64
    /// @param y        (cols)
    /// @param from     first column
    void sumColumnPartials(
            MemorySegment partials,
            MemorySegment y,
            long from,
            long to,
            int segments,
            int cols,
            float divisor,
            boolean first);

    /// `dx[i,j] (+)= dy[j] / divisor`, for a range of rows.
    ///
    /// @param dy (cols)
    void sumColumnsPullback(
            MemorySegment dy, MemorySegment dx, long from, long to, int cols, float divisor, boolean first);

    /// First half of a sum over everything: `partials[s] = scale Σ term` over segment s, for a range of segments.
    ///
    /// @param x        of a term of one argument
    /// @param n        elements in all
    /// @param partials (⌈n / SEGMENT⌉) f64, overwritten
    /// @param from     first segment
    void sumSegments(Term term, MemorySegment x, MemorySegment partials, long from, long to, long n);

    /// Second half of a sum over everything: `y[0] (+)= Σ_s partials[s] / divisor`. The pullback of a sum is that
    /// of [#sumRows] of one row.
    ///
    /// @param partials (count) f64
    void sumPartials(MemorySegment partials, MemorySegment y, long count, float divisor, boolean first);

    /// `y[i] = max_j x[i,j]`, and the first j that has it. A NaN is larger than everything; no columns give −∞ and
    /// −1.
    ///
    /// @param y     (rows)
    /// @param index (rows) i32
    void maxRows(MemorySegment x, MemorySegment y, MemorySegment index, long from, long to, int cols);

    /// `dx[i,j] (+)= dy[i]` where `j = index[i]`, else 0.
    void maxRowsPullback(
            MemorySegment dy, MemorySegment index, MemorySegment dx, long from, long to, int cols, boolean first);
}
