package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.Term;

/// Log of the sum over all vectors h of bits of exp(h · x), for each row x: the hidden units of a restricted Boltzmann
/// machine summed out.
///
/// ```
/// y[i]     = Σ_j log(1 + exp x[i,j])         x (rows, cols) → y (rows), nats
/// dx[i,j] += dy[i] · sigmoid x[i,j]
/// ```
public record SoftplusRows() implements Op.Unary {
    @Override
    public Tensor forward(Tensor x, Memory memory) {
        RowSum sum = RowSum.of(name(), Term.SOFTPLUS, x);
        Tensor y = memory.empty(sum.shape());
        sum.forward(y);
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        RowSum.of(name(), Term.SOFTPLUS, x).pullback(1, RowGradient.of(dy), dx);
    }
}
