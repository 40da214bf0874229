package dev.elbo.runtime.ops;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.KernelCall;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.MemorySegment;

/// A move between matrices of different widths, which is what slices and concatenations are made of.
///
/// ```
/// y[i, to + j] (+)= x[i, from + j]      j < cols
/// ```
final class Columns {
    private Columns() {}

    /// Binds the move.
    ///
    /// @param x     (rows, xCols)
    /// @param y     (rows, yCols)
    /// @param first overwrite, else add
    static void bind(
            String operation, Tensor x, int xCols, long from, Tensor y, int yCols, long to, int cols, boolean first) {
        if (cols == 0) {
            return;
        }
        long rows = x.shape().size() / xCols;
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block block =
                        (row, end) -> move(x.data(), xCols, from, y.data(), yCols, to, cols, row, end, first);
                cpu.bind(operation, rows, cols, block);
            }
            case CudaDevice cuda ->
                cuda.kernel("copy_rows_f32")
                        .args(KernelCall.at(x, from), KernelCall.at(y, to), rows, cols, xCols, yCols, first)
                        .bind(operation);
        }
    }

    /// Binds the move of everything.
    ///
    /// @param y as many elements as x
    static void bindWhole(String operation, Tensor x, Tensor y, boolean first) {
        int size = Math.toIntExact(x.shape().size());
        bind(operation, x, size, 0, y, size, 0, size, first);
    }

    private static void move(
            MemorySegment x,
            long xCols,
            long from,
            MemorySegment y,
            long yCols,
            long to,
            long cols,
            long row,
            long end,
            boolean first) {
        for (long i = row; i < end; i++) {
            if (first) {
                MemorySegment.copy(x, 4 * (i * xCols + from), y, 4 * (i * yCols + to), 4 * cols);
                continue;
            }
            for (long j = 0; j < cols; j++) {
                long at = i * yCols + to + j;
                y.setAtIndex(
                        JAVA_FLOAT, at, y.getAtIndex(JAVA_FLOAT, at) + x.getAtIndex(JAVA_FLOAT, i * xCols + from + j));
            }
        }
    }
}
