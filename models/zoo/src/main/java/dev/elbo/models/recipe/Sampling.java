package dev.elbo.models.recipe;

import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Tensor;

/// A [Recipe] whose models can be drawn from.
///
/// @param <M> the model
public interface Sampling<M> {
    /// Fantasies of the model: expectations of x, a row each.
    ///
    /// @return (count, features)
    Tensor sample(M model, int count, long seed, Memory memory);
}
