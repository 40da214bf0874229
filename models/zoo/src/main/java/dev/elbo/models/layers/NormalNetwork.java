package dev.elbo.models.layers;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.util.List;

/// A normal distribution given something, by a network.
///
/// ```
/// y | x ~ normal(hidden(x))
/// ```
public record NormalNetwork(Network hidden, NormalLayer normal) {
    /// Dense layers and a diagonal covariance.
    ///
    /// @param inputs width of x
    /// @param widths of the hidden layers
    /// @param cols   dimensions of y
    /// @param init   where the draws of the weights come from
    /// @param memory holds the parameters
    public static NormalNetwork of(
            int inputs, List<Integer> widths, int cols, Activation activation, Clock init, Memory memory) {
        DenseStack hidden = DenseStack.of(inputs, widths, activation, init, memory);
        return new NormalNetwork(hidden, NormalLayer.Diagonal.of(hidden.outputs(), cols, init, memory));
    }

    /// The distributions.
    ///
    /// @param x (n, inputs), or (…, inputs): outer extents count as rows
    public Normal given(Ops f, Tensor x) {
        return normal.apply(f, hidden.apply(f, x));
    }
}
