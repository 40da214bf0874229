package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.ProductShape;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
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
        RowSum linear = linear(v, a);
        if (logits.shape().rows() != v.shape().rows()) {
            throw new IllegalArgumentException(name() + ": rows differ; v=" + v.shape() + ", logits=" + logits.shape());
        }
        Tensor y = memory.empty(linear.shape());
        linear.forward(y);
        hidden(logits).forward(y, y);
        return y;
    }

    @Override
    public void pullback(
            Tensor v, Tensor a, Tensor logits, Tensor y, Tensor dy, Gradient dv, Gradient da, Gradient dLogits) {
        linear(v, a).pullback(1, RowGradient.of(dy), dv);
        if (da.wanted()) {
            // A product: as a sum of terms each column would be one chain as long as the batch.
            int n = v.shape().rows();
            int k = v.shape().cols();
            Products.bind(name(), new ProductShape(k, n, 1, true, false, !da.first()), v, dy, da.into());
        }
        hidden(logits).pullback(1, RowGradient.of(dy), dLogits);
    }

    private RowSum linear(Tensor v, Tensor a) {
        Shapes.exactly(name(), "a", Shape.of(v.shape().cols()), a);
        return RowSum.of(name(), Term.PRODUCT, v, a);
    }

    private RowSum hidden(Tensor logits) {
        return RowSum.of(name(), Term.SOFTPLUS, logits);
    }
}
