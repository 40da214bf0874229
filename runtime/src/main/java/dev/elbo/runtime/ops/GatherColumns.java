package dev.elbo.runtime.ops;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.MemorySegment;

/// Columns of matrices at places that are data, others for each matrix: scores of the states that a sequence goes
/// through, of the scores of all states.
///
/// ```
/// y[i,t,k]   = x[i,t,index[i,k]]                         x (n, t, s), index (n, m) i32 → y (n, t, m)
/// dx[i,t,j] += Σ_{k : index[i,k] = j} dy[i,t,k]          k ascending
/// ```
///
/// An index outside of the columns gives −∞, the score of what cannot be, and passes no gradient.
public record GatherColumns() implements Op.Binary {
    @Override
    public Tensor forward(Tensor x, Tensor index, Memory memory) {
        if (x.shape().rank() != 3
                || index.shape().rank() != 2
                || index.shape().extent(0) != x.shape().extent(0)) {
            throw new IllegalArgumentException(
                    name() + ": x is (n, t, s) and index (n, m); x=" + x.shape() + ", index=" + index.shape());
        }
        Shapes.indices(name(), index, index.shape().size());
        int steps = x.shape().extent(1);
        int s = x.shape().cols();
        int m = index.shape().cols();
        Tensor y = memory.empty(x.shape().withCols(m));
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> gather(x.data(), index.data(), y.data(), from, to, steps, s, m);
                cpu.bind(name(), x.shape().rows(), m, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("gather_columns_f32")
                        .args(x, index, y, x.shape().rows(), steps, s, m)
                        .bind(name());
        }
        return y;
    }

    private static void gather(
            MemorySegment x, MemorySegment index, MemorySegment y, long from, long to, int steps, int s, int m) {
        for (long row = from; row < to; row++) {
            for (long k = 0; k < m; k++) {
                int j = index.getAtIndex(JAVA_INT, row / steps * m + k);
                boolean known = j >= 0 && j < s;
                y.setAtIndex(
                        JAVA_FLOAT,
                        row * m + k,
                        known ? x.getAtIndex(JAVA_FLOAT, row * s + j) : Float.NEGATIVE_INFINITY);
            }
        }
    }

    @Override
    public void pullback(Tensor x, Tensor index, Tensor y, Tensor dy, Gradient gradient, Gradient none) {
        if (!gradient.wanted()) {
            return;
        }
        Tensor dx = gradient.into();
        int steps = x.shape().extent(1);
        int s = x.shape().cols();
        int m = index.shape().cols();
        boolean first = gradient.first();
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows =
                        (from, to) -> scatter(dy.data(), index.data(), dx.data(), from, to, steps, s, m, first);
                cpu.bind(name(), x.shape().rows(), s + m, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("gather_columns_pullback_f32")
                        .args(index, dy, dx, x.shape().rows(), steps, s, m, first)
                        .bind(name());
        }
    }

    private static void scatter(
            MemorySegment dy,
            MemorySegment index,
            MemorySegment dx,
            long from,
            long to,
            int steps,
            int s,
            int m,
            boolean first) {
        for (long row = from; row < to; row++) {
            if (first) {
                dx.asSlice(4 * row * s, 4L * s).fill((byte) 0);
            }
            for (long k = 0; k < m; k++) {
                long j = index.getAtIndex(JAVA_INT, row / steps * m + k);
                if (j >= 0 && j < s) {
                    float sum = dx.getAtIndex(JAVA_FLOAT, row * s + j) + dy.getAtIndex(JAVA_FLOAT, row * m + k);
                    dx.setAtIndex(JAVA_FLOAT, row * s + j, sum);
                }
            }
        }
    }
}
