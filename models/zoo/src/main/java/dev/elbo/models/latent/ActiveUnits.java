package dev.elbo.models.latent;

import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;

/// Which dimensions of a code say anything about the data (Burda, Grosse & Salakhutdinov 2016, §5).
///
/// ```
/// A_u = Var_x(code_u(x))           u is active where A_u > 0.01
/// ```
///
/// @param variances (latent), of each dimension over the examples
public record ActiveUnits(double[] variances) {
    private static final double LEAST = 0.01;
    private static final int EXAMPLES_AT_ONCE = 1000;

    /// The dimensions of a model's codes.
    ///
    /// @param x (n, features), on the model's device
    public static ActiveUnits of(Coder model, Tensor x) {
        int n = x.shape().rows();
        int latent = model.latent();
        double[] sums = new double[latent];
        double[] squares = new double[latent];
        for (int from = 0; from < n; from += EXAMPLES_AT_ONCE) {
            try (Arena owner = Arena.ofShared()) {
                Ops f = Ops.plain(Memory.of(x.device(), "active units", owner));
                float[] codes = x.device().floats(model.code(f, x.rows(from, Math.min(n, from + EXAMPLES_AT_ONCE))));
                for (int i = 0; i < codes.length; i++) {
                    sums[i % latent] += codes[i];
                    squares[i % latent] += (double) codes[i] * codes[i];
                }
            }
        }
        double[] variances = new double[latent];
        for (int u = 0; u < latent; u++) {
            double mean = sums[u] / n;
            variances[u] = squares[u] / n - mean * mean;
        }
        return new ActiveUnits(variances);
    }

    /// How many are active.
    public int count() {
        return (int)
                Arrays.stream(variances).filter(variance -> variance > LEAST).count();
    }
}
