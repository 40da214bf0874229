package dev.elbo.models.adversarial;

import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.util.List;

/// A generator of fully connected layers.
///
/// @param hidden of ReLUs
/// @param output its last layer
public record DenseGenerator(DenseStack hidden, Dense output) implements Generator {
    /// @param features of an example
    /// @param widths   of the hidden layers, from z on
    /// @param range    of the outputs: [Activation#NONE], or [Activation#TANH] for data in [−1, 1]
    /// @param init     where the draws of the weights come from
    /// @param memory   holds the parameters
    public static DenseGenerator of(
            int latent, List<Integer> widths, int features, Activation range, Clock init, Memory memory) {
        DenseStack hidden = DenseStack.of(latent, widths, Activation.RELU, init, memory);
        return new DenseGenerator(hidden, Dense.of(hidden.outputs(), features, range, init, memory));
    }

    @Override
    public Tensor generate(Ops f, Tensor z) {
        return output.apply(f, hidden.apply(f, z));
    }

    @Override
    public int latent() {
        return hidden.inputs();
    }
}
