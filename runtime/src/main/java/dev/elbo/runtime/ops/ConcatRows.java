package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.MemorySegment;

/// Two matrices, one under the other.
///
/// ```
/// y   = (a; b)                    a (p, cols), b (q, cols) → y (p + q, cols)
/// da += dy[0 … p)
/// db += dy[p … p + q)
/// ```
public record ConcatRows() implements Op.Binary {
    @Override
    public Tensor forward(Tensor a, Tensor b, Memory memory) {
        int p = a.shape().rows();
        int q = b.shape().rows();
        int cols = a.shape().cols();
        Shapes.exactly(name(), "lower", Shape.of(q, cols), b);
        Shapes.exactly(name(), "upper", Shape.of(p, cols), a);
        Tensor y = memory.empty(Shape.of(p + q, cols));
        long row = (long) Float.BYTES * cols;
        switch (y.device()) {
            case CpuDevice cpu ->
                cpu.bind(name(), p + q, cols, (from, to) -> {
                    if (from < p) {
                        MemorySegment.copy(a.data(), from * row, y.data(), from * row, (Math.min(to, p) - from) * row);
                    }
                    if (to > p) {
                        long at = Math.max(from, p);
                        MemorySegment.copy(b.data(), (at - p) * row, y.data(), at * row, (to - at) * row);
                    }
                });
            case CudaDevice cuda ->
                cuda.kernel("concat_rows_f32").args(a, b, y, p + q, cols, p).bind(name());
        }
        return y;
    }

    @Override
    public void pullback(Tensor a, Tensor b, Tensor y, Tensor dy, Gradient da, Gradient db) {
        int p = a.shape().rows();
        if (da.wanted()) {
            Columns.bindWhole(name(), dy.as(y.shape()).rows(0, p), da.into(), da.first());
        }
        if (db.wanted()) {
            Columns.bindWhole(name(), dy.as(y.shape()).rows(p, y.shape().rows()), db.into(), db.first());
        }
    }
}
