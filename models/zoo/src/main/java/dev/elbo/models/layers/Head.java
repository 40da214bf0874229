package dev.elbo.models.layers;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Tensor;

/// A network that ends by adding a bias to each of its outputs.
public interface Head extends Network {
    /// What is added, (outputs).
    Tensor bias();

    /// A head, made when the width before it is known.
    @FunctionalInterface
    interface Factory {
        /// @param inputs width of what comes before
        Head of(int inputs, int outputs, Clock init, Memory memory);
    }
}
