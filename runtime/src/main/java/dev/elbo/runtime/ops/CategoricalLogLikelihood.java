package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;

/// Log-probability of a label under each row of logits.
///
/// ```
/// y[i]     = l[i, label[i]] − L[i]                          l (rows, cols), label (rows) i32 → y (rows), nats
/// L[i]     = log Σ_j exp l[i,j]                             kept for the pullback
/// dl[i,j] += dy[i] ([j = label[i]] − exp(l[i,j] − L[i]))
/// ```
///
/// A label of probability zero gives −∞ and no gradient; one outside of the row gives NaN and no gradient.
///
/// @param logSum (rows), overwritten by L
public record CategoricalLogLikelihood(Tensor logSum) implements Op.Binary {
    private static final long WORK = 6;

    @Override
    public Tensor forward(Tensor logits, Tensor label, Memory memory) {
        int cols = logits.shape().cols();
        int n = logits.shape().rows();
        Shapes.indices(name(), label, n);
        Tensor y = memory.empty(logits.shape().withoutCols());
        switch (logits.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .categoricalRows(logits.data(), label.data(), y.data(), logSum.data(), from, to, cols);
                cpu.bind(name(), n, cols * WORK, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("categorical_log_likelihood_rows_f32")
                        .args(logits, label, y, logSum, n, cols)
                        .bind(name());
        }
        return y;
    }

    @Override
    public void pullback(Tensor logits, Tensor label, Tensor y, Tensor dy, Gradient gradient, Gradient none) {
        if (gradient.wanted()) {
            pullback(logits, label, dy, gradient.into(), gradient.first());
        }
    }

    private void pullback(Tensor logits, Tensor label, Tensor dy, Tensor dLogits, boolean first) {
        int cols = logits.shape().cols();
        switch (logits.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .categoricalRowsPullback(
                                logits.data(),
                                label.data(),
                                logSum.data(),
                                dy.data(),
                                dLogits.data(),
                                from,
                                to,
                                cols,
                                first);
                cpu.bind(name(), logits.shape().rows(), cols * WORK, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("categorical_log_likelihood_rows_pullback_f32")
                        .args(logits, label, logSum, dy, dLogits, logits.shape().rows(), cols, first)
                        .bind(name());
        }
    }
}
