package dev.elbo.models.adversarial;

import dev.elbo.models.layers.BatchNorm;
import dev.elbo.models.layers.Conv;
import dev.elbo.models.layers.Dense;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Statistic;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Purpose;
import java.util.ArrayList;
import java.util.List;

/// The discriminator of Radford et al. 2016 (arXiv:1511.06434): maps that halve in extent as their channels double.
///
/// ```
/// x (n, features) in [0, 1], to [−1, 1] → convolution 4×4 by 2, leaky ReLU 0.2
/// → convolution 4×4 by 2, normalised, leaky ReLU 0.2                                     as often as needed
/// → (n, top · top · channels), with the statistic of the batch → one number
/// ```
///
/// Each batch is normalised by its own moments: what is real and what is fake would else be told from their
/// mixture. With spectral norms there is no batch normalisation, which would undo them.
///
/// @param first      of large maps
/// @param stages     from large maps to small
/// @param batch      what it is told of the whole batch
/// @param output     one number for each example
/// @param directions u of the power iteration of each weight, first's first and output's last; none where weights are
///                   used as they are
/// @param side       of an image
public record DcganDiscriminator(
        Conv first, List<Stage> stages, MinibatchStatistic batch, Dense output, List<Statistic> directions, int side)
        implements Discriminator {
    /// A convolution and its normalisation.
    ///
    /// @param norm null where there is none
    public record Stage(Conv convolution, BatchNorm norm) {
        Tensor apply(Ops f, Tensor x) {
            Tensor y = convolution.apply(f, x);
            return norm == null ? y : norm.train(f, y);
        }

        Stage with(Conv other) {
            return new Stage(other, norm);
        }
    }

    private static final Activation LEAKY = Activation.leakyRelu(0.2f);

    /// Copies the lists.
    public DcganDiscriminator {
        stages = List.copyOf(stages);
        directions = List.copyOf(directions);
    }

    /// A discriminator with the paper's first values.
    ///
    /// @param item     extents of an image: (side, side) or (side, side, channels)
    /// @param width    channels after the first convolution: 64, or 128 as in the paper
    /// @param spectral whether weights are divided by their spectral norms
    /// @param init     where the draws of the weights come from
    /// @param memory   holds the parameters
    public static DcganDiscriminator of(
            List<Integer> item,
            int width,
            DenseDiscriminator.StatisticFactory statistic,
            boolean spectral,
            Clock init,
            Memory memory) {
        Pyramid pyramid = Pyramid.of(item, width);
        Conv first =
                Conv.of(pyramid.channels(), width, DcganGenerator.HALVING, LEAKY, DcganGenerator.INITIAL, init, memory);
        List<Stage> stages = new ArrayList<>();
        for (int halved = 2; halved <= pyramid.halvings(); halved++) {
            stages.add(stage(pyramid.channels(halved - 1), pyramid.channels(halved), spectral, init, memory));
        }
        int features = pyramid.top() * pyramid.top() * pyramid.channels(pyramid.halvings());
        MinibatchStatistic batch = statistic.of(features, init, memory);
        int told = features + batch.columns();
        Ops f = Ops.plain(memory);
        Tensor weight = DcganGenerator.INITIAL.weight(f, Shape.of(told, 1), told, 1, init.next(Purpose.INITIALISE));
        Dense output = new Dense(weight, f.constant(Shape.of(1), 0), Activation.NONE);
        List<Statistic> directions = new ArrayList<>();
        if (spectral) {
            directions.add(Spectral.start(width, init, memory));
            stages.forEach(stage -> directions.add(
                    Spectral.start(stage.convolution.weight().shape().extent(0), init, memory)));
            directions.add(Spectral.start(told, init, memory));
        }
        return new DcganDiscriminator(first, stages, batch, output, directions, pyramid.side());
    }

    private static Stage stage(int channels, int outputs, boolean spectral, Clock init, Memory memory) {
        return spectral
                ? new Stage(
                        Conv.of(channels, outputs, DcganGenerator.HALVING, LEAKY, DcganGenerator.INITIAL, init, memory),
                        null)
                : new Stage(
                        Conv.linear(channels, outputs, DcganGenerator.HALVING, DcganGenerator.INITIAL, init, memory),
                        BatchNorm.around1(outputs, DcganGenerator.DEVIATION, LEAKY, init, memory));
    }

    @Override
    public Tensor logits(Ops f, Tensor x) {
        int n = x.shape().rows();
        Tensor images =
                f.reshape(x, Shape.of(n, side, side, first.weight().shape().cols()));
        Tensor h = first.apply(f, f.plus(f.times(images, 2), f.constant(Shape.of(1), -1)));
        for (Stage stage : stages) {
            h = stage.apply(f, h);
        }
        Tensor flat = f.reshape(h, Shape.of(n, Math.toIntExact(h.shape().size() / n)));
        return f.reshape(output.apply(f, batch.append(f, flat)), Shape.of(n));
    }

    @Override
    public DcganDiscriminator bounded(Ops f, boolean advance) {
        if (directions.isEmpty()) {
            return this;
        }
        List<Stage> divided = new ArrayList<>();
        for (int i = 0; i < stages.size(); i++) {
            Stage stage = stages.get(i);
            divided.add(stage.with(divided(f, stage.convolution, directions.get(i + 1), advance)));
        }
        return new DcganDiscriminator(
                divided(f, first, directions.getFirst(), advance),
                divided,
                batch,
                Spectral.normalised(f, output, directions.getLast(), advance),
                List.of(),
                side);
    }

    /// As a matrix a kernel has a row for each of its outputs.
    private static Conv divided(Ops f, Conv layer, Statistic u, boolean advance) {
        Shape shape = layer.weight().shape();
        int outputs = shape.extent(0);
        Tensor matrix = f.reshape(layer.weight(), Shape.of(outputs, Math.toIntExact(shape.size() / outputs)));
        Tensor weight = f.reshape(Spectral.normalised(f, matrix, u, advance), shape);
        return new Conv(weight, layer.bias(), layer.window(), layer.activation());
    }
}
