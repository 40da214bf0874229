package dev.elbo.models.adversarial;

import dev.elbo.models.layers.Dense;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.util.List;
import java.util.stream.Stream;

/// What a discriminator is told of a whole batch beside each of its examples: a generator that makes few things
/// again and again is found out by it.
public sealed interface MinibatchStatistic {
    /// The features and the statistic side by side.
    ///
    /// @param h (n, features)
    /// @return (n, features + [#columns])
    Tensor append(Ops f, Tensor h);

    /// Columns that it adds.
    int columns();

    /// Nothing.
    record None() implements MinibatchStatistic {
        @Override
        public Tensor append(Ops f, Tensor h) {
            return h;
        }

        @Override
        public int columns() {
            return 0;
        }
    }

    /// Standard deviation over the batch, averaged over the features (Karras et al. 2018, arXiv:1710.10196).
    ///
    /// ```
    /// s = mean_j √(mean_i (h[i,j] − mean_i h[i,j])² + 10⁻⁸)          one number, the same for each example
    /// ```
    record Deviation() implements MinibatchStatistic {
        private static final float SMALLEST = 1e-8f;

        @Override
        public Tensor append(Ops f, Tensor h) {
            Tensor centred = f.minus(h, f.meanColumns(h));
            Tensor variance = f.plus(f.meanColumns(f.square(centred)), f.constant(Shape.of(1), SMALLEST));
            Tensor s = f.mean(f.sqrt(variance)).as(Shape.of(1));
            return f.concatColumns(h, f.expandColumns(s, h.shape().rows()));
        }

        @Override
        public int columns() {
            return 1;
        }
    }

    /// How near the rest of the batch is to each example, in places that are learnt (after Salimans et al. 2016,
    /// arXiv:1606.03498, with Gaussian in place of Laplacian kernels: their distances are one product).
    ///
    /// ```
    /// m_k = h T_k                                               (n, width), k of `places`
    /// o[i,k] = mean_j exp(−½ ‖m_k[i] − m_k[j]‖²)
    /// ```
    ///
    /// @param places T_k, each (features, width) and without activation
    record Distances(List<Dense> places) implements MinibatchStatistic {
        /// Copies the list.
        public Distances {
            places = List.copyOf(places);
        }

        /// Places of so many dimensions.
        ///
        /// @param init   where the draws of the weights come from
        /// @param memory holds the parameters
        public static Distances of(int features, int count, int width, Clock init, Memory memory) {
            return new Distances(Stream.generate(() -> Dense.of(features, width, Activation.NONE, init, memory))
                    .limit(count)
                    .toList());
        }

        @Override
        public Tensor append(Ops f, Tensor h) {
            Tensor all = h;
            for (Dense place : places) {
                all = f.concatColumns(all, nearness(f, place.apply(f, h)));
            }
            return all;
        }

        /// @param m (n, width)
        /// @return (n, 1)
        private static Tensor nearness(Ops f, Tensor m) {
            int n = m.shape().rows();
            Tensor half = f.times(f.dotRows(m, m), 0.5f);
            Tensor exponent = f.minus(f.minus(f.product(m, false, m, true), f.reshape(half, Shape.of(n, 1))), half);
            return f.reshape(f.meanRows(f.exp(exponent)), Shape.of(n, 1));
        }

        @Override
        public int columns() {
            return places.size();
        }
    }
}
