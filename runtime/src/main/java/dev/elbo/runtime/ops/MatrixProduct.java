package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// Matrix product, of one pair or of a batch of pairs.
///
/// ```
/// y   = op(a) · op(b)            op(a) (n, k), op(b) (k, m) → y (n, m);   or (q, n, k) and (q, k, m) → (q, n, m)
/// da += dy · op(b)ᵀ              as a lies
/// db += op(a)ᵀ · dy              as b lies
/// ```
///
/// Outer extents of `a` count as rows when `b` is one matrix: (n, samples, k) · (k, m) → (n, samples, m).
///
/// @param transposeA whether a lies as (k, n)
/// @param transposeB whether b lies as (m, k)
public record MatrixProduct(boolean transposeA, boolean transposeB) implements Op.Binary {
    /// Extents of one product and how many there are.
    private record Extents(int batch, int n, int k, int m, Shape y) {}

    @Override
    public Tensor forward(Tensor a, Tensor b, Memory memory) {
        Extents e = extents(a, b);
        Tensor y = memory.empty(e.y);
        product(e.batch, a, b, y, e.n, e.k, e.m, transposeA, transposeB, true);
        return y;
    }

    @Override
    public void pullback(Tensor a, Tensor b, Tensor y, Tensor dy, Gradient da, Gradient db) {
        Extents e = extents(a, b);
        if (da.wanted()) {
            if (transposeA) {
                product(e.batch, b, dy, da.into(), e.k, e.m, e.n, transposeB, true, da.first());
            } else {
                product(e.batch, dy, b, da.into(), e.n, e.m, e.k, false, !transposeB, da.first());
            }
        }
        if (db.wanted()) {
            if (transposeB) {
                product(e.batch, dy, a, db.into(), e.m, e.n, e.k, true, transposeA, db.first());
            } else {
                product(e.batch, a, dy, db.into(), e.k, e.n, e.m, !transposeA, false, db.first());
            }
        }
    }

    private void product(
            int batch,
            Tensor a,
            Tensor b,
            Tensor c,
            int rows,
            int inner,
            int cols,
            boolean transposeA,
            boolean transposeB,
            boolean first) {
        Shape left = Shape.of(rows, inner);
        Shape right = Shape.of(inner, cols);
        Shape result = Shape.of(rows, cols);
        for (int q = 0; q < batch; q++) {
            Tensor one = a.part(q * left.size(), left);
            Tensor other = b.part(q * right.size(), right);
            Tensor into = c.part(q * result.size(), result);
            Products.bind(name(), one, transposeA, other, transposeB, into, rows, inner, cols, first);
        }
    }

    private Extents extents(Tensor a, Tensor b) {
        Shape left = a.shape();
        Shape right = b.shape();
        boolean batched = right.rank() == 3;
        int batch = batched ? right.extent(0) : 1;
        int n = transposeA ? left.cols() : left.rows() / batch;
        int k = transposeA ? left.rows() / batch : left.cols();
        int m = transposeB ? right.rows() / batch : right.cols();
        boolean fits = (transposeB ? right.cols() : right.rows() / batch) == k
                && right.rank() >= 2
                && (batched ? left.rank() == 3 && left.extent(0) == batch : left.rank() == 2 || !transposeA);
        if (!fits) {
            throw new IllegalArgumentException(name() + ": inner extents differ; left=" + left
                    + (transposeA ? " transposed" : "") + ", right=" + right + (transposeB ? " transposed" : ""));
        }
        Shape y = transposeA ? batched ? Shape.of(batch, n, m) : Shape.of(n, m) : left.withCols(m);
        return new Extents(batch, n, k, m, y);
    }
}
