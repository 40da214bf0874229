package dev.elbo.models.layers;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.util.ArrayList;
import java.util.List;

/// Convolutions 4×4 by 2 over images, each of which halves height and width.
///
/// ```
/// x (n, height · width · channels) → (n, height/2, width/2, c₁) → … → y (n, extents of the last · c_last)
/// ```
///
/// @param image  extents of an input
/// @param layers from the image on
public record ConvStack(Extents image, List<Conv> layers) implements Network {
    /// Copies the list.
    public ConvStack {
        layers = List.copyOf(layers);
    }

    /// Layers with ReLUs.
    ///
    /// @param channels of the layers' outputs
    /// @param init     where the draws of the weights come from
    /// @param memory   holds the parameters
    public static ConvStack of(Extents image, List<Integer> channels, Clock init, Memory memory) {
        List<Conv> layers = new ArrayList<>();
        Extents extents = image;
        for (int next : channels) {
            layers.add(Conv.of(extents.channels(), next, Extents.HALVING, Activation.RELU, Initial.he(), init, memory));
            extents = extents.halved(next);
        }
        return new ConvStack(image, layers);
    }

    @Override
    public Tensor apply(Ops f, Tensor x) {
        Tensor h = f.reshape(x, image.images(x.shape().rows()));
        for (Conv layer : layers) {
            h = layer.apply(f, h);
        }
        return f.reshape(h, x.shape().withCols(outputs()));
    }

    @Override
    public int inputs() {
        return image.size();
    }

    @Override
    public int outputs() {
        return last().size();
    }

    /// Extents of the output.
    public Extents last() {
        Extents extents = image;
        for (Conv layer : layers) {
            extents = extents.halved(layer.weight().shape().extent(0));
        }
        return extents;
    }
}
