package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// Two matrices, one under the other.
///
/// ```
/// y   = (a; b)                    a (p, cols), b (q, cols) → y (p + q, cols)
/// da += dy[0 … p)
/// db += dy[p … p + q)
/// ```
public record ConcatRows() implements Op.Binary {
    @Override
    public Tensor forward(Tensor a, Tensor b, Memory memory) {
        int p = a.shape().rows();
        int q = b.shape().rows();
        int cols = a.shape().cols();
        Shapes.exactly(name(), "lower", Shape.of(q, cols), b);
        Shapes.exactly(name(), "upper", Shape.of(p, cols), a);
        Tensor y = memory.empty(Shape.of(p + q, cols));
        Columns.bindWhole(name(), a, y.rows(0, p), true);
        Columns.bindWhole(name(), b, y.rows(p, p + q), true);
        return y;
    }

    @Override
    public void pullback(Tensor a, Tensor b, Tensor y, Tensor dy, Gradient da, Gradient db) {
        int p = a.shape().rows();
        if (da.wanted()) {
            Columns.bindWhole(name(), dy.as(y.shape()).rows(0, p), da.into(), da.first());
        }
        if (db.wanted()) {
            Columns.bindWhole(name(), dy.as(y.shape()).rows(p, y.shape().rows()), db.into(), db.first());
        }
    }
}
