package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Elementwise loops; ranges are elements of the output. The twins are `pointwise.cu`.
public interface PointwiseMath {
    /// `y[e] = f(x[e])`.
    ///
    /// @param parameter of the family, ignored by functions that have none
    void unary(Unary f, float parameter, MemorySegment x, MemorySegment y, long from, long to);

    /// `dx[e] (+)= dy[e] f′(x[e])`.
    ///
    /// @param x may be null unless `f.readsX()`
    /// @param y what [#unary] gave for `x`; may be null unless `f.readsY()`
    void unaryPullback(
            Unary f,
            float parameter,
            MemorySegment x,
            MemorySegment y,
            MemorySegment dy,
            MemorySegment dx,
            long from,
            long to,
            boolean first);

    /// `y[i,j] = f(a[i,j], b[i,j])`, where a and b may be broadcast: element (i, j) of a is at i · `aRow` + j ·
    /// `aCol`.
    ///
    /// ```
    /// (cols, 1) full      (0, 1) one row      (1, 0) one column      (0, 0) one number
    /// ```
    ///
    /// @param y    (rows, cols)
    /// @param aCol 0 or 1, as is `bCol`
    /// @param from first element of y
    void binary(
            Binary f,
            MemorySegment a,
            int aRow,
            int aCol,
            MemorySegment b,
            int bRow,
            int bCol,
            MemorySegment y,
            long from,
            long to,
            int cols);

    /// Pullback of [#binary] to one operand: `d[i,j] (+)= dy[i,j] ∂f/∂a`, or `∂f/∂b`. The gradient of a broadcast
    /// operand is d summed over what it was broadcast along.
    ///
    /// @param ofB whether d belongs to b
    /// @param dy  (rows, cols)
    /// @param d   (rows, cols)
    void binaryPullback(
            Binary f,
            boolean ofB,
            MemorySegment a,
            int aRow,
            int aCol,
            MemorySegment b,
            int bRow,
            int bCol,
            MemorySegment dy,
            MemorySegment d,
            long from,
            long to,
            int cols,
            boolean first);

    /// `y[e] = alpha · x[e]` if `first`, else `y[e] = fma(alpha, x[e], y[e])`.
    void scale(float alpha, MemorySegment x, MemorySegment y, long from, long to, boolean first);

    /// `y[e] = value`.
    void fill(float value, MemorySegment y, long from, long to);

    /// `y[i · yRow + j] (+)= x[i · xRow + j]` for j < `cols`, for a range of rows: slices and concatenations, and
    /// back.
    void copyRows(MemorySegment x, int xRow, MemorySegment y, int yRow, long from, long to, int cols, boolean first);
}
