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

/// Sums of a few rows of a large table: a linear map of features that are either there or not, given by those that are.
///
/// ```
/// y[i,j]   = Σ_k x[index[i,k], j]                   x (rows, cols), index (…, k) i32 → y (…, cols)    k ascending
/// dx[r,j] += Σ_{(i,k) : index[i,k] = r} dy[i,j]     i ascending
/// ```
///
/// An index outside of the table counts nothing: it is a feature that nobody knows, or no feature at all.
public record SumOfRows() implements Op.Binary {
    // Blocks of the pullback share out the table and each reads all indices: few are enough to keep the cores busy.
    private static final int PARTS = 8;

    @Override
    public Tensor forward(Tensor x, Tensor index, Memory memory) {
        int rows = x.shape().rows();
        int cols = x.shape().cols();
        int k = index.shape().cols();
        Shapes.indices(name(), index, index.shape().size());
        Tensor y = memory.empty(index.shape().withCols(cols));
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block items = (from, to) -> {
                    for (long i = from; i < to; i++) {
                        sum(x.data(), index.data(), y.data(), i, rows, cols, k);
                    }
                };
                cpu.bind(name(), index.shape().rows(), (long) k * cols, items);
            }
            case CudaDevice cuda ->
                cuda.kernel("sum_of_rows_f32")
                        .args(x, index, y, index.shape().rows(), k, cols, rows)
                        .bind(name());
        }
        return y;
    }

    private static void sum(MemorySegment x, MemorySegment index, MemorySegment y, long i, int rows, int cols, int k) {
        y.asSlice(4 * i * cols, 4L * cols).fill((byte) 0);
        for (long at = i * k; at < (i + 1) * k; at++) {
            long r = index.getAtIndex(JAVA_INT, at);
            if (r >= 0 && r < rows) {
                add(x, r * cols, y, i * cols, cols);
            }
        }
    }

    @Override
    public void pullback(Tensor x, Tensor index, Tensor y, Tensor dy, Gradient gradient, Gradient none) {
        if (!gradient.wanted()) {
            return;
        }
        Tensor dx = gradient.into();
        long rows = x.shape().rows();
        int cols = x.shape().cols();
        int k = index.shape().cols();
        long n = index.shape().size();
        boolean first = gradient.first();
        switch (x.device()) {
            case CpuDevice cpu -> {
                if (first) {
                    Fill.bind(dx, 0);
                }
                // One thread adds all terms of a row, in their order.
                CpuDevice.Block parts = (from, to) ->
                        scatter(dy.data(), index.data(), dx.data(), n, k, rows * from / PARTS, rows * to / PARTS, cols);
                cpu.bind(name(), PARTS, n * cols / PARTS, parts);
            }
            case CudaDevice cuda ->
                cuda.kernel("sum_of_rows_pullback_f32")
                        .args(index, dy, dx, index.shape().rows(), k, cols, rows, first)
                        .bind(name());
        }
    }

    private static void scatter(
            MemorySegment dy, MemorySegment index, MemorySegment dx, long n, int k, long from, long to, int cols) {
        for (long at = 0; at < n; at++) {
            long r = index.getAtIndex(JAVA_INT, at);
            if (r >= from && r < to) {
                add(dy, at / k * cols, dx, r * cols, cols);
            }
        }
    }

    private static void add(MemorySegment x, long from, MemorySegment y, long to, int cols) {
        for (long j = 0; j < cols; j++) {
            float sum = y.getAtIndex(JAVA_FLOAT, to + j) + x.getAtIndex(JAVA_FLOAT, from + j);
            y.setAtIndex(JAVA_FLOAT, to + j, sum);
        }
    }
}
