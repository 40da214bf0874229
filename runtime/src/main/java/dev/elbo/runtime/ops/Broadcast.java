package dev.elbo.runtime.ops;

import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// How an operand is read as a matrix of another shape: element (i, j) lies at i · row + j · col.
///
/// @param row 0 where all rows are one, else how far the next row is
/// @param col 0 where a row is one number, else 1
record Broadcast(int row, int col) {
    /// How `x` is read as a matrix of shape `full`.
    ///
    /// ```
    /// full         x of shape `full`                       one row      (cols) or (1, cols)
    /// one column   (…, 1), other extents those of `full`   one number   size 1
    /// ```
    static Broadcast of(String operation, Tensor x, Shape full) {
        Shape shape = x.shape();
        int cols = full.cols();
        if (shape.equals(full)) {
            return new Broadcast(cols, 1);
        }
        if (shape.size() == 1) {
            return new Broadcast(0, 0);
        }
        if (shape.cols() == cols && shape.rows() == 1) {
            return new Broadcast(0, 1);
        }
        if (shape.rank() == full.rank() && shape.equals(full.withCols(1))) {
            return new Broadcast(1, 0);
        }
        throw new IllegalArgumentException(
                operation + ": shapes do not go together; left or right=" + shape + ", other=" + full);
    }

    boolean isFull() {
        return row != 0 && col != 0;
    }

    /// Binds into (+)= d, summed over what the operand was broadcast along.
    ///
    /// @param d (rows, cols)
    void reduce(Tensor d, Shape full, Tensor into, boolean first) {
        int cols = full.cols();
        if (col == 1) {
            SumColumns.bind(d, into, full.rows(), cols, 1, first);
        } else if (row == 1) {
            SumRows.bind("sumRows", d, into, cols, 1, first);
        } else {
            SumRows.bind("sumRows", d, into, Math.toIntExact(full.size()), 1, first);
        }
    }
}
