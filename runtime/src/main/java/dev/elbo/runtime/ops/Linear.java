package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.ProductShape;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// Affine map with an activation: a layer of neurons.
///
/// ```
/// y   = f(x · w + b)             x (n, k), w (k, m), b (m) → y (n, m)
/// g   = dy ∘ f′                  in place of dy
/// dx += g · wᵀ
/// dw += xᵀ · g
/// db += Σ_i g[i]
/// ```
///
/// Outer extents of x count as rows. The bias is added in the product's own launch, and f is applied there where the
/// product is Elbo's.
///
/// @param activation f
/// @param transposed whether w lies as (m, k)
public record Linear(Activation activation, boolean transposed) implements Op.Ternary {
    /// A layer whose weight lies as (k, m).
    public Linear(Activation activation) {
        this(activation, false);
    }

    @Override
    public Tensor forward(Tensor x, Tensor weight, Tensor bias, Memory memory) {
        int n = x.shape().rows();
        int k = x.shape().cols();
        int m = outputs(weight);
        Shapes.exactly(name(), "weight", transposed ? Shape.of(m, k) : Shape.of(k, m), weight);
        Shapes.exactly(name(), "bias", Shape.of(m), bias);
        Tensor y = memory.empty(x.shape().withCols(m));
        ProductShape shape = new ProductShape(n, k, m, false, transposed, false);
        Products.bind(name(), shape, x, weight, bias, y, activation);
        return y;
    }

    @Override
    public void pullback(
            Tensor x, Tensor weight, Tensor bias, Tensor y, Tensor dy, Gradient dx, Gradient dWeight, Gradient dBias) {
        pullback(x, weight, bias, y, Gradient.into(dy), dx, dWeight, dBias);
    }

    @Override
    public void pullback(
            Tensor x,
            Tensor weight,
            Tensor bias,
            Tensor y,
            Gradient gradient,
            Gradient dx,
            Gradient dWeight,
            Gradient dBias) {
        Tensor dy = gradient.into();
        int n = x.shape().rows();
        int k = x.shape().cols();
        int m = outputs(weight);
        if (activation.f() != Function.IDENTITY) {
            new Pointwise(activation.f(), activation.parameter()).bindPullback(y, y, dy, dy, true);
        }
        if (dBias.wanted()) {
            SumColumns.bind(gradient, dBias, n, m);
        }
        if (dWeight.wanted()) {
            Tensor left = transposed ? dy : x;
            Tensor right = transposed ? x : dy;
            ProductShape shape =
                    new ProductShape(left.shape().cols(), n, right.shape().cols(), true, false, !dWeight.first());
            Products.bind(name(), shape, left, right, dWeight.into());
        }
        if (dx.wanted()) {
            ProductShape shape = new ProductShape(n, m, k, false, !transposed, !dx.first());
            Products.bind(name(), shape, dy, weight, dx.into());
        }
    }

    private int outputs(Tensor weight) {
        return transposed ? weight.shape().rows() : weight.shape().cols();
    }
}
