package dev.elbo.models.layers;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.util.ArrayList;
import java.util.List;

/// Fully connected layers one after the other; none at all passes its input on.
///
/// @param inputs width of the input
/// @param layers from input to output
public record DenseStack(int inputs, List<Dense> layers) implements Network {
    /// Copies the list.
    public DenseStack {
        layers = List.copyOf(layers);
    }

    /// Layers of the given widths, all with one activation.
    ///
    /// @param widths of the outputs, first layer first
    /// @param init   where the draws of the weights come from
    /// @param memory holds the parameters
    public static DenseStack of(int inputs, List<Integer> widths, Activation activation, Clock init, Memory memory) {
        List<Dense> layers = new ArrayList<>();
        int width = inputs;
        for (int next : widths) {
            layers.add(Dense.of(width, next, activation, init, memory));
            width = next;
        }
        return new DenseStack(inputs, layers);
    }

    @Override
    public Tensor apply(Ops f, Tensor x) {
        Tensor h = x;
        for (Dense layer : layers) {
            h = layer.apply(f, h);
        }
        return h;
    }

    @Override
    public int outputs() {
        return layers.isEmpty() ? inputs : layers.getLast().outputs();
    }
}
