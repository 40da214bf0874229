package dev.elbo.models.sequence;

import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.LinearChain;

/// The two constants of a decoder of words: what makes up for scores of neighbouring positions that are not as
/// independent as a chain takes them to be.
///
/// ```
/// score(y) = Σ_t scale · unary[t, y_t] + start[y₀] + Σ_t transitions[y_t, y_{t+1}] + end[y_last] + words(y) · penalty
/// ```
///
/// @param scale   of the scores of single positions, above 0
/// @param penalty added for each word: below 0, fewer words are found
public record Decoding(float scale, float penalty) {
    /// The chain as it is.
    public static final Decoding PLAIN = new Decoding(1, 0);

    /// Checks the scale.
    public Decoding {
        if (!(scale > 0) || !Float.isFinite(scale) || !Float.isFinite(penalty)) {
            throw new IllegalArgumentException("Decoding: a scale is above 0; scale=" + scale + ", penalty=" + penalty);
        }
    }

    /// The chain to be decoded. The first word's penalty is left out: every path has one.
    public LinearChain apply(Ops f, LinearChain chain, Lexicon lexicon) {
        if (equals(PLAIN)) {
            return chain;
        }
        Tensor transitions = f.plus(chain.transitions(), lexicon.entries(penalty, f.memory()));
        return new LinearChain(f.times(chain.unary(), scale), transitions, chain.start(), chain.end(), chain.lengths());
    }
}
