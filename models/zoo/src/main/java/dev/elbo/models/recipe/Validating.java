package dev.elbo.models.recipe;

import dev.elbo.runtime.Tensor;

/// A [Recipe] whose loss on data that it does not learn from says which of two states is the better one.
///
/// @param <M> the model
public interface Validating<M> {
    /// Mean loss of examples.
    ///
    /// @param x    (n, features)
    /// @param seed of every draw
    double loss(M model, Tensor x, long seed);
}
