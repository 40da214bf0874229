package dev.elbo.models.recipe;

import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Tensor;

/// A [Recipe] whose models look at examples and say what they saw.
///
/// @param <M> the model
public interface Reconstructing<M> {
    /// What the model makes of x when it has passed through it once.
    ///
    /// @param x (n, features)
    /// @return (n, features)
    Tensor reconstruct(M model, Tensor x, long seed, Memory memory);
}
