package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;

/// Two matrices side by side.
///
/// ```
/// y[i]   = (a[i], b[i])                 a (rows, p), b (rows, q) → y (rows, p + q)
/// da[i] += dy[i, 0 … p)
/// db[i] += dy[i, p … p + q)
/// ```
public record ConcatColumns() implements Op.Binary {
    @Override
    public Tensor forward(Tensor a, Tensor b, Memory memory) {
        int p = a.shape().cols();
        int q = b.shape().cols();
        Shapes.exactly(name(), "right", a.shape().withCols(q), b);
        Tensor y = memory.empty(a.shape().withCols(p + q));
        Columns.bind(name(), a, p, 0, y, p + q, 0, p, true);
        Columns.bind(name(), b, q, 0, y, p + q, p, q, true);
        return y;
    }

    @Override
    public void pullback(Tensor a, Tensor b, Tensor y, Tensor dy, Gradient da, Gradient db) {
        int p = a.shape().cols();
        int q = b.shape().cols();
        if (da.wanted()) {
            Columns.bind(name(), dy, p + q, 0, da.into(), p, 0, p, da.first());
        }
        if (db.wanted()) {
            Columns.bind(name(), dy, p + q, p, db.into(), q, 0, q, db.first());
        }
    }
}
