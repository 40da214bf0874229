package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// Arithmetic of two elements: one row of the table [Arithmetic].
///
/// ```
/// y[i,j]   = f(a[i,j], b[i,j])               a (rows, cols) → y (rows, cols)
/// da[i,j] += dy[i,j] · ∂f/∂a
/// db[i,j] += dy[i,j] · ∂f/∂b                 summed over what b was broadcast along
/// ```
///
/// One operand may be broadcast: a row (cols), a column (rows, 1), or one number.
///
/// @param f the function
public record Combine(Arithmetic f) implements Op.Binary {
    @Override
    public String name() {
        return Names.of(f);
    }

    @Override
    public Tensor forward(Tensor a, Tensor b, Memory memory) {
        Shape full = full(a, b);
        Broadcast left = Broadcast.of(name(), a, full);
        Broadcast right = Broadcast.of(name(), b, full);
        int cols = full.cols();
        Tensor y = memory.empty(full);
        switch (a.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) -> cpu.math()
                        .binary(
                                f.loop(),
                                a.data(),
                                left.row(),
                                left.col(),
                                b.data(),
                                right.row(),
                                right.col(),
                                y.data(),
                                from,
                                to,
                                cols);
                cpu.bind(name(), full.size(), 1, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("binary_f32")
                        .args(a, b, y, full.rows(), cols)
                        .args(
                                left.row(),
                                left.col(),
                                right.row(),
                                right.col(),
                                f.loop().ordinal())
                        .bind(name());
        }
        return y;
    }

    @Override
    public void pullback(Tensor a, Tensor b, Tensor y, Tensor dy, Gradient da, Gradient db) {
        Broadcast left = Broadcast.of(name(), a, y.shape());
        Broadcast right = Broadcast.of(name(), b, y.shape());
        // The gradient of a broadcast operand is made in place of dy, so it comes last.
        if (right.isFull() && db.wanted()) {
            pullback(true, a, left, b, right, dy, db.into(), y.shape(), db.first());
        }
        if (da.wanted()) {
            pullback(false, a, left, b, right, dy, da, y.shape());
        }
        if (!right.isFull() && db.wanted()) {
            pullback(true, a, left, b, right, dy, db, y.shape());
        }
    }

    /// Of a + b and a − b the gradient of a is that of y, and b's is ± that: one of them takes it as it is.
    @Override
    public void pullback(Tensor a, Tensor b, Tensor y, Gradient dy, Gradient da, Gradient db) {
        boolean plus = f == Arithmetic.PLUS;
        long full = y.shape().size();
        boolean broadcast = a.shape().size() < full || b.shape().size() < full;
        if (broadcast || !plus && f != Arithmetic.MINUS) {
            pullback(a, b, y, dy.into(), da, db);
            return;
        }
        boolean takes = plus && !da.wanted();
        if (db.wanted() && !(takes ? db.take(dy) : db.follow(dy, v -> plus ? v : -v))) {
            pullback(a, b, y, dy.into(), Gradient.unwanted(), db);
        }
        if (da.wanted() && !da.take(dy)) {
            pullback(a, b, y, dy.into(), da, Gradient.unwanted());
        }
    }

    private void pullback(
            boolean ofB, Tensor a, Broadcast left, Tensor b, Broadcast right, Tensor dy, Gradient d, Shape full) {
        Broadcast own = ofB ? right : left;
        if (own.isFull()) {
            pullback(ofB, a, left, b, right, dy, d.into(), full, d.first());
        } else {
            pullback(ofB, a, left, b, right, dy, dy, full, true);
            own.reduce(dy, full, d.into(), d.first());
        }
    }

    private void pullback(
            boolean ofB,
            Tensor a,
            Broadcast left,
            Tensor b,
            Broadcast right,
            Tensor dy,
            Tensor d,
            Shape full,
            boolean first) {
        int cols = full.cols();
        switch (a.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) -> cpu.math()
                        .binaryPullback(
                                f.loop(),
                                ofB,
                                a.data(),
                                left.row(),
                                left.col(),
                                b.data(),
                                right.row(),
                                right.col(),
                                dy.data(),
                                d.data(),
                                from,
                                to,
                                cols,
                                first);
                cpu.bind(name(), full.size(), 1, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("binary_pullback_f32")
                        .args(a, b, dy, d, full.rows(), cols)
                        .args(
                                left.row(),
                                left.col(),
                                right.row(),
                                right.col(),
                                f.loop().ordinal(),
                                ofB,
                                first)
                        .bind(name());
        }
    }

    private Shape full(Tensor a, Tensor b) {
        Shape full = a.shape().size() > b.shape().size()
                        || a.shape().size() == b.shape().size()
                                && a.shape().rank() >= b.shape().rank()
                ? a.shape()
                : b.shape();
        return full;
    }
}
