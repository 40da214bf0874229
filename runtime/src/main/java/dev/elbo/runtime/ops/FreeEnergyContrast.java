package dev.elbo.runtime.ops;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.PerRow;
import dev.elbo.runtime.cpu.Rows;
import dev.elbo.runtime.cpu.Term;
import java.lang.foreign.MemorySegment;

/// How much more probable the lower rows of a batch are than the upper ones, on the log scale: what contrastive
/// divergence makes small, with data above and what the model makes of them below.
///
/// ```
/// s[r]     = Σ_k v[r,k] a[k] + Σ_j log(1 + exp l[r,j])      v (n + m, visible), a (visible), l (n + m, hidden)
/// y        = 1/m Σ_{r≥n} s[r] − 1/n Σ_{r<n} s[r]            → y (), nats
/// w[r]     = −dy / n for r < n, else dy / m
/// dv[r,k] += w[r] a[k]
/// da[k]   += Σ_r v[r,k] w[r]
/// dl[r,j] += w[r] sigmoid l[r,j]
/// ```
///
/// @param upper n, the number of rows that are lowered; at least 1, and fewer than there are
/// @param rows  (n + m): s, and w from the pullback on
public record FreeEnergyContrast(int upper, Tensor rows) implements Op.Ternary {
    /// The operation for so many rows.
    ///
    /// @param upper  n
    /// @param rows   n + m
    /// @param memory where what is kept of each row comes from
    public static FreeEnergyContrast of(int upper, int rows, Memory memory) {
        if (upper < 1 || upper >= rows) {
            throw new IllegalArgumentException(
                    "freeEnergyContrast: rows above and below; upper=" + upper + ", rows=" + rows);
        }
        return new FreeEnergyContrast(upper, memory.empty(Shape.of(rows)));
    }

    @Override
    public Tensor forward(Tensor v, Tensor a, Tensor logits, Memory memory) {
        new NegativeFreeEnergy().bind(name(), v, a, logits, rows);
        Tensor y = memory.empty(Shape.SCALAR);
        int all = logits.shape().rows();
        switch (y.device()) {
            case CpuDevice cpu -> {
                Rows above = Rows.of(rows.rows(0, upper).data());
                Rows below = Rows.of(rows.rows(upper, all).data());
                cpu.bind(name(), 1, all, (_, _) -> {
                    cpu.math().sumRows(Term.VALUE, above, null, null, y.data(), 0, 1, upper, -upper, true);
                    cpu.math().sumRows(Term.VALUE, below, null, null, y.data(), 0, 1, all - upper, all - upper, false);
                });
            }
            case CudaDevice cuda ->
                cuda.kernel("contrast_f32").args(rows, y, all, upper).bind(name());
        }
        return y;
    }

    @Override
    public void pullback(
            Tensor v, Tensor a, Tensor logits, Tensor y, Tensor dy, Gradient dv, Gradient da, Gradient dLogits) {
        pullback(v, a, logits, RowGradient.of(dy), dv, da, dLogits);
    }

    @Override
    public void pullback(
            Tensor v, Tensor a, Tensor logits, Tensor y, Gradient dy, Gradient dv, Gradient da, Gradient dLogits) {
        pullback(v, a, logits, RowGradient.of(dy), dv, da, dLogits);
    }

    private void pullback(
            Tensor v, Tensor a, Tensor logits, RowGradient dy, Gradient dv, Gradient da, Gradient dLogits) {
        weigh(logits, dy, dLogits);
        RowSum.of(name(), Term.PRODUCT, v, a).pullback(1, RowGradient.of(rows), dv);
        NegativeFreeEnergy.bindGradientOfA(name(), v, rows, da);
    }

    /// Binds w and, if it is wanted, dl.
    private void weigh(Tensor logits, RowGradient dy, Gradient dLogits) {
        int all = logits.shape().rows();
        int hidden = logits.shape().cols();
        Tensor dl = dLogits.wanted() ? dLogits.into() : null;
        boolean first = dLogits.wanted() && dLogits.first();
        switch (logits.device()) {
            case CpuDevice cpu -> {
                Rows l = Rows.of(logits.data());
                MemorySegment w = rows.data();
                PerRow each = PerRow.of(w);
                PerRow one = dy.onCpu();
                cpu.bind(name(), all, hidden * RowSum.WORK, (from, to) -> {
                    float whole = one.at(0);
                    for (long r = from; r < to; r++) {
                        w.setAtIndex(JAVA_FLOAT, r, r < upper ? whole / -upper : whole / (all - upper));
                    }
                    if (dl != null) {
                        cpu.math()
                                .sumRowsPullback(
                                        Term.SOFTPLUS, 1, l, null, null, each, dl.data(), from, to, hidden, 1, first);
                    }
                });
            }
            case CudaDevice cuda ->
                cuda.kernel("free_energy_contrast_pullback_f32")
                        .args(logits, dy.each(), rows, dl, all, hidden, upper, dy.all(), first)
                        .bind(name());
        }
    }
}
