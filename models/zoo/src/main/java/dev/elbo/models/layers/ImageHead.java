package dev.elbo.models.layers;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// A transposed convolution to an image, with a bias for each place of it.
///
/// ```
/// y = convolutionᵀ(h) + bias          h (n, maps) → y (n, outputs), twice as high and wide
/// ```
///
/// @param maps        extents of h
/// @param convolution without a bias of its own
/// @param bias        (outputs)
public record ImageHead(Extents maps, TransposedConv convolution, Tensor bias) implements Head {
    /// A factory for heads over maps of these extents.
    public static Head.Factory of(Extents maps) {
        return (_, outputs, init, memory) -> of(maps, outputs, init, memory);
    }

    private static ImageHead of(Extents maps, int outputs, Clock init, Memory memory) {
        int channels = outputs / maps.doubled(1).size();
        TransposedConv convolution =
                TransposedConv.linear(maps.channels(), channels, Extents.HALVING, Initial.glorot(), init, memory);
        return new ImageHead(maps, convolution, Ops.plain(memory).constant(Shape.of(outputs), 0));
    }

    @Override
    public Tensor apply(Ops f, Tensor h) {
        Tensor image = convolution.apply(f, f.reshape(h, maps.images(h.shape().rows())));
        return f.plus(f.reshape(image, h.shape().withCols(outputs())), bias);
    }

    @Override
    public int inputs() {
        return maps.size();
    }

    @Override
    public int outputs() {
        return Math.toIntExact(bias.shape().size());
    }
}
