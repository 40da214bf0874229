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
/// Outer extents of x count as rows. Bias and activation are applied in the product's own launch.
///
/// @param activation f
public record Linear(Activation activation) implements Op.Ternary {
    @Override
    public Tensor forward(Tensor x, Tensor weight, Tensor bias, Memory memory) {
        int n = x.shape().rows();
        int k = x.shape().cols();
        int m = weight.shape().cols();
        Shapes.exactly(name(), "weight", Shape.of(k, m), weight);
        Shapes.exactly(name(), "bias", Shape.of(m), bias);
        Tensor y = memory.empty(x.shape().withCols(m));
        ProductShape shape = new ProductShape(n, k, m, false, false, false);
        Products.bind(name(), shape, x, weight, bias, y, activation);
        return y;
    }

    @Override
    public void pullback(
            Tensor x, Tensor weight, Tensor bias, Tensor y, Tensor dy, Gradient dx, Gradient dWeight, Gradient dBias) {
        int n = x.shape().rows();
        int k = x.shape().cols();
        int m = weight.shape().cols();
        if (activation.f() != Function.IDENTITY) {
            new Pointwise(activation.f(), activation.parameter()).bindPullback(y, y, dy, dy, true);
        }
        if (dBias.wanted()) {
            SumColumns.bind(dy, dBias.into(), n, m, 1, dBias.first());
        }
        if (dWeight.wanted()) {
            ProductShape shape = new ProductShape(k, n, m, true, false, !dWeight.first());
            Products.bind(name(), shape, x, dy, dWeight.into());
        }
        if (dx.wanted()) {
            ProductShape shape = new ProductShape(n, m, k, false, true, !dx.first());
            Products.bind(name(), shape, dy, weight, dx.into());
        }
    }
}
