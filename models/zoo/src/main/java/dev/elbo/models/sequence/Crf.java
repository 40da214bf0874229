package dev.elbo.models.sequence;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.LinearChain;

/// Linear-chain conditional random field (Lafferty, McCallum & Pereira 2001); with a network for its scores, the
/// hybrid of a neural network and a CRF, trained as one.
///
/// ```
/// p(y | x) = exp(start[y₀] + Σ_t unary(x)[t, y_t] + Σ_t transitions[y_t, y_{t+1}] + end[y_last]) / Z(x)
/// ```
///
/// What one does with it is not its business: [dev.elbo.runtime.chain.Inference] answers for its [#chain].
///
/// @param unary       scores of single positions
/// @param transitions (s, s), from row to column
/// @param start       (s)
/// @param end         (s)
public record Crf(UnaryScores unary, Tensor transitions, Tensor start, Tensor end) {
    /// A model in which neighbours do not matter yet.
    ///
    /// @param memory holds the parameters
    public static Crf of(UnaryScores unary, int states, Memory memory) {
        Ops f = Ops.plain(memory);
        return new Crf(
                unary,
                f.constant(Shape.of(states, states), 0),
                f.constant(Shape.of(states), 0),
                f.constant(Shape.of(states), 0));
    }

    /// The scores of all taggings.
    public LinearChain chain(Ops f, Ragged batch) {
        return chain(unary.scores(f, batch.x()), batch);
    }

    /// The same, some hidden units left out.
    ///
    /// @param keep share of hidden units that are kept
    public LinearChain noisyChain(Ops f, Ragged batch, float keep, Clock clock) {
        return keep == 1 ? chain(f, batch) : chain(unary.noisyScores(f, batch.x(), keep, clock), batch);
    }

    private LinearChain chain(Tensor scores, Ragged batch) {
        return new LinearChain(scores, transitions, start, end, batch.lengths());
    }
}
