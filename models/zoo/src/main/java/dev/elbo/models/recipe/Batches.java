package dev.elbo.models.recipe;

import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;

/// A figure of every example of a data set, a thousand at a time, so that memory does not grow with the set.
final class Batches {
    private static final int EXAMPLES_AT_ONCE = 1000;

    private Batches() {}

    /// A figure of some examples.
    @FunctionalInterface
    interface Figure {
        /// @param x    (n, features)
        /// @param from which example of the set is the first
        /// @return (n)
        Tensor of(Ops f, Tensor x, int from);
    }

    /// Mean over all examples, summed in f64.
    ///
    /// @param x (n, features)
    static double mean(Tensor x, Figure figure) {
        double sum = 0;
        int n = x.shape().rows();
        for (int from = 0; from < n; from += EXAMPLES_AT_ONCE) {
            try (Arena owner = Arena.ofShared()) {
                Ops f = Ops.plain(Memory.of(x.device(), "evaluation", owner));
                Tensor part = x.rows(from, Math.min(n, from + EXAMPLES_AT_ONCE));
                for (float one : x.device().floats(figure.of(f, part, from))) {
                    sum += one;
                }
            }
        }
        return sum / n;
    }
}
