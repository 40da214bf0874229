package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.ProductShape;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.Rows;
import dev.elbo.runtime.cpu.Term;

/// Log of what bits weigh in a Boltzmann machine whose other units are summed out: its free energy, negated.
///
/// ```
/// y[i]     = Σ_k v[i,k] a[k] + Σ_j log(1 + exp l[i,j])      v (n, visible), a (visible), l (n, hidden) → y (n), nats
/// dv[i,k] += dy[i] a[k]
/// da[k]   += Σ_i v[i,k] dy[i]
/// dl[i,j] += dy[i] sigmoid l[i,j]
/// ```
///
/// An l of −∞ adds 0, one of ∞ gives ∞.
public record NegativeFreeEnergy() implements Op.Ternary {
    @Override
    public Tensor forward(Tensor v, Tensor a, Tensor logits, Memory memory) {
        Tensor y = memory.empty(v.shape().withoutCols());
        bind(name(), v, a, logits, y);
        return y;
    }

    /// Binds y.
    ///
    /// @param y (n), overwritten
    void bind(String operation, Tensor v, Tensor a, Tensor logits, Tensor y) {
        int n = v.shape().rows();
        int visible = v.shape().cols();
        int hidden = logits.shape().cols();
        Shapes.exactly(operation, "a", Shape.of(visible), a);
        if (logits.shape().rows() != n) {
            throw new IllegalArgumentException(
                    operation + ": rows differ; v=" + v.shape() + ", logits=" + logits.shape());
        }
        switch (y.device()) {
            case CpuDevice cpu -> {
                Rows bits = Rows.of(v.data());
                Rows biases = new Rows(a.data(), n);
                Rows inputs = Rows.of(logits.data());
                cpu.bind(operation, n, visible + hidden * RowSum.WORK, (from, to) -> {
                    cpu.math().sumRows(Term.PRODUCT, bits, biases, null, y.data(), from, to, visible, 1, true);
                    cpu.math().sumRows(Term.SOFTPLUS, inputs, null, null, y.data(), from, to, hidden, 1, false);
                });
            }
            case CudaDevice cuda ->
                cuda.kernel("free_energy_rows_f32")
                        .args(v, a, logits, y, n, visible, hidden)
                        .bind(operation);
        }
    }

    @Override
    public void pullback(
            Tensor v, Tensor a, Tensor logits, Tensor y, Tensor dy, Gradient dv, Gradient da, Gradient dLogits) {
        RowSum.of(name(), Term.PRODUCT, v, a).pullback(1, RowGradient.of(dy), dv);
        bindGradientOfA(name(), v, dy, da);
        RowSum.of(name(), Term.SOFTPLUS, logits).pullback(1, RowGradient.of(dy), dLogits);
    }

    /// Binds da (+)= vᵀ dy, if it is wanted: a product, since as a sum of terms each column would be one chain as long
    /// as the batch.
    ///
    /// @param dy (n)
    static void bindGradientOfA(String operation, Tensor v, Tensor dy, Gradient da) {
        if (da.wanted()) {
            ProductShape shape = new ProductShape(v.shape().cols(), v.shape().rows(), 1, true, false, !da.first());
            Products.bind(operation, shape, v, dy, da.into());
        }
    }
}
