package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// What a row of log-weights says: the estimate, the normalised weights, and how many samples they are worth.
///
/// ```
/// w[i,j] = exp x[i,j] / Σ_k exp x[i,k]        y[i] = log (Σ_j exp x[i,j] / cols)        x (rows, cols)
/// ess[i] = (Σ_j w)² / Σ_j w²                  between 1 and cols
/// ```
///
/// A row that is all −∞ has y = −∞, weights and ess 0. For gradients, see [LogSumExpRows].
public final class ImportanceWeights {
    private static final long WORK = 6;

    private ImportanceWeights() {}

    /// @param w   (rows, cols)
    /// @param y   (rows), nats
    /// @param ess (rows)
    public record Result(Tensor w, Tensor y, Tensor ess) {}

    /// Weights, estimate and effective sample size of each row.
    ///
    /// @param x (rows, cols) log-weights
    public static Result of(Tensor x, Memory memory) {
        int cols = x.shape().cols();
        Shape each = x.shape().withoutCols();
        Result result = new Result(memory.empty(x.shape()), memory.empty(each), memory.empty(each));
        float shift = (float) -Math.log(cols);
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .importanceWeightsRows(
                                x.data(), result.w.data(), result.y.data(), result.ess.data(), from, to, cols, shift);
                cpu.bind("importanceWeights", each.size(), cols * WORK, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("importance_weights_rows_f32")
                        .args(x, result.w, result.y, result.ess, each.size(), cols, shift)
                        .bind("importanceWeights");
        }
        return result;
    }
}
