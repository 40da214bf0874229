package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;

/// Divergence of a normal with a full covariance L Lᵀ from the standard normal.
///
/// ```
/// y[i] = KL(N(μ[i], L[i] L[i]ᵀ) ‖ N(0, I)) = ½ (Σ_j μ² + Σ_{j≥k} L[j,k]² − cols) − Σ_j log L[j,j]
///                                                       μ (rows, cols), L (rows, packed) → y (rows), nats
/// dμ[i,j]    += dy[i] μ
/// dL[j,k]    += dy[i] L[j,k]                             j > k
/// dlogL[k,k] += dy[i] (L[k,k]² − 1)
/// ```
///
/// Never negative, and 0 only at μ = 0, L = I. L is packed by columns with the logarithm of its diagonal, as
/// [dev.elbo.runtime.cpu.FactorMath] says.
public record CholeskyKl() implements Op.Binary {
    @Override
    public Tensor forward(Tensor mean, Tensor factor, Memory memory) {
        FactorRows rows = new FactorRows(name(), mean, factor, 1);
        Tensor y = memory.empty(mean.shape().withoutCols());
        rows.draws(null, y, null, null, null);
        return y;
    }

    @Override
    public void pullback(Tensor mean, Tensor factor, Tensor y, Tensor dy, Gradient dMean, Gradient dFactor) {
        RowGradient none = RowGradient.NONE;
        new FactorRows(name(), mean, factor, 1)
                .pullback(null, null, null, RowGradient.of(dy), none, none, null, dMean, dFactor);
    }
}
