package dev.elbo.models.adversarial;

import dev.elbo.models.layers.BatchNorm;
import dev.elbo.models.layers.Initial;
import dev.elbo.models.layers.TransposedConv;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Window;
import dev.elbo.runtime.random.Purpose;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/// The generator of Radford et al. 2016 (arXiv:1511.06434): maps that double in extent as their channels halve.
///
/// ```
/// z (n, latent) → project → (n, top, top, channels) → normalised, ReLU
/// → transposed convolution 4×4 by 2, normalised, ReLU                                    as often as needed
/// → transposed convolution 4×4 by 2, tanh                                                in [−1, 1], then to [0, 1]
/// ```
///
/// @param project (latent, top · top · channels)
/// @param norm    of what it gives
/// @param stages  from small maps to large
/// @param last    to the channels of an image
/// @param top     side of the smallest maps
public record DcganGenerator(Tensor project, BatchNorm norm, List<Stage> stages, TransposedConv last, int top)
        implements Generator {
    /// A transposed convolution and its normalisation.
    public record Stage(TransposedConv convolution, BatchNorm norm) {}

    static final Window HALVING = Window.of(4, 2, 1);

    /// Standard deviation of all first weights, and of the scales of normalisation around 1.
    static final float DEVIATION = 0.02f;

    static final Initial INITIAL = Initial.normal(DEVIATION);

    /// Copies the list.
    public DcganGenerator {
        stages = List.copyOf(stages);
    }

    /// A generator with the paper's first values.
    ///
    /// @param item   extents of an image: (side, side) or (side, side, channels)
    /// @param width  channels of the largest hidden maps: 64, or 128 as in the paper
    /// @param init   where the draws of the weights come from
    /// @param memory holds the parameters
    public static DcganGenerator of(int latent, List<Integer> item, int width, Clock init, Memory memory) {
        Pyramid pyramid = Pyramid.of(item, width);
        int deep = pyramid.channels(pyramid.halvings());
        int maps = pyramid.top() * pyramid.top() * deep;
        Shape shape = Shape.of(latent, maps);
        Tensor project = INITIAL.weight(Ops.plain(memory), shape, latent, maps, init.next(Purpose.INITIALISE));
        BatchNorm norm = BatchNorm.around1(deep, DEVIATION, Activation.RELU, init, memory);
        List<Stage> stages = new ArrayList<>();
        for (int halved = pyramid.halvings(); halved > 1; halved--) {
            int less = pyramid.channels(halved - 1);
            stages.add(new Stage(
                    TransposedConv.linear(pyramid.channels(halved), less, HALVING, INITIAL, init, memory),
                    BatchNorm.around1(less, DEVIATION, Activation.RELU, init, memory)));
        }
        TransposedConv last = TransposedConv.of(
                pyramid.channels(1), pyramid.channels(), HALVING, Activation.TANH, INITIAL, init, memory);
        return new DcganGenerator(project, norm, stages, last, pyramid.top());
    }

    /// Whether there is a generator of such examples.
    ///
    /// @param item extents of an example
    public static boolean fits(List<Integer> item) {
        return Pyramid.fits(item);
    }

    @Override
    public Tensor generate(Ops f, Tensor z) {
        return images(f, z, (layer, x) -> layer.train(f, x));
    }

    /// By the running moments: an image depends on its z alone.
    ///
    /// @param z (n, latent)
    /// @return (n, features)
    @Override
    public Tensor sample(Ops f, Tensor z) {
        return images(f, z, (layer, x) -> layer.infer(f, x));
    }

    private Tensor images(Ops f, Tensor z, BiFunction<BatchNorm, Tensor, Tensor> normalise) {
        int n = z.shape().rows();
        Shape maps = Shape.of(n, top, top, norm.scale().shape().cols());
        Tensor h = normalise.apply(norm, f.reshape(f.product(z, project), maps));
        for (Stage stage : stages) {
            h = normalise.apply(stage.norm, stage.convolution.apply(f, h));
        }
        Tensor x = f.plus(f.times(last.apply(f, h), 0.5f), f.constant(Shape.of(1), 0.5f));
        return f.reshape(x, Shape.of(n, Math.toIntExact(x.shape().size() / n)));
    }

    @Override
    public int latent() {
        return project.shape().rows();
    }
}
