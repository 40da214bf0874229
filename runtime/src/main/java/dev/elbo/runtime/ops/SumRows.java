package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.Rows;
import dev.elbo.runtime.cpu.Term;

/// Sum, or mean, of each row.
///
/// ```
/// y[i]     = Σ_j x[i,j] / d          x (rows, cols) → y (rows)     d = cols for a mean, else 1
/// dx[i,j] += dy[i] / d
/// ```
///
/// @param mean whether to divide by the number of columns
public record SumRows(boolean mean) implements Op.Unary {
    @Override
    public Tensor forward(Tensor x, Memory memory) {
        int cols = x.shape().cols();
        Tensor y = memory.empty(x.shape().withoutCols());
        bind(name(), x, y, cols, divisor(cols), true);
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        int cols = x.shape().cols();
        ExpandRows.bind(dy, dx.into(), cols, divisor(cols), dx.first());
    }

    @Override
    public void pullback(Tensor x, Tensor y, Gradient dy, Gradient dx) {
        float divisor = divisor(x.shape().cols());
        if (!dx.follow(dy, v -> (float) v / divisor)) {
            pullback(x, y, dy.into(), dx);
        }
    }

    private float divisor(int cols) {
        return mean ? cols : 1;
    }

    /// Binds y[i] (+)= Σ_j x[i,j] / divisor.
    static void bind(String operation, Tensor x, Tensor y, int cols, float divisor, boolean first) {
        long rows = y.shape().size();
        switch (x.device()) {
            case CpuDevice cpu -> {
                Rows data = Rows.of(x.data());
                CpuDevice.Block some = (from, to) ->
                        cpu.math().sumRows(Term.VALUE, data, null, null, y.data(), from, to, cols, divisor, first);
                cpu.bind(operation, rows, cols, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("sum_rows_f32")
                        .args(x, y, rows, cols, divisor, first)
                        .bind(operation);
        }
    }
}
