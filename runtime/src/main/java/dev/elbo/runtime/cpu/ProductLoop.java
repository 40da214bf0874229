package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// The matrix product up to its function; contract in [ProductMath].
interface ProductLoop {
    /// C = alpha · A · B + beta · C + bias, for rows `[from, to)` of C.
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
            float beta);
}
