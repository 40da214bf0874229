package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.PerRow;

/// Row-wise log-sum-exp, the normaliser of a categorical distribution; or log-mean-exp, importance sampling's bound.
///
/// ```
/// y[i]     = log Σ_j exp x[i,j] / d          x (rows, cols) → y (rows)     d = cols for a mean, else 1
/// dx[i,j] += dy[i] / d · exp(x[i,j] − y[i])
/// ```
///
/// A row that is all −∞ has probability zero: y = −∞ and no gradient flows into it.
///
/// @param mean whether to divide by the number of columns
public record LogSumExpRows(boolean mean) implements Op.Unary {
    private static final long WORK = 6;

    @Override
    public String name() {
        return mean ? "logMeanExpRows" : "logSumExpRows";
    }

    @Override
    public Tensor forward(Tensor x, Memory memory) {
        int cols = x.shape().cols();
        float shift = shift(cols);
        Tensor y = memory.empty(x.shape().withoutCols());
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows =
                        (from, to) -> cpu.math().logSumExpRows(x.data(), y.data(), from, to, cols, shift);
                cpu.bind(name(), y.shape().size(), cols * WORK, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("logsumexp_rows_f32")
                        .args(x, y, y.shape().size(), cols, shift)
                        .bind(name());
        }
        return y;
    }

    private float shift(int cols) {
        return mean ? (float) -Math.log(cols) : 0;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        pullback(x, y, RowGradient.of(dy), dx);
    }

    @Override
    public void pullback(Tensor x, Tensor y, Gradient dy, Gradient dx) {
        pullback(x, y, RowGradient.of(dy), dx);
    }

    private void pullback(Tensor x, Tensor y, RowGradient dy, Gradient gradient) {
        int cols = x.shape().cols();
        float shift = shift(cols);
        Tensor dx = gradient.into();
        boolean first = gradient.first();
        switch (x.device()) {
            case CpuDevice cpu -> {
                PerRow each = dy.onCpu();
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .logSumExpRowsPullback(x.data(), y.data(), each, dx.data(), from, to, cols, shift, first);
                cpu.bind(name(), y.shape().size(), cols * WORK, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("logsumexp_rows_pullback_f32")
                        .args(x, y, dy.each(), dx, y.shape().size(), cols, shift, dy.all(), first)
                        .bind(name());
        }
    }
}
