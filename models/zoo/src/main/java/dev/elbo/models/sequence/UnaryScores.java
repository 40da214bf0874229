package dev.elbo.models.sequence;

import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
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
