package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.ProductShape;
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
        product(e.batch, new ProductShape(e.n, e.k, e.m, transposeA, transposeB, false), a, b, y);
        return y;
    }

    @Override
    public void pullback(Tensor a, Tensor b, Tensor y, Tensor dy, Gradient da, Gradient db) {
        Extents e = extents(a, b);
        if (da.wanted()) {
            boolean add = !da.first();
            if (transposeA) {
                product(e.batch, new ProductShape(e.k, e.m, e.n, transposeB, true, add), b, dy, da.into());
            } else {
                product(e.batch, new ProductShape(e.n, e.m, e.k, false, !transposeB, add), dy, b, da.into());
            }
        }
        if (db.wanted()) {
            boolean add = !db.first();
            if (transposeB) {
                product(e.batch, new ProductShape(e.m, e.n, e.k, true, transposeA, add), dy, a, db.into());
            } else {
                product(e.batch, new ProductShape(e.k, e.n, e.m, !transposeA, false, add), a, dy, db.into());
            }
        }
    }

    private void product(int batch, ProductShape shape, Tensor a, Tensor b, Tensor c) {
        Products.bind(name(), batch, shape, a, b, c);
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
