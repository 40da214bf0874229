package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.MemorySegment;

/// The launches of matrix products.
///
/// ```
/// c[i,j] = f((c[i,j] +) Σ_k op(a)[i,k] op(b)[k,j] + bias[j])      op(a) (rows, inner), op(b) (inner, cols)
/// ```
final class Products {
    /// Multiply-adds that take as long as one element of a simple loop.
    private static final long PER_ELEMENT = 8;

    private Products() {}

    /// Binds c (+)= op(a) · op(b).
    ///
    /// @param a     (rows, inner), or (inner, rows) if `transposeA`
    /// @param b     (inner, cols), or (cols, inner) if `transposeB`
    /// @param c     (rows, cols)
    /// @param first overwrite c, else add into it
    static void bind(
            String operation,
            Tensor a,
            boolean transposeA,
            Tensor b,
            boolean transposeB,
            Tensor c,
            int rows,
            int inner,
            int cols,
            boolean first) {
        bind(operation, a, transposeA, b, transposeB, null, c, rows, inner, cols, Activation.NONE, first);
    }

    /// Binds c = f(op(a) · op(b) + bias), or with c added before f unless `first`.
    ///
    /// @param bias (cols), or null
    static void bind(
            String operation,
            Tensor a,
            boolean transposeA,
            Tensor b,
            boolean transposeB,
            Tensor bias,
            Tensor c,
            int rows,
            int inner,
            int cols,
            Activation activation,
            boolean first) {
        switch (c.device()) {
            case CpuDevice cpu -> {
                MemorySegment biasData = bias == null ? null : bias.data();
                long aRow = transposeA ? 1 : inner;
                long aInner = transposeA ? rows : 1;
                long bInner = transposeB ? 1 : cols;
                long bCol = transposeB ? inner : 1;
                CpuDevice.Block some = (from, to) -> cpu.math()
                        .multiply(
                                a.data(),
                                aRow,
                                aInner,
                                b.data(),
                                bInner,
                                bCol,
                                biasData,
                                c.data(),
                                from,
                                to,
                                inner,
                                cols,
                                1,
                                first ? 0 : 1,
                                activation.f().loop(),
                                activation.parameter());
                cpu.bind(operation, rows, (long) inner * cols / PER_ELEMENT + Pointwise.WORK * cols, some);
            }
        }
    }
}
