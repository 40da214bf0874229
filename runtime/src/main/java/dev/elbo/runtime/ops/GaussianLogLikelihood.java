package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.Term;
import java.util.List;

/// Log-density of independent normals, summed over each row, and added to what else a row weighs.
///
/// ```
/// y[i]     = (w[i] +) −½ Σ_j log 2π + v[i,j] + (x[i,j] − μ[i,j])² exp(−v[i,j])
///                                              x, μ, v (rows, cols), w (rows) → y (rows), nats
/// dx[i,j] −= dy[i] (x − μ) exp(−v)
/// dμ[i,j] += dy[i] (x − μ) exp(−v)
/// dv[i,j] += ½ dy[i] ((x − μ)² exp(−v) − 1)
/// dw[i]   += dy[i]
/// ```
///
/// v is the logarithm of the variance, held to ±20, and no gradient flows into what lies beyond. Either of x and
/// (μ, v) may have fewer rows: each then serves as many consecutive rows of the other. The arguments are x, μ, v and,
/// where it is added to anything, w.
public record GaussianLogLikelihood() implements Op.Joint {
    @Override
    public List<Tensor> forward(List<Tensor> x, Memory memory) {
        Shapes.same(name(), x.get(1), x.get(2));
        return sum(x).forward(x, memory);
    }

    @Override
    public void pullback(List<Tensor> x, List<Tensor> y, List<Gradient> dy, List<Gradient> dx) {
        sum(x).pullback(dy.getFirst(), dx);
    }

    private RowSum sum(List<Tensor> x) {
        return RowSum.of(name(), Term.GAUSSIAN, x.get(0), x.get(1), x.get(2));
    }
}
