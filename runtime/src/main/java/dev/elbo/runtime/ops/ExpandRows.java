package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.PerRow;
import dev.elbo.runtime.cpu.Rows;
import dev.elbo.runtime.cpu.Term;

/// Each number repeated along a row: the transpose of [SumRows].
///
/// ```
/// y[i,j] = x[i]                 x (rows) of any shape → y (…x, cols)
/// dx[i] += Σ_j dy[i,j]
/// ```
///
/// @param cols how often
public record ExpandRows(int cols) implements Op.Unary {
    @Override
    public Tensor forward(Tensor x, Memory memory) {
        Tensor y = memory.empty(x.shape().inside(cols));
        bind(x, y, cols, 1, true);
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        SumRows.bind("sumRows", dy, dx.into(), cols, 1, dx.first());
    }

    /// Binds y[i,j] (+)= x[i] / divisor for every row of y.
    static void bind(Tensor x, Tensor y, int cols, float divisor, boolean first) {
        int rows = Math.toIntExact(x.shape().size());
        switch (x.device()) {
            case CpuDevice cpu -> {
                Rows none = Rows.of(y.data());
                PerRow each = PerRow.of(x.data());
                CpuDevice.Block some = (from, to) -> cpu.math()
                        .sumRowsPullback(
                                Term.VALUE, 1, none, null, null, each, y.data(), from, to, cols, divisor, first);
                cpu.bind("expandRows", rows, cols, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("sum_rows_pullback_f32")
                        .args(x, y, rows, cols, divisor, first)
                        .bind("expandRows");
        }
    }
}
