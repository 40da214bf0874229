package dev.elbo.models.layers;

import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;

/// A function from rows of numbers to rows of numbers, made of layers.
public interface Network {
    /// The outputs.
    ///
    /// @param x (n, inputs), or (…, inputs): outer extents count as rows
    /// @return (n, outputs) or (…, outputs)
    Tensor apply(Ops f, Tensor x);

    /// Width of the input.
    int inputs();

    /// Width of the output.
    int outputs();
}
