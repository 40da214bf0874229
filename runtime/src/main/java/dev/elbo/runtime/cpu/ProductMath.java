package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Matrix products whose bits are fixed: slower than a tuned library, equal on every device. The twin is
/// `matmul.cu`.
public interface ProductMath {
    /// C = f(alpha · A · B + beta · C + bias), for a range of rows of C.
    ///
    /// ```
    /// s = 0;  for k = 0 … inner − 1:  s = fma(A[i,k], B[k,j], s)        one chain per element, k ascending
    /// v = alpha · s;  if beta ≠ 0:  v = fma(beta, C[i,j], v);  with a bias:  v = v + bias[j];  C[i,j] = f(v)
    /// ```
    ///
    /// A and B are read by strides: row-major A has `aRow` = inner and `aInner` = 1, its transpose `aRow` = 1 and
    /// `aInner` = rows; row-major B has `bInner` = cols and `bCol` = 1, its transpose `bInner` = 1 and `bCol` =
    /// inner.
    ///
    /// @param bias (cols), or null
    /// @param c    (rows, cols) row-major; read only if beta ≠ 0
    /// @param from first row of C
    void multiply(
            MemorySegment a,
            long aRow,
            long aInner,
            MemorySegment b,
            long bInner,
            long bCol,
            MemorySegment bias,
            MemorySegment c,
            long from,
            long to,
            int inner,
            int cols,
            float alpha,
            float beta,
            Unary f,
            float parameter);
}
