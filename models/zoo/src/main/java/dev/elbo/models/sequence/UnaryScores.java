package dev.elbo.models.sequence;

import dev.elbo.models.layers.Conv;
import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.models.layers.Initial;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Window;
import dev.elbo.runtime.random.Purpose;
import java.util.List;

/// What each position says about its own state, before its neighbours are heard.
public sealed interface UnaryScores {
    /// Scores of every state at every position.
    ///
    /// @param x (n, t, features)
    /// @return (n, t, s)
    Tensor scores(Ops f, Tensor x);

    /// The same with noise against learning by heart, where there is something to be noisy about.
    ///
    /// @param x    (n, t, features)
    /// @param keep share of hidden units that are kept at each position
    /// @return (n, t, s)
    Tensor noisyScores(Ops f, Tensor x, float keep, Clock clock);

    /// A network over numbers; without hidden layers a linear map.
    ///
    /// ```
    /// score[t] = output(hidden(x[t]))
    /// ```
    ///
    /// @param hidden layers
    /// @param output linear
    record Network(DenseStack hidden, Dense output) implements UnaryScores {
        /// @param widths of the hidden layers
        /// @param init   where the draws of the weights come from
        /// @param memory holds the parameters
        public static Network of(int features, List<Integer> widths, int states, Clock init, Memory memory) {
            DenseStack hidden = DenseStack.of(features, widths, Activation.RELU, init, memory);
            return new Network(hidden, Dense.of(hidden.outputs(), states, Activation.NONE, init, memory));
        }

        @Override
        public Tensor scores(Ops f, Tensor x) {
            return output.apply(f, hidden.apply(f, x));
        }

        @Override
        public Tensor noisyScores(Ops f, Tensor x, float keep, Clock clock) {
            Tensor h = x;
            for (Dense layer : hidden.layers()) {
                h = f.dropout(layer.apply(f, h), keep, clock.next(Purpose.TRAIN));
            }
            return output.apply(f, h);
        }
    }

    /// Convolutions over the picture of each position, and a network over what they find.
    ///
    /// ```
    /// h        = second(first(x[t]))                x[t] (height, width), each window 3 × 3
    /// score[t] = output(hidden(h))
    /// ```
    ///
    /// The first convolution keeps the picture's extents, the second one halves them.
    ///
    /// @param first  convolution
    /// @param second convolution
    /// @param hidden layers
    /// @param output linear
    /// @param height of a picture
    /// @param width  of a picture
    record Pictures(Conv first, Conv second, DenseStack hidden, Dense output, int height, int width)
            implements UnaryScores {
        private static final Window WHOLE = Window.of(3, 1, 1);
        private static final Window HALVING = Window.of(3, 2, 1);

        /// @param item     extents of a picture, (height, width)
        /// @param channels of the two convolutions
        /// @param widths   of the hidden layers
        /// @param init     where the draws of the weights come from
        /// @param memory   holds the parameters
        public static Pictures of(
                List<Integer> item,
                List<Integer> channels,
                List<Integer> widths,
                int states,
                Clock init,
                Memory memory) {
            if (item.size() != 2 || channels.size() != 2) {
                throw new IllegalArgumentException("Pictures: pictures are (height, width) and convolutions two; item="
                        + item + ", channels=" + channels);
            }
            int height = item.get(0);
            int width = item.get(1);
            Conv first = Conv.of(1, channels.get(0), WHOLE, Activation.RELU, Initial.he(), init, memory);
            Conv second =
                    Conv.of(channels.get(0), channels.get(1), HALVING, Activation.RELU, Initial.he(), init, memory);
            int found = HALVING.outHeight(height) * HALVING.outWidth(width) * channels.get(1);
            DenseStack hidden = DenseStack.of(found, widths, Activation.RELU, init, memory);
            Dense output = Dense.of(hidden.outputs(), states, Activation.NONE, init, memory);
            return new Pictures(first, second, hidden, output, height, width);
        }

        @Override
        public Tensor scores(Ops f, Tensor x) {
            return output.apply(f, hidden.apply(f, found(f, x)));
        }

        @Override
        public Tensor noisyScores(Ops f, Tensor x, float keep, Clock clock) {
            Tensor h = f.dropout(found(f, x), keep, clock.next(Purpose.TRAIN));
            for (Dense layer : hidden.layers()) {
                h = f.dropout(layer.apply(f, h), keep, clock.next(Purpose.TRAIN));
            }
            return output.apply(f, h);
        }

        /// @return (n, t, what is found in a picture)
        private Tensor found(Ops f, Tensor x) {
            int n = x.shape().extent(0);
            int steps = x.shape().extent(1);
            Tensor pictures = f.reshape(x, Shape.of(n * steps, height, width, 1));
            Tensor h = second.apply(f, first.apply(f, pictures));
            return f.reshape(h, Shape.of(n, steps, hidden.inputs()));
        }
    }

    /// Weights of features that are there or not.
    ///
    /// ```
    /// score[t,j] = bias[j] + Σ_k table[x[t,k], j]
    /// ```
    ///
    /// @param table (features, s)
    /// @param bias  (s)
    record Features(Tensor table, Tensor bias) implements UnaryScores {
        /// All zero: the scores are a convex function's argument, and any start is as good.
        ///
        /// @param memory holds the parameters
        public static Features of(int features, int states, Memory memory) {
            Ops f = Ops.plain(memory);
            return new Features(f.constant(Shape.of(features, states), 0), f.constant(Shape.of(states), 0));
        }

        @Override
        public Tensor scores(Ops f, Tensor x) {
            return f.plus(f.sumOfRows(table, x), bias);
        }

        @Override
        public Tensor noisyScores(Ops f, Tensor x, float keep, Clock clock) {
            return scores(f, x);
        }
    }
}
