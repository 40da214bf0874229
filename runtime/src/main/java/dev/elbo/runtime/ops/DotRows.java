package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.Term;

/// Inner product of the rows of two matrices.
///
/// ```
/// y[i]     = Σ_j a[i,j] b[i,j]          a, b (rows, cols) → y (rows)
/// da[i,j] += dy[i] b[i,j]
/// db[i,j] += dy[i] a[i,j]
/// ```
public record DotRows() implements Op.Binary {
    @Override
    public Tensor forward(Tensor a, Tensor b, Memory memory) {
        Shapes.same(name(), a, b);
        Tensor y = memory.empty(a.shape().withoutCols());
        RowSum.of(name(), Term.PRODUCT, a, b).forward(y);
        return y;
    }

    @Override
    public void pullback(Tensor a, Tensor b, Tensor y, Tensor dy, Gradient da, Gradient db) {
        RowSum.of(name(), Term.PRODUCT, a, b).pullback(1, RowGradient.of(dy), da);
        RowSum.of(name(), Term.PRODUCT, a, b).pullback(2, RowGradient.of(dy), db);
    }
}
