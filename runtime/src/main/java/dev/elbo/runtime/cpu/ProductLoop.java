package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// The matrix product up to its function; contract in [ProductMath].
interface ProductLoop {
    /// C = alpha · A · B + beta · C + bias, for matrices that start at the elements `aAt`, `bAt` and `cAt`.
    void multiply(
            MemorySegment a,
            long aAt,
            long aRow,
            long aInner,
            MemorySegment b,
            long bAt,
            long bInner,
            long bCol,
            MemorySegment bias,
            MemorySegment c,
            long cAt,
            int rows,
            int inner,
            int cols,
            float alpha,
            float beta);
}
