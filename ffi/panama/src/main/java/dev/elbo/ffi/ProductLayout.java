package dev.elbo.ffi;

import java.util.Objects;

/// How the row-major f32 matrices of a product, or of a batch of products, lie in memory; and how exactly they
/// multiply.
///
/// ```
/// c = alpha · op(a) · op(b) + beta · c
///
/// op(a)  (rows, inner)    a as it lies: (rows, inner), or (inner, rows) if transposed
/// op(b)  (inner, cols)    b as it lies: (inner, cols), or (cols, inner) if transposed
/// c      (rows, cols)
/// ```
///
/// Element (i, j) of a matrix lies `i · leading + j` elements after its first, and matrix `q` of a batch `q · stride`
/// elements after matrix 0. A stride of 0 uses one `a` or `b` for the whole batch.
///
/// @param rows     rows of c
/// @param cols     columns of c
/// @param inner    terms of each sum
/// @param leadingA elements from one row of a to the next, at least the length of a row
/// @param batch    number of products, at least 1
/// @param strideA  elements from one a to the next; without meaning if `batch` is 1
public record ProductLayout(
        int rows,
        int cols,
        int inner,
        boolean transposedA,
        boolean transposedB,
        int leadingA,
        int leadingB,
        int leadingC,
        int batch,
        long strideA,
        long strideB,
        long strideC,
        Precision precision) {

    /// @throws IllegalArgumentException if an extent is below 1, a row longer than its leading dimension, or if the
    ///     results of a batch overlap
    public ProductLayout {
        Objects.requireNonNull(precision, "precision");
        if (rows < 1 || cols < 1 || inner < 1 || batch < 1) {
            throw new IllegalArgumentException("product: extents must be at least 1; rows=" + rows + ", cols=" + cols
                    + ", inner=" + inner + ", batch=" + batch);
        }
        requireRow("a", leadingA, transposedA ? rows : inner);
        requireRow("b", leadingB, transposedB ? inner : cols);
        requireRow("c", leadingC, cols);
        if (strideA < 0 || strideB < 0) {
            throw new IllegalArgumentException(
                    "product: strides must not be negative; strideA=" + strideA + ", strideB=" + strideB);
        }
        long extentC = (rows - 1L) * leadingC + cols;
        if (batch > 1 && strideC < extentC) {
            throw new IllegalArgumentException(
                    "product: the results of the batch overlap; strideC=" + strideC + ", elements of c=" + extentC);
        }
    }

    private static void requireRow(String matrix, int leading, int row) {
        if (leading < row) {
            throw new IllegalArgumentException("product: a row of " + matrix
                    + " is longer than its leading dimension; row=" + row + ", leading=" + leading);
        }
    }

    /// One FP32 product of packed matrices (rows, inner) and (inner, cols).
    public static ProductLayout of(int rows, int cols, int inner) {
        return packed(rows, cols, inner, false, false, Precision.FP32);
    }

    /// The same extents with `a` or `b` lying transposed: one product, packed.
    public ProductLayout transposed(boolean a, boolean b) {
        return packed(rows, cols, inner, a, b, precision);
    }

    /// The same with other leading dimensions.
    public ProductLayout leading(int a, int b, int c) {
        return new ProductLayout(
                rows, cols, inner, transposedA, transposedB, a, b, c, batch, strideA, strideB, strideC, precision);
    }

    /// `count` such products at once.
    ///
    /// @param a elements from one a to the next; 0 to use the same
    /// @param b elements from one b to the next; 0 to use the same
    /// @param c elements from one c to the next
    public ProductLayout batched(int count, long a, long b, long c) {
        return new ProductLayout(
                rows, cols, inner, transposedA, transposedB, leadingA, leadingB, leadingC, count, a, b, c, precision);
    }

    /// The same in another precision.
    public ProductLayout in(Precision other) {
        return new ProductLayout(
                rows,
                cols,
                inner,
                transposedA,
                transposedB,
                leadingA,
                leadingB,
                leadingC,
                batch,
                strideA,
                strideB,
                strideC,
                other);
    }

    private static ProductLayout packed(
            int rows, int cols, int inner, boolean transposedA, boolean transposedB, Precision precision) {
        return new ProductLayout(
                rows,
                cols,
                inner,
                transposedA,
                transposedB,
                transposedA ? rows : inner,
                transposedB ? inner : cols,
                cols,
                1,
                0,
                0,
                0,
                precision);
    }

    /// The same product in column-major terms, where a, b and c keep their bytes and **a and b change places**.
    ///
    /// ```
    /// a row-major matrix (rows, cols), read column-major, is its transpose (cols, rows), so
    /// c = op(a) op(b)   row-major    ⇔    cᵀ = op(b)ᵀ op(a)ᵀ   column-major
    /// ```
    ///
    /// This is the only place where Elbo changes the order.
    public Gemm columnMajor() {
        return new Gemm(
                transposedB,
                transposedA,
                cols,
                rows,
                inner,
                leadingB,
                strideB,
                leadingA,
                strideA,
                leadingC,
                strideC,
                batch,
                precision);
    }
}
