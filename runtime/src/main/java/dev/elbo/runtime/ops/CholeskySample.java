package dev.elbo.runtime.ops;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import java.util.List;

/// Samples of a normal with a full covariance L Lᵀ, with their log-density, its divergence from the standard normal
/// and the ratio of the two densities, in one launch.
///
/// ```
/// z[i,s]    = μ[i] + L[i] ε[i,s]                                  μ (n, cols) → z (n, samples, cols)     ε ~ N(0, I)
/// kl[i]     = ½ (Σ_j μ² + Σ_{j≥k} L[j,k]² − cols) − Σ_j log L[j,j]       → kl (n), nats
/// logQ[i,s] = −½ Σ_j (log 2π + ε[i,s,j]²) − Σ_j log L[j,j]               → logQ (n, samples), nats
/// ratio[i,s] = ½ Σ_j (ε[i,s,j]² − z[i,s,j]²) + Σ_j log L[j,j]            → ratio (n, samples), nats
/// g[i,s]    = dz[i,s] − dratio[i,s] z[i,s]
/// dμ[i]    += Σ_s g[i,s] + dkl[i] μ
/// dL[j,k]  += Σ_s g[i,s,j] ε[i,s,k] + dkl[i] L[j,k]                      j > k
/// dlogL[k,k] += Σ_s (g[i,s,k] L[k,k] ε[i,s,k] − dlogQ[i,s] + dratio[i,s]) + dkl[i] (L[k,k]² − 1)
/// ```
///
/// L is packed by columns with the logarithm of its diagonal, as [dev.elbo.runtime.cpu.FactorMath] says:
/// `log L₀₀, L₁₀, L₂₀, …, log L₁₁, L₂₁, …`. logQ is the density of z under the same μ and L, the
/// ratio is log N(z | 0, I) − logQ. ε is not stored; the
/// pullback draws it again. A diagonal L gives what [GaussianSample] gives for v = 2 log L.
///
/// @param samples of each row, at least 1
/// @param draw    what ε is a function of
public record CholeskySample(int samples, Draw draw) implements Op.Joint {
    @Override
    public List<Tensor> forward(List<Tensor> x, Memory memory) {
        FactorRows rows = rows(x);
        List<Tensor> y = GaussianSample.results(x.getFirst(), samples, memory);
        rows.draws(y.get(0), y.get(1), y.get(2), y.get(3), draw);
        return y;
    }

    @Override
    public void pullback(List<Tensor> x, List<Tensor> y, List<Gradient> dy, List<Gradient> dx) {
        Tensor dz = dy.get(0).wanted() ? dy.get(0).into() : null;
        RowGradient dKl = RowGradient.of(dy.get(1));
        RowGradient dLogQ = RowGradient.of(dy.get(2));
        RowGradient dRatio = RowGradient.of(dy.get(3));
        rows(x).pullback(y.getFirst(), dz, null, dKl, dLogQ, dRatio, draw, dx.get(0), dx.get(1));
    }

    private FactorRows rows(List<Tensor> x) {
        return new FactorRows(name(), x.get(0), x.get(1), samples);
    }
}
