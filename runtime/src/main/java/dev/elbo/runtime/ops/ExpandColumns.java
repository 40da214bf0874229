package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// One row repeated: the transpose of [SumColumns].
///
/// ```
/// y[i,j] = x[j]                 x (cols) → y (rows, cols)
/// dx[j] += Σ_i dy[i,j]
/// ```
///
/// @param rows how often
public record ExpandColumns(int rows) implements Op.Unary {
    @Override
    public Tensor forward(Tensor x, Memory memory) {
        int cols = Math.toIntExact(x.shape().size());
        Tensor y = memory.empty(Shape.of(rows, cols));
        bind(x, y, rows, cols, 1, true);
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        SumColumns.bind(dy, dx.into(), rows, y.shape().cols(), 1, dx.first());
    }

    /// Binds y[i,j] (+)= x[j] / divisor.
    static void bind(Tensor x, Tensor y, int rows, int cols, float divisor, boolean first) {
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some =
                        (from, to) -> cpu.math().sumColumnsPullback(x.data(), y.data(), from, to, cols, divisor, first);
                cpu.bind("expandColumns", rows, cols, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("sum_columns_pullback_f32")
                        .args(x, y, rows, cols, divisor, first)
                        .bind("expandColumns");
        }
    }
}
