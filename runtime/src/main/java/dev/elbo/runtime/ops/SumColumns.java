package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.MemorySegment;

/// Sum, or mean, of each column.
///
/// ```
/// y[j]     = Σ_i x[i,j] / d          x (rows, cols) → y (cols)     d = rows for a mean, else 1
/// dx[i,j] += dy[j] / d
/// ```
///
/// @param mean whether to divide by the number of rows
public record SumColumns(boolean mean) implements Op.Unary {
    /// Lanes of a sum, see [dev.elbo.runtime.cpu.CpuMath].
    private static final int LANES = 16;

    /// From so many rows on the CPU shares out lanes instead of columns, whose shares would be less than a cache line.
    private static final int MANY_ROWS = 1024;

    @Override
    public Tensor forward(Tensor x, Memory memory) {
        int rows = x.shape().rows();
        int cols = x.shape().cols();
        Tensor y = memory.empty(Shape.of(cols));
        bind(x, y, rows, cols, divisor(rows), true);
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        int rows = x.shape().rows();
        ExpandColumns.bind(dy, dx.into(), rows, x.shape().cols(), divisor(rows), dx.first());
    }

    private float divisor(int rows) {
        return mean ? rows : 1;
    }

    /// Binds y[j] (+)= Σ_i x[i,j] / divisor.
    static void bind(Tensor x, Tensor y, int rows, int cols, float divisor, boolean first) {
        switch (x.device()) {
            case CpuDevice cpu
            when rows >= MANY_ROWS -> {
                MemorySegment partials = cpu.workspace((long) LANES * cols * Double.BYTES);
                CpuDevice.Block lanes = (from, to) -> cpu.math().sumLanes(x.data(), partials, from, to, rows, cols);
                CpuDevice.Block up =
                        (from, to) -> cpu.math().sumLanesUp(partials, y.data(), from, to, cols, divisor, first);
                cpu.bind("sumColumns", LANES, (long) rows / LANES * cols, lanes);
                cpu.bind("sumColumns", cols, LANES, up);
            }
            case CpuDevice cpu -> {
                CpuDevice.Block some =
                        (from, to) -> cpu.math().sumColumns(x.data(), y.data(), from, to, rows, cols, divisor, first);
                cpu.bind("sumColumns", cols, rows, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("sum_columns_f32")
                        .args(x, y, rows, cols, divisor, first)
                        .bind("sumColumns");
        }
    }
}
