package dev.elbo.runtime.ops;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.MemorySegment;

/// Each row several times in a row: one observation beside every sample drawn for it.
///
/// ```
/// y[i,s,j] = x[i,j]               x (n, cols) → y (n, times, cols)
/// dx[i,j] += Σ_s dy[i,s,j]        s ascending
/// ```
///
/// @param times how often
public record RepeatRows(int times) implements Op.Unary {
    @Override
    public Tensor forward(Tensor x, Memory memory) {
        int n = x.shape().rows();
        int cols = x.shape().cols();
        Tensor y = memory.empty(Shape.of(n, times, cols));
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> repeat(x.data(), y.data(), from, to, cols);
                cpu.bind(name(), n, (long) times * cols, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("repeat_rows_f32").args(x, y, n, cols, times).bind(name());
        }
        return y;
    }

    private void repeat(MemorySegment x, MemorySegment y, long from, long to, int cols) {
        long row = 4L * cols;
        for (long i = from; i < to; i++) {
            for (long s = 0; s < times; s++) {
                MemorySegment.copy(x, i * row, y, (i * times + s) * row, row);
            }
        }
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient gradient) {
        int n = x.shape().rows();
        int cols = x.shape().cols();
        Tensor dx = gradient.into();
        boolean first = gradient.first();
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> sum(dy.data(), dx.data(), from, to, cols, first);
                cpu.bind(name(), n, (long) times * cols, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("repeat_rows_pullback_f32")
                        .args(dy, dx, n, cols, times, first)
                        .bind(name());
        }
    }

    private void sum(MemorySegment dy, MemorySegment dx, long from, long to, int cols, boolean first) {
        for (long i = from; i < to; i++) {
            for (long j = 0; j < cols; j++) {
                float sum = 0;
                for (long s = 0; s < times; s++) {
                    sum += dy.getAtIndex(JAVA_FLOAT, (i * times + s) * cols + j);
                }
                long at = i * cols + j;
                dx.setAtIndex(JAVA_FLOAT, at, first ? sum : dx.getAtIndex(JAVA_FLOAT, at) + sum);
            }
        }
    }
}
