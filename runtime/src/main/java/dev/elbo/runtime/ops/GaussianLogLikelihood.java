package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.Term;

/// Log-density of independent normals, summed over each row.
///
/// ```
/// y[i]     = −½ Σ_j log 2π + v[i,j] + (x[i,j] − μ[i,j])² exp(−v[i,j])      x, μ, v (rows, cols) → y (rows), nats
/// dx[i,j] −= dy[i] (x − μ) exp(−v)
/// dμ[i,j] += dy[i] (x − μ) exp(−v)
/// dv[i,j] += ½ dy[i] ((x − μ)² exp(−v) − 1)
/// ```
///
/// v is the logarithm of the variance, held to ±20, and no gradient flows into what lies beyond. Either of x and
/// (μ, v) may have fewer rows: each then serves as many consecutive rows of the other.
public record GaussianLogLikelihood() implements Op.Ternary {
    @Override
    public Tensor forward(Tensor x, Tensor mean, Tensor logVariance, Memory memory) {
        Shapes.same(name(), mean, logVariance);
        RowSum sum = sum(x, mean, logVariance);
        Tensor y = memory.empty(sum.shape());
        sum.forward(y);
        return y;
    }

    @Override
    public void pullback(
            Tensor x,
            Tensor mean,
            Tensor logVariance,
            Tensor y,
            Tensor dy,
            Gradient dx,
            Gradient dMean,
            Gradient dLogVariance) {
        RowSum sum = sum(x, mean, logVariance);
        sum.pullback(1, dy, dx);
        sum.pullback(2, dy, dMean);
        sum.pullback(3, dy, dLogVariance);
    }

    private RowSum sum(Tensor x, Tensor mean, Tensor logVariance) {
        return RowSum.of(name(), Term.GAUSSIAN, x, mean, logVariance);
    }
}
