package dev.elbo.models.latent;

import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;

/// A model with a space of codes that one can go to and come back from.
public interface Coder {
    /// Numbers in an example.
    int features();

    /// Dimensions of a code.
    int latent();

    /// Where x lies among the codes.
    ///
    /// @param x (n, features)
    /// @return (n, latent)
    Tensor code(Ops f, Tensor x);

    /// What lies at a code.
    ///
    /// @param z (n, latent)
    /// @return (n, features)
    Tensor decode(Ops f, Tensor z);
}
