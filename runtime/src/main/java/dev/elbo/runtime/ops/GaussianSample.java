package dev.elbo.runtime.ops;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.util.List;

/// Samples of a diagonal normal with their log-density and its divergence from the standard normal, in one launch.
///
/// ```
/// z[i,s,j]  = μ[i,j] + exp(½ v[i,j]) ε[i,s,j]             μ, v (n, cols) → z (n, samples, cols)     ε ~ N(0, 1)
/// kl[i]     = ½ Σ_j μ² + exp v − 1 − v                    → kl (n), nats
/// logQ[i,s] = −½ Σ_j log 2π + v[i,j] + ε[i,s,j]²          → logQ (n, samples), nats
/// dμ[i,j]  += Σ_s dz[i,s,j] + dkl[i] μ
/// dv[i,j]  += ½ Σ_s (dz[i,s,j] exp(½ v) ε[i,s,j] − dlogQ[i,s]) + ½ dkl[i] (exp v − 1)
/// ```
///
/// logQ is the density of z under the same μ and v, so that z's own dependence on them has cancelled: only v is left.
/// v is held to ±20, and no gradient flows into what lies beyond. ε is not stored; the pullback draws it again.
///
/// @param samples of each row, at least 1
/// @param draw    what ε is a function of
public record GaussianSample(int samples, Draw draw) implements Op.Joint {
    @Override
    public List<Tensor> forward(List<Tensor> x, Memory memory) {
        NormalDraw drawn = drawn(x);
        List<Tensor> y = results(x.getFirst(), samples, memory);
        drawn.forward(y.get(0), y.get(1), y.get(2));
        return y;
    }

    @Override
    public void pullback(List<Tensor> x, List<Tensor> y, List<Gradient> dy, List<Gradient> dx) {
        drawn(x).pullback(arrived(dy, 0), arrived(dy, 1), arrived(dy, 2), dx.get(0), dx.get(1));
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
                memory.empty(Shape.of(n, samples)));
    }

    /// The gradient of a result, or null if the loss does not depend on it.
    static Tensor arrived(List<Gradient> dy, int k) {
        return dy.get(k).wanted() ? dy.get(k).into() : null;
    }
}
