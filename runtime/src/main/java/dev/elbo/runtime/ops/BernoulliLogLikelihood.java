package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.Term;
import java.util.List;

/// Log-likelihood of independent bits under logits, summed over each row, and added to what else a row weighs.
///
/// ```
/// y[i]     = (w[i] +) Σ_j x[i,j] l[i,j] − log(1 + exp l[i,j])       l, x (rows, cols), w (rows) → y (rows), nats
/// dl[i,j] += dy[i] (x[i,j] − sigmoid l[i,j])
/// dx[i,j] += dy[i] l[i,j]
/// dw[i]   += dy[i]
/// ```
///
/// x may be any number in [0, 1], a probability as well as a bit, and may have fewer rows: (n, cols) beside logits
/// (n, samples, cols). A logit of ±∞ gives 0 where x agrees with it and −∞ where it does not. The arguments are l, x
/// and, where it is added to anything, w.
public record BernoulliLogLikelihood() implements Op.Joint {
    @Override
    public List<Tensor> forward(List<Tensor> x, Memory memory) {
        return sum(x).forward(x, memory);
    }

    @Override
    public void pullback(List<Tensor> x, List<Tensor> y, List<Gradient> dy, List<Gradient> dx) {
        sum(x).pullback(dy.getFirst(), dx);
    }

    private RowSum sum(List<Tensor> x) {
        return RowSum.of(name(), Term.BERNOULLI, x.get(0), x.get(1));
    }
}
