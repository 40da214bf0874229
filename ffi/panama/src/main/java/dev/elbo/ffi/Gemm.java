package dev.elbo.ffi;

/// A [ProductLayout] as cuBLAS wants it: column-major, with the names of its documentation.
///
/// ```
/// C = alpha · op(A) · op(B) + beta · C    op(A) (m, k), op(B) (k, n), C (m, n), all column-major
/// ```
///
/// @param transposedA whether A lies as (k, m)
/// @param transposedB whether B lies as (n, k)
/// @param lda         elements from one column of A to the next
/// @param strideA     elements from one A of the batch to the next
public record Gemm(
        boolean transposedA,
        boolean transposedB,
        int m,
        int n,
        int k,
        int lda,
        long strideA,
        int ldb,
        long strideB,
        int ldc,
        long strideC,
        int batch,
        Precision precision) {}
