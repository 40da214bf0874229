package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;

/// Some neighbouring columns of a matrix.
///
/// ```
/// y[i,j]          = x[i, from + j]         x (rows, cols) → y (rows, to − from)
/// dx[i, from+j]  += dy[i,j]
/// ```
///
/// @param from first column
/// @param to   the column after the last
public record SliceColumns(int from, int to) implements Op.Unary {
    @Override
    public Tensor forward(Tensor x, Memory memory) {
        int cols = x.shape().cols();
        if (from < 0 || from > to || to > cols) {
            throw new IllegalArgumentException(
                    name() + ": outside of the row; from=" + from + ", to=" + to + ", x=" + x.shape());
        }
        Tensor y = memory.empty(x.shape().withCols(to - from));
        Columns.bind(name(), x, cols, from, y, to - from, 0, to - from, true);
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        if (dx.first()) {
            Fill.bind(dx.into(), 0);
        }
        if (to > from) {
            Columns.bind(name(), dy, to - from, 0, dx.into(), x.shape().cols(), from, to - from, false);
        }
    }
}
