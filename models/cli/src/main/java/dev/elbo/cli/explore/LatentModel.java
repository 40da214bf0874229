package dev.elbo.cli.explore;

import dev.elbo.models.adversarial.Generator;
import dev.elbo.models.latent.Coder;
import dev.elbo.models.latent.Imputation;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import java.util.Optional;

/// A model that makes examples of codes, and what else it can do.
///
/// @param dimensions of a code
/// @param decoder    what it makes of codes
/// @param coder      of a model that finds codes of examples
/// @param through    of a model that fills in what is missing
public record LatentModel(
        int dimensions, Decoder decoder, Optional<Coder> coder, Optional<Imputation.Through> through) {
    /// E[x | z].
    @FunctionalInterface
    public interface Decoder {
        /// @param z (n, dimensions)
        /// @return (n, features)
        Tensor decode(Ops f, Tensor z);
    }

    /// A model that goes both ways.
    public static LatentModel of(Coder coder, Optional<Imputation.Through> through) {
        return new LatentModel(coder.latent(), coder::decode, Optional.of(coder), through);
    }

    /// A model that makes examples and cannot look at any.
    public static LatentModel of(Generator generator) {
        return new LatentModel(generator.latent(), generator::sample, Optional.empty(), Optional.empty());
    }
}
