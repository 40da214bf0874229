package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.RowMath;
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
    /// From so many rows on columns are summed by segments: sixteen chains a column leave a GPU idle, and the shares of
    /// several threads of a CPU would be less than a cache line.
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

    @Override
    public void pullback(Tensor x, Tensor y, Gradient dy, Gradient dx) {
        float divisor = divisor(x.shape().rows());
        if (!dx.follow(dy, v -> (float) v / divisor)) {
            pullback(x, y, dy.into(), dx);
        }
    }

    private float divisor(int rows) {
        return mean ? rows : 1;
    }

    /// Binds y[j] (+)= Σ_i x[i,j] / divisor.
    static void bind(Tensor x, Tensor y, int rows, int cols, float divisor, boolean first) {
        if (rows >= MANY_ROWS) {
            bindSegments(x, y, rows, cols, divisor, first);
            return;
        }
        switch (x.device()) {
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

    private static void bindSegments(Tensor x, Tensor y, int rows, int cols, float divisor, boolean first) {
        int segments = Math.ceilDiv(rows, RowMath.SEGMENT_ROWS);
        long bytes = (long) segments * cols * Double.BYTES;
        switch (x.device()) {
            case CpuDevice cpu -> {
                MemorySegment partials = cpu.workspace(bytes);
                CpuDevice.Block some =
                        (from, to) -> cpu.math().sumColumnSegments(x.data(), partials, from, to, rows, cols);
                CpuDevice.Block all = (from, to) ->
                        cpu.math().sumColumnPartials(partials, y.data(), from, to, segments, cols, divisor, first);
                cpu.bind("sumColumns", segments, (long) RowMath.SEGMENT_ROWS * cols, some);
                cpu.bind("sumColumns", cols, segments, all);
            }
            case CudaDevice cuda -> {
                Tensor partials =
                        new Tensor(Shape.of(segments, cols), DType.F64, cuda.workspace("sumColumns", bytes), cuda);
                cuda.kernel("sum_column_segments_f32")
                        .args(x, partials, rows, cols, segments)
                        .bind("sumColumns");
                cuda.kernel("sum_column_partials_f32")
                        .args(partials, y, segments, cols, divisor, first)
                        .bind("sumColumns");
            }
        }
    }
}
