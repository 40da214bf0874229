package dev.elbo.bench.work;

import java.util.Map;

/// Where everybody starts, and what their loss has to be there.
///
/// ```
/// data                       (10000, 784), grey values in [0, 1]
/// x                          (batch, 784), bits: the examples of the check
/// noise                      (batch, samples, latent), ε of the check; for an RBM (batch, 784), its chain after a step
/// encoder.layers.0.weight …  the parameters, as Elbo names and shapes them: weights are (inputs, outputs)
/// ```
///
/// Of a DCGAN data and x are (count, side · side · channels), channels innermost, and grey, noise is (batch, latent);
/// weights of convolutions are (outputs, height, width, inputs), of transposed ones (inputs, height, width, outputs).
/// A chain has `unary` (batch, steps, states) and `transitions` (states, states), one convolution `x`, `weight` and
/// `bias`.
///
/// @param workload what is run
/// @param arrays   by name, in order; above, those of VAE, IWAE and RBM
/// @param loss     of Elbo on x with this noise: the mean bound in nats, the contrast of free energies, what
///                 discriminator and generator lose together, Σ log Z; of one layer the mean of y²
public record Start(Sized workload, Map<String, Array> arrays, double loss) {
    /// One array.
    ///
    /// @param extents its shape
    /// @param values  row-major
    public record Array(int[] extents, float[] values) {}

    /// The array of a name.
    public Array array(String name) {
        return arrays.get(name);
    }

    /// Fails unless another's loss is this one, to what f32 sums over 784 pixels in another order may differ.
    public void check(String name, double other) {
        if (!(Math.abs(other - loss) <= 1e-4 * Math.max(1, Math.abs(loss)))) {
            throw new IllegalStateException("not the same model: losses differ from the same weights; workload="
                    + workload + ", elbo=" + loss + ", " + name + "=" + other);
        }
    }
}
