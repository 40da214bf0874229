package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Sums, maxima and normalisers over rows, columns and everything. x is (rows, cols); ranges are rows unless said
/// otherwise. The order of a sum is that of [CpuMath].
public interface RowMath {
    /// Elements of one partial result of a sum over everything.
    int SEGMENT = 1024;

    /// `y[i] (+)= Σ_j term(x₁[i,j], x₂[i,j], x₃[i,j]) / divisor`.
    ///
    /// @param x2      ignored by terms of one argument, as x₃ is by those of two; may be null then
    /// @param y       (rows)
    /// @param divisor 1 for a sum, `cols` for a mean
    void sumRows(
            Term term,
            MemorySegment x1,
            MemorySegment x2,
            MemorySegment x3,
            MemorySegment y,
            long from,
            long to,
            int cols,
            float divisor,
            boolean first);

    /// `dxₖ[i,j] (+)= (dy[i] / divisor) · ∂term/∂xₖ` for one of the arguments.
    ///
    /// @param argument k, at most `term.arity()`
    /// @param dy       (rows)
    /// @param dx       (rows, cols)
    void sumRowsPullback(
            Term term,
            int argument,
            MemorySegment x1,
            MemorySegment x2,
            MemorySegment x3,
            MemorySegment dy,
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

    /// `dx[i,j] (+)= dy[j] / divisor`, for a range of rows.
    ///
    /// @param dy (cols)
    void sumColumnsPullback(
            MemorySegment dy, MemorySegment dx, long from, long to, int cols, float divisor, boolean first);

    /// First half of a sum over everything: `partials[s] = Σ term` over segment s, for a range of segments.
    ///
    /// @param n        elements in all
    /// @param partials (⌈n / SEGMENT⌉) f64, overwritten
    /// @param from     first segment
    void sumSegments(
            Term term,
            MemorySegment x1,
            MemorySegment x2,
            MemorySegment x3,
            MemorySegment partials,
            long from,
            long to,
            long n);

    /// Second half of a sum over everything: `y[0] (+)= Σ_s partials[s] / divisor`. Its pullback is
    /// [#sumRowsPullback] over one row.
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

    /// `y[i] = log(Σ_j exp x[i,j] / divisor)`.
    ///
    /// ```
    /// m = max_j x[i,j]      y[i] = m + log((float) (Σ_j exp(x[i,j] − m) / divisor))
    /// ```
    ///
    /// A row that is all −∞ gives −∞; a +∞ or a NaN in it gives NaN.
    ///
    /// @param divisor 1 for log-sum-exp, `cols` for log-mean-exp
    void logSumExpRows(MemorySegment x, MemorySegment y, long from, long to, int cols, float divisor);

    /// `dx[i,j] (+)= (dy[i] / divisor) · exp(x[i,j] − y[i])`. Nothing flows into a row whose y is −∞.
    void logSumExpRowsPullback(
            MemorySegment x,
            MemorySegment y,
            MemorySegment dy,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            float divisor,
            boolean first);

    /// `y[i,j] = exp(x[i,j] − m) / (float) Σ_j exp(x[i,j] − m)`, m the maximum of the row. A row that is all −∞
    /// gives NaN.
    ///
    /// @param y (rows, cols)
    void softmaxRows(MemorySegment x, MemorySegment y, long from, long to, int cols);

    /// `dx[i,j] (+)= y[i,j] · (dy[i,j] − (float) Σ_j y[i,j] · dy[i,j])`.
    void softmaxRowsPullback(
            MemorySegment y, MemorySegment dy, MemorySegment dx, long from, long to, int cols, boolean first);
}
