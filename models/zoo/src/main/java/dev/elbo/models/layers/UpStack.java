package dev.elbo.models.layers;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.util.ArrayList;
import java.util.List;

/// The way from a code to maps: a fully connected layer to small ones, then transposed convolutions 4×4 by 2, each of
/// which doubles height and width.
///
/// ```
/// z (n, latent) → (n, height, width, channels) → (n, 2 height, 2 width, c₁) → … → y (n, extents of the last · c_last)
/// ```
///
/// @param project from the code to the smallest maps
/// @param first   extents of these
/// @param layers  from small maps to large
public record UpStack(Dense project, Extents first, List<TransposedConv> layers) implements Network {
    /// Copies the list.
    public UpStack {
        layers = List.copyOf(layers);
    }

    /// Layers with ReLUs.
    ///
    /// @param latent   width of the code
    /// @param channels of the layers' outputs
    /// @param init     where the draws of the weights come from
    /// @param memory   holds the parameters
    public static UpStack of(int latent, Extents first, List<Integer> channels, Clock init, Memory memory) {
        Dense project = Dense.of(latent, first.size(), Activation.RELU, init, memory);
        List<TransposedConv> layers = new ArrayList<>();
        Extents extents = first;
        for (int next : channels) {
            layers.add(TransposedConv.of(
                    extents.channels(), next, Extents.HALVING, Activation.RELU, Initial.he(), init, memory));
            extents = extents.doubled(next);
        }
        return new UpStack(project, first, layers);
    }

    @Override
    public Tensor apply(Ops f, Tensor z) {
        Tensor h = f.reshape(project.apply(f, z), first.images(z.shape().rows()));
        for (TransposedConv layer : layers) {
            h = layer.apply(f, h);
        }
        return f.reshape(h, z.shape().withCols(outputs()));
    }

    @Override
    public int inputs() {
        return project.inputs();
    }

    @Override
    public int outputs() {
        return last().size();
    }

    /// Extents of the output.
    public Extents last() {
        Extents extents = first;
        for (TransposedConv layer : layers) {
            extents = extents.doubled(layer.weight().shape().cols());
        }
        return extents;
    }
}
