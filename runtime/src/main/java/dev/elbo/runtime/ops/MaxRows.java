package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// The largest of each row and where it stands.
///
/// ```
/// y[i] = max_j x[i,j]      index[i] = the first j that has it      x (rows, cols) → y, index (rows)
/// ```
///
/// A NaN is larger than everything; no columns give −∞ and −1. To follow its gradient, pick x at `index`
/// ([PickRows]).
public record MaxRows() {
    /// @param y     (rows)
    /// @param index (rows) i32
    public record Result(Tensor y, Tensor index) {}

    /// Maxima and places of all rows.
    ///
    /// @param x (rows, cols)
    public static Result of(Tensor x, Memory memory) {
        int cols = x.shape().cols();
        Shape shape = x.shape().withoutCols();
        Tensor y = memory.empty(shape);
        Tensor index = memory.empty(shape, DType.I32);
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows =
                        (from, to) -> cpu.math().maxRows(x.data(), y.data(), index.data(), from, to, cols);
                cpu.bind("maxRows", shape.size(), cols, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("max_rows_f32")
                        .args(x, y, index, shape.size(), cols)
                        .bind("maxRows");
        }
        return new Result(y, index);
    }
}
