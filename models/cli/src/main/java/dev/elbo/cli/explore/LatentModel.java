package dev.elbo.cli.explore;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import java.util.Optional;

/// A model that makes examples of codes, and, where it has an encoder, codes of examples.
///
/// @param dimensions of a code
/// @param decoder    what it makes of codes
/// @param encoder    of a model that has one
public record LatentModel(int dimensions, Decoder decoder, Optional<Encoder> encoder) {
    /// E[x | z].
    @FunctionalInterface
    public interface Decoder {
        /// @param z (n, dimensions)
        /// @return (n, features), in [0, 1]
        Tensor decode(Ops f, Tensor z);
    }

    /// q(z | x).
    public interface Encoder {
        /// The code in the middle.
        ///
        /// @param x (n, features)
        /// @return (n, dimensions)
        Tensor mean(Ops f, Tensor x);

        /// A code drawn.
        ///
        /// @param x (n, features)
        /// @return (n, dimensions)
        Tensor draw(Ops f, Tensor x, Draw draw);
    }
}
