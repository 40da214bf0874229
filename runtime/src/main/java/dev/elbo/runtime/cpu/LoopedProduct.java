package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// [ProductMath], composed of a provider's loops.
interface LoopedProduct extends ProductMath, Loops {
    @Override
    default void multiply(
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
            float parameter) {
        int rows = (int) (to - from);
        product()
                .multiply(
                        a,
                        from * aRow,
                        aRow,
                        aInner,
                        b,
                        0,
                        bInner,
                        bCol,
                        bias,
                        c,
                        from * cols,
                        rows,
                        inner,
                        cols,
                        alpha,
                        beta);
        if (f != Unary.IDENTITY) {
            loop(f, 0, (to - from) * cols).forward(parameter, c, c, from * cols, to * cols);
        }
    }
}
