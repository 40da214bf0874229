package dev.elbo.runtime.ops;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.Term;

/// Log-likelihood of independent bits under logits, summed over each row.
///
/// ```
/// y[i]     = Σ_j x[i,j] l[i,j] − log(1 + exp l[i,j])       l, x (rows, cols) → y (rows), nats
/// dl[i,j] += dy[i] (x[i,j] − sigmoid l[i,j])
/// dx[i,j] += dy[i] l[i,j]
/// ```
///
/// x may be any number in [0, 1], a probability as well as a bit, and may have fewer rows: (n, cols) beside logits
/// (n, samples, cols). A logit of ±∞ gives 0 where x agrees with it and −∞ where it does not.
public record BernoulliLogLikelihood() implements Op.Binary {
    @Override
    public Tensor forward(Tensor logits, Tensor x, Memory memory) {
        RowSum sum = sum(logits, x);
        Tensor y = memory.empty(sum.shape());
        sum.forward(y);
        return y;
    }

    @Override
    public void pullback(Tensor logits, Tensor x, Tensor y, Tensor dy, Gradient dLogits, Gradient dx) {
        sum(logits, x).pullback(1, dy, dLogits);
        sum(logits, x).pullback(2, dy, dx);
    }

    private RowSum sum(Tensor logits, Tensor x) {
        return RowSum.of(name(), Term.BERNOULLI, logits, x);
    }
}
