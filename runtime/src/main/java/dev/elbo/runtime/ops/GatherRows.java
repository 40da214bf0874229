package dev.elbo.runtime.ops;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.MemorySegment;

/// Rows of a table at places that are data: a batch from a data set, or an embedding.
///
/// ```
/// y[i,j]     = x[index[i], j]                       x (rows, cols), index (n) of any shape, i32 → y (…index, cols)
/// dx[r,j]   += Σ_{i : index[i] = r} dy[i,j]         i ascending
/// ```
///
/// An index outside of the table gives a row of NaN, or of −1 where x holds indices, and passes no gradient.
public record GatherRows() implements Op.Binary {
    @Override
    public Tensor forward(Tensor x, Tensor index, Memory memory) {
        int cols = x.shape().cols();
        int rows = x.shape().rows();
        Shapes.indices(name(), index, index.shape().size());
        Tensor y = memory.empty(index.shape().inside(cols), x.dtype());
        int nothing = x.dtype() == DType.I32 ? -1 : Float.floatToRawIntBits(Float.NaN);
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block items =
                        (from, to) -> gather(x.data(), index.data(), y.data(), from, to, rows, cols, nothing);
                cpu.bind(name(), index.shape().size(), cols, items);
            }
            case CudaDevice cuda -> {
                if (x.dtype() == DType.I32) {
                    cuda.kernel("gather_rows_i32")
                            .args(x, index, y, index.shape().size(), cols, rows)
                            .bind(name());
                } else {
                    cuda.kernel("gather_rows_f32")
                            .args(x, index, y, null, 0, index.shape().size(), cols, rows, 1f)
                            .bind(name());
                }
            }
        }
        return y;
    }

    private static void gather(
            MemorySegment x,
            MemorySegment index,
            MemorySegment y,
            long from,
            long to,
            int rows,
            int cols,
            int nothing) {
        long row = 4L * cols;
        for (long i = from; i < to; i++) {
            int r = index.getAtIndex(JAVA_INT, i);
            if (r >= 0 && r < rows) {
                MemorySegment.copy(x, r * row, y, i * row, row);
            } else {
                for (long j = 0; j < cols; j++) {
                    y.setAtIndex(JAVA_INT, i * cols + j, nothing);
                }
            }
        }
    }

    @Override
    public void pullback(Tensor x, Tensor index, Tensor y, Tensor dy, Gradient gradient, Gradient none) {
        if (!gradient.wanted()) {
            return;
        }
        Tensor dx = gradient.into();
        int rows = x.shape().rows();
        int cols = x.shape().cols();
        boolean first = gradient.first();
        switch (x.device()) {
            case CpuDevice cpu -> {
                if (first) {
                    Fill.bind(dx, 0);
                }
                // Blocks share out the columns, so that one thread adds all of an element's terms, in their order.
                CpuDevice.Block columns = (from, to) -> scatter(
                        dy.data(), index.data(), dx.data(), index.shape().size(), from, to, rows, cols);
                cpu.bind(name(), cols, index.shape().size(), columns);
            }
            case CudaDevice cuda ->
                cuda.kernel("gather_rows_pullback_f32")
                        .args(index, dy, dx, index.shape().size(), cols, rows, first)
                        .bind(name());
        }
    }

    private static void scatter(
            MemorySegment dy, MemorySegment index, MemorySegment dx, long n, long from, long to, int rows, int cols) {
        for (long i = 0; i < n; i++) {
            long r = index.getAtIndex(JAVA_INT, i);
            if (r >= 0 && r < rows) {
                for (long j = from; j < to; j++) {
                    float sum = dx.getAtIndex(JAVA_FLOAT, r * cols + j) + dy.getAtIndex(JAVA_FLOAT, i * cols + j);
                    dx.setAtIndex(JAVA_FLOAT, r * cols + j, sum);
                }
            }
        }
    }
}
