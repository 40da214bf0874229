package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.Term;

/// Divergence of a diagonal normal from the standard normal, summed over each row.
///
/// ```
/// y[i]     = KL(N(μ[i], diag exp v[i]) ‖ N(0, I)) = ½ Σ_j μ² + exp v − 1 − v      μ, v (rows, cols) → y (rows), nats
/// dμ[i,j] += dy[i] μ
/// dv[i,j] += ½ dy[i] (exp v − 1)
/// ```
///
/// Never negative, and 0 only at μ = 0, v = 0. v is held to ±20, and no gradient flows into what lies beyond.
public record GaussianKl() implements Op.Binary {
    @Override
    public Tensor forward(Tensor mean, Tensor logVariance, Memory memory) {
        Shapes.same(name(), mean, logVariance);
        Tensor y = memory.empty(mean.shape().withoutCols());
        sum(mean, logVariance).forward(y);
        return y;
    }

    @Override
    public void pullback(Tensor mean, Tensor logVariance, Tensor y, Tensor dy, Gradient dMean, Gradient dLogVariance) {
        sum(mean, logVariance).pullback(1, RowGradient.of(dy), dMean);
        sum(mean, logVariance).pullback(2, RowGradient.of(dy), dLogVariance);
    }

    private RowSum sum(Tensor mean, Tensor logVariance) {
        return RowSum.of(name(), Term.GAUSSIAN_KL, mean, logVariance);
    }
}
