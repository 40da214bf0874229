package dev.elbo.runtime.ops;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
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
/// Bytes are read as numbers, byte / 255, and have no gradient. An index outside of the table gives a row of NaN, or of
/// −1 where x holds indices, and passes no gradient.
public record GatherRows() implements Op.Binary {
    private static final float[] OF_BYTE = new float[256];

    static {
        for (int value = 0; value < OF_BYTE.length; value++) {
            OF_BYTE[value] = value / 255f;
        }
    }

    @Override
    public Tensor forward(Tensor x, Tensor index, Memory memory) {
        int cols = x.shape().cols();
        int rows = x.shape().rows();
        Shapes.indices(name(), index, index.shape().size());
        boolean indices = x.dtype() == DType.I32;
        Tensor y = memory.empty(index.shape().inside(cols), indices ? DType.I32 : DType.F32);
        int nothing = indices ? -1 : Float.floatToRawIntBits(Float.NaN);
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block items = (from, to) -> gather(x, index.data(), y.data(), from, to, rows, cols, nothing);
                cpu.bind(name(), index.shape().size(), cols, items);
            }
            case CudaDevice cuda -> {
                String kernel = switch (x.dtype()) {
                    case I32 -> "gather_rows_i32";
                    case U8 -> "gather_rows_u8";
                    case F32, F64 -> "gather_rows_f32";
                };
                cuda.kernel(kernel)
                        .args(x, index, y, index.shape().size(), cols, rows)
                        .bind(name());
            }
        }
        return y;
    }

    private static void gather(
            Tensor x, MemorySegment index, MemorySegment y, long from, long to, int rows, int cols, int nothing) {
        for (long i = from; i < to; i++) {
            int r = index.getAtIndex(JAVA_INT, i);
            if (r >= 0 && r < rows) {
                copy(x, r, y, i, cols);
            } else {
                for (long j = 0; j < cols; j++) {
                    y.setAtIndex(JAVA_INT, i * cols + j, nothing);
                }
            }
        }
    }

    /// One row as what the device computes with.
    static void copy(Tensor x, long row, MemorySegment y, long to, int cols) {
        if (x.dtype() != DType.U8) {
            long bytes = 4L * cols;
            MemorySegment.copy(x.data(), row * bytes, y, to * bytes, bytes);
            return;
        }
        for (long j = 0; j < cols; j++) {
            int value = Byte.toUnsignedInt(x.data().get(JAVA_BYTE, row * cols + j));
            y.set(JAVA_FLOAT, (to * cols + j) * Float.BYTES, OF_BYTE[value]);
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
