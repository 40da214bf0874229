package dev.elbo.models.recipe;

import dev.elbo.models.latent.Imputation;

/// A [Recipe] whose models fill in what is missing.
///
/// @param <M> the model
public interface Imputing<M> {
    /// The way through the model that the chain takes.
    Imputation.Through through(M model);
}
