package dev.elbo.runtime.ops;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.util.List;

/// Samples of a diagonal normal with their log-density, its divergence from the standard normal and the ratio of the
/// two densities, in one launch.
///
/// ```
/// z[i,s,j]  = μ[i,j] + exp(½ v[i,j]) ε[i,s,j]             μ, v (n, cols) → z (n, samples, cols)     ε ~ N(0, 1)
/// kl[i]     = ½ Σ_j μ² + exp v − 1 − v                    → kl (n), nats
/// logQ[i,s] = −½ Σ_j log 2π + v[i,j] + ε[i,s,j]²          → logQ (n, samples), nats
/// ratio[i,s] = ½ Σ_j v[i,j] + ε[i,s,j]² − z[i,s,j]²       → ratio (n, samples), nats
/// g[i,s,j]  = dz[i,s,j] − dratio[i,s] z[i,s,j]
/// dμ[i,j]  += Σ_s g[i,s,j] + dkl[i] μ
/// dv[i,j]  += ½ Σ_s (g[i,s,j] exp(½ v) ε[i,s,j] − dlogQ[i,s] + dratio[i,s]) + ½ dkl[i] (exp v − 1)
/// ```
///
/// logQ is the density of z under the same μ and v, so that z's own dependence on them has cancelled: only v is left.
/// The ratio is log N(z | 0, I) − logQ: what z weighs in a bound, beside the likelihood of what it stands for.
/// v is held to ±20, and no gradient flows into what lies beyond. ε is not stored; the pullback draws it again.
///
/// @param samples of each row, at least 1
/// @param draw    what ε is a function of
public record GaussianSample(int samples, Draw draw) implements Op.Joint {
    @Override
    public List<Tensor> forward(List<Tensor> x, Memory memory) {
        NormalDraw drawn = drawn(x);
        List<Tensor> y = results(x.getFirst(), samples, memory);
        drawn.forward(y.get(0), y.get(1), y.get(2), y.get(3));
        return y;
    }

    @Override
    public void pullback(List<Tensor> x, List<Tensor> y, List<Gradient> dy, List<Gradient> dx) {
        Tensor dz = dy.get(0).wanted() ? dy.get(0).into() : null;
        RowGradient dKl = RowGradient.of(dy.get(1));
        RowGradient dLogQ = RowGradient.of(dy.get(2));
        RowGradient dRatio = RowGradient.of(dy.get(3));
        drawn(x).pullback(y.getFirst(), dz, dKl, dLogQ, dRatio, dx.get(0), dx.get(1));
    }

    private NormalDraw drawn(List<Tensor> x) {
        return new NormalDraw(name(), x.get(0), x.get(1), samples, draw);
    }

    /// Room for what a [Sample] has.
    ///
    /// @param mean (n, cols)
    static List<Tensor> results(Tensor mean, int samples, Memory memory) {
        int n = mean.shape().rows();
        int cols = mean.shape().cols();
        return List.of(
                memory.empty(Shape.of(n, samples, cols)),
                memory.empty(Shape.of(n)),
                memory.empty(Shape.of(n, samples)),
                memory.empty(Shape.of(n, samples)));
    }
}
