package dev.elbo.models.adversarial;

import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;

/// A network that maps noise to examples.
public interface Generator {
    /// Examples as they are made in training.
    ///
    /// @param z (n, latent), standard normal
    /// @return (n, features)
    Tensor generate(Ops f, Tensor z);

    /// Examples as they are made once training is over: each from its own z alone.
    ///
    /// @param z (n, latent)
    /// @return (n, features)
    default Tensor sample(Ops f, Tensor z) {
        return generate(f, z);
    }

    /// Dimensions of z.
    int latent();
}
