package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;

/// Row-wise softmax: probabilities from logits, or normalised importance weights from log-weights.
///
/// ```
/// y[i,j]   = exp x[i,j] / Σ_k exp x[i,k]               x (rows, cols) → y (rows, cols)
/// dx[i,j] += y[i,j] (dy[i,j] − Σ_k y[i,k] dy[i,k])
/// ```
///
/// A row that is all −∞ has weights of 0, and no gradient flows into it.
public record SoftmaxRows() implements Op.Unary {
    private static final long WORK = 6;

    @Override
    public Tensor forward(Tensor x, Memory memory) {
        int cols = x.shape().cols();
        Tensor y = memory.empty(x.shape());
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> cpu.math().softmaxRows(x.data(), y.data(), from, to, cols);
                cpu.bind(name(), x.shape().rows(), cols * WORK, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("softmax_rows_f32")
                        .args(x, y, x.shape().rows(), cols)
                        .bind(name());
        }
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient gradient) {
        int cols = x.shape().cols();
        Tensor dx = gradient.into();
        boolean first = gradient.first();
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) ->
                        cpu.math().softmaxRowsPullback(y.data(), dy.data(), dx.data(), from, to, cols, first);
                cpu.bind(name(), x.shape().rows(), cols * WORK, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("softmax_rows_pullback_f32")
                        .args(y, dy, dx, x.shape().rows(), cols, first)
                        .bind(name());
        }
    }
}
