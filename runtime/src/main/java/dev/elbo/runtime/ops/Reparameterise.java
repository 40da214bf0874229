package dev.elbo.runtime.ops;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// Samples of a diagonal normal as a function of its parameters (Kingma & Welling 2014, arXiv:1312.6114).
///
/// ```
/// z[i,s,j]  = μ[i,j] + exp(½ v[i,j]) ε[i,s,j]      μ, v (n, cols) → z (n, samples, cols)     ε ~ N(0, 1)
/// dμ[i,j]  += Σ_s dz[i,s,j]
/// dv[i,j]  += ½ exp(½ v[i,j]) Σ_s dz[i,s,j] ε[i,s,j]
/// ```
///
/// v is held to ±20, and no gradient flows into what lies beyond. ε is not stored; the pullback draws it again. With
/// `samples` 0, z is (n, cols): one sample, without an extent.
///
/// @param samples of each row
/// @param draw    what ε is a function of
public record Reparameterise(int samples, Draw draw) implements Op.Binary {
    @Override
    public Tensor forward(Tensor mean, Tensor logVariance, Memory memory) {
        NormalDraw drawn = drawn(mean, logVariance);
        Shape each = Shape.of(mean.shape().rows(), samples, mean.shape().cols());
        Tensor z = memory.empty(samples == 0 ? mean.shape() : each);
        drawn.forward(z, null, null, null);
        return z;
    }

    @Override
    public void pullback(Tensor mean, Tensor logVariance, Tensor z, Tensor dz, Gradient dMean, Gradient dLogVariance) {
        RowGradient none = RowGradient.NONE;
        drawn(mean, logVariance).pullback(z, dz, none, none, none, dMean, dLogVariance);
    }

    private NormalDraw drawn(Tensor mean, Tensor logVariance) {
        return new NormalDraw(name(), mean, logVariance, Math.max(1, samples), draw);
    }
}
