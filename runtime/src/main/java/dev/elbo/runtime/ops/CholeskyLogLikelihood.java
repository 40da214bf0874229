package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// Log-density of a normal with a full covariance L Lᵀ.
///
/// ```
/// w[i,s] = L[i]⁻¹ (x[i,s] − μ[i])                           x (n, samples, cols), μ (n, cols), L (n, packed)
/// y[i,s] = −½ Σ_j (log 2π + w[i,s,j]²) − Σ_j log L[j,j]     → y (n, samples), nats
/// g[i,s] = dy[i,s] L[i]⁻ᵀ w[i,s]
/// dx[i,s]    −= g[i,s]
/// dμ[i]      += Σ_s g[i,s]
/// dL[j,k]    += Σ_s g[i,s,j] w[i,s,k]                       j > k
/// dlogL[k,k] += Σ_s (g[i,s,k] L[k,k] w[i,s,k] − dy[i,s])
/// ```
///
/// L is packed by columns with the logarithm of its diagonal, as [dev.elbo.runtime.cpu.FactorMath] says:
/// `log L₀₀, L₁₀, L₂₀, …, log L₁₁, L₂₁, …`. Several consecutive rows of x may share a distribution.
///
/// @param w shape of x: kept for the pullback
/// @param g shape of x: the pullback's own
public record CholeskyLogLikelihood(Tensor w, Tensor g) implements Op.Ternary {
    /// The operation for an argument of x's shape.
    ///
    /// @param x      (rows, cols) or (n, samples, cols)
    /// @param memory where w and g come from
    public static CholeskyLogLikelihood of(Tensor x, Memory memory) {
        return new CholeskyLogLikelihood(memory.empty(x.shape()), memory.empty(x.shape()));
    }

    @Override
    public Tensor forward(Tensor x, Tensor mean, Tensor factor, Memory memory) {
        FactorRows rows = rows(x, mean, factor);
        Tensor y = memory.empty(x.shape().withoutCols());
        rows.density(x, w, y);
        return y;
    }

    @Override
    public void pullback(
            Tensor x, Tensor mean, Tensor factor, Tensor y, Tensor dy, Gradient dx, Gradient dMean, Gradient dFactor) {
        FactorRows rows = rows(x, mean, factor);
        rows.densityPullback(w, dy, g, dx);
        rows.pullback(null, g, w, RowGradient.NONE, RowGradient.of(dy), RowGradient.NONE, null, dMean, dFactor);
    }

    private FactorRows rows(Tensor x, Tensor mean, Tensor factor) {
        int n = mean.shape().rows();
        int samples = n == 0 ? 1 : Math.max(1, x.shape().rows() / n);
        Shape wanted = Shape.of(n * samples, mean.shape().cols());
        if (x.shape().rows() != wanted.rows() || x.shape().cols() != wanted.cols()) {
            throw new IllegalArgumentException(
                    name() + ": shapes do not go together; x=" + x.shape() + ", mean=" + mean.shape());
        }
        return new FactorRows(name(), mean, factor, samples);
    }
}
