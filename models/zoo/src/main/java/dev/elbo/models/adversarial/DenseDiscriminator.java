package dev.elbo.models.adversarial;

import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Statistic;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.util.ArrayList;
import java.util.List;

/// A discriminator of fully connected layers.
///
/// @param hidden     of leaky ReLUs, slope 0.2
/// @param batch      what it is told of the whole batch, after the hidden layers
/// @param output     one number for each example
/// @param directions u of the power iteration of each weight, output's last; none where weights are used as they are
public record DenseDiscriminator(DenseStack hidden, MinibatchStatistic batch, Dense output, List<Statistic> directions)
        implements Discriminator {
    private static final float SLOPE = 0.2f;

    /// Copies the list.
    public DenseDiscriminator {
        directions = List.copyOf(directions);
    }

    /// A statistic, made when the width before it is known.
    @FunctionalInterface
    public interface StatisticFactory {
        /// @param features of the last hidden layer
        MinibatchStatistic of(int features, Clock init, Memory memory);
    }

    /// @param features of an example
    /// @param widths   of the hidden layers, from x on
    /// @param spectral whether weights are divided by their spectral norms
    /// @param init     where the draws of the weights come from
    /// @param memory   holds the parameters
    public static DenseDiscriminator of(
            int features,
            List<Integer> widths,
            StatisticFactory statistic,
            boolean spectral,
            Clock init,
            Memory memory) {
        DenseStack hidden = DenseStack.of(features, widths, Activation.leakyRelu(SLOPE), init, memory);
        MinibatchStatistic batch = statistic.of(hidden.outputs(), init, memory);
        int told = hidden.outputs() + batch.columns();
        Dense output = Dense.of(told, 1, Activation.NONE, init, memory);
        List<Statistic> directions = new ArrayList<>();
        if (spectral) {
            hidden.layers()
                    .forEach(layer ->
                            directions.add(Spectral.start(layer.weight().shape().rows(), init, memory)));
            directions.add(Spectral.start(told, init, memory));
        }
        return new DenseDiscriminator(hidden, batch, output, directions);
    }

    @Override
    public Tensor logits(Ops f, Tensor x) {
        Tensor y = output.apply(f, batch.append(f, hidden.apply(f, x)));
        return f.reshape(y, Shape.of(x.shape().rows()));
    }

    @Override
    public DenseDiscriminator bounded(Ops f, boolean advance) {
        if (directions.isEmpty()) {
            return this;
        }
        List<Dense> layers = new ArrayList<>();
        for (int i = 0; i < hidden.layers().size(); i++) {
            layers.add(Spectral.normalised(f, hidden.layers().get(i), directions.get(i), advance));
        }
        return new DenseDiscriminator(
                new DenseStack(hidden.inputs(), layers),
                batch,
                Spectral.normalised(f, output, directions.getLast(), advance),
                List.of());
    }
}
