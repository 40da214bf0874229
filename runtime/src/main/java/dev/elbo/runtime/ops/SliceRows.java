package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;

/// Some neighbouring rows, along the outermost axis.
///
/// ```
/// y[i]          = x[from + i]          x (rows, …) → y (to − from, …)
/// dx[from + i] += dy[i]
/// ```
///
/// @param from first row
/// @param to   the row after the last
public record SliceRows(int from, int to) implements Op.Unary {
    @Override
    public Tensor forward(Tensor x, Memory memory) {
        if (x.shape().rank() == 0 || from < 0 || from > to || to > x.shape().extent(0)) {
            throw new IllegalArgumentException(
                    name() + ": outside of the tensor; from=" + from + ", to=" + to + ", x=" + x.shape());
        }
        Tensor part = x.rows(from, to);
        Tensor y = memory.empty(part.shape());
        Columns.bindWhole(name(), part, y, true);
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        if (dx.first()) {
            Fill.bind(dx.into(), 0);
        }
        Columns.bindWhole(name(), dy, dx.into().as(x.shape()).rows(from, to), false);
    }
}
