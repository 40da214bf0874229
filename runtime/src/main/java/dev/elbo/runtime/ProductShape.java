package dev.elbo.runtime;

/// Extents and layout of a matrix product of packed row-major matrices.
///
/// ```
/// c (+)= op(a) · op(b)        op(a) (rows, inner), op(b) (inner, cols), c (rows, cols)
/// ```
///
/// @param transposeA whether a lies as (inner, rows)
/// @param transposeB whether b lies as (cols, inner)
/// @param accumulate whether c is added into, rather than overwritten
public record ProductShape(int rows, int inner, int cols, boolean transposeA, boolean transposeB, boolean accumulate) {
    /// Whether there is nothing to add up or nothing to add it to.
    boolean isEmpty() {
        return rows == 0 || inner == 0 || cols == 0;
    }
}
