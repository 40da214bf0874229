package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.ProductShape;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;

/// An affine map of batches that come one after the other, as where each is drawn from what the map made of the one
/// before. They lie one under the other, so that there is one gradient of all.
///
/// ```
/// y_i = x_i · w + b                 x_i (n_i, k), w (k, m), b (m) → y_i (n_i, m), at once
/// dw += Σ_i x_iᵀ · dy_i             one product
/// db += Σ_i Σ_r dy_i[r]
/// ```
///
/// Nothing flows back to the batches.
public final class StackedLinear {
    private final Ops f;
    private final Tensor weight;
    private final Tensor bias;
    private final Tensor y;
    private final List<Tensor> batches = new ArrayList<>();
    private int filled;

    /// A map that has seen nothing.
    ///
    /// @param f      where results come from and what notes the gradient
    /// @param rows   of all batches together
    /// @param weight (k, m)
    /// @param bias   (m)
    public StackedLinear(Ops f, int rows, Tensor weight, Tensor bias) {
        this.f = f;
        this.weight = weight;
        this.bias = bias;
        this.y = f.memory().empty(Shape.of(rows, weight.shape().cols()));
    }

    /// Binds the map of the next batch.
    ///
    /// @param batch (n, k)
    /// @return (n, m), a constant to the tape
    public Tensor push(Tensor batch) {
        int n = batch.shape().rows();
        int k = weight.shape().rows();
        int m = weight.shape().cols();
        Shapes.exactly("stackedLinear", "batch", Shape.of(n, k), batch);
        if (filled + n > y.shape().rows()) {
            throw new IllegalArgumentException("stackedLinear: no room; rows="
                    + y.shape().rows() + ", filled=" + filled + ", batch=" + batch.shape());
        }
        Tensor to = y.rows(filled, filled + n);
        ProductShape shape = new ProductShape(n, k, m, false, false, false);
        Products.bind("linear", shape, batch, weight, bias, to, Activation.NONE);
        batches.add(batch);
        filled += n;
        return to;
    }

    /// What was pushed and what came of it.
    ///
    /// @param x (rows, k)
    /// @param y (rows, m), noted on the tape
    public record Stack(Tensor x, Tensor y) {}

    /// Notes the map of all batches. Called once, after the last of them.
    public Stack end() {
        if (filled < y.shape().rows()) {
            throw new IllegalStateException(
                    "stackedLinear: batches are missing; rows=" + y.shape().rows() + ", filled=" + filled);
        }
        Tensor x = batches.stream().reduce(f.detached()::concatRows).orElseThrow();
        Linear all = new Linear(Activation.NONE);
        f.note(
                y,
                (tape, dy) -> all.pullback(
                        x, weight, bias, y, dy, Gradient.unwanted(), tape.gradient(weight), tape.gradient(bias)),
                weight,
                bias);
        return new Stack(x, y);
    }
}
