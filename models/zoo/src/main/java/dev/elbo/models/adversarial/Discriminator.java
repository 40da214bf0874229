package dev.elbo.models.adversarial;

import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;

/// A network that tells data from what a generator made.
public interface Discriminator {
    /// How likely each of a batch is to be real, as log odds, or as a score without a scale.
    ///
    /// @param x (n, features)
    /// @return (n)
    Tensor logits(Ops f, Tensor x);

    /// The same network with its weights divided by their spectral norms, where it is built so; else itself. Made once
    /// for all the batches of a turn.
    ///
    /// @param advance whether the power iteration takes a step and keeps it
    default Discriminator bounded(Ops f, boolean advance) {
        return this;
    }
}
