package dev.elbo.models.latent;

import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.util.List;

/// Variational autoencoder (Kingma & Welling 2014, arXiv:1312.6114).
///
/// ```
/// z ~ N(0, I)                                                  prior, (n, latent)
/// x | z ~ output(decoder(z))                                   decoder, (n, features)
/// q(z | x) = N(mean(h), diag exp logVariance(h)), h = encoder(x)
/// ```
///
/// What one does with it is not its business: [Bounds] has the bounds on log p(x) that it is trained by.
///
/// @param encoder     hidden layers of q
/// @param mean        of q
/// @param logVariance of q
/// @param decoder     hidden layers of p
/// @param output      what p believes about x
public record Vae(DenseStack encoder, Dense mean, Dense logVariance, DenseStack decoder, Output output) {
    /// A decoder's last part, made when the width before it is known.
    @FunctionalInterface
    public interface OutputFactory {
        /// @param hidden   width of the decoder's last layer
        /// @param features of the data
        Output of(int hidden, int features, Clock init, Memory memory);
    }

    /// A model whose decoder has the encoder's layers in reverse.
    ///
    /// @param features of the data
    /// @param hidden   widths of the encoder's layers, from the data on
    /// @param latent   dimensions of z
    /// @param output   [Output.Bernoulli#of] or [Output.Gaussian#of]
    /// @param init     where the draws of the weights come from
    /// @param memory   holds the parameters
    public static Vae of(
            int features,
            List<Integer> hidden,
            int latent,
            Activation activation,
            OutputFactory output,
            Clock init,
            Memory memory) {
        DenseStack encoder = DenseStack.of(features, hidden, activation, init, memory);
        Dense mean = Dense.of(encoder.outputs(), latent, Activation.NONE, init, memory);
        Dense logVariance = Dense.of(encoder.outputs(), latent, Activation.NONE, init, memory);
        DenseStack decoder = DenseStack.of(latent, hidden.reversed(), activation, init, memory);
        return new Vae(encoder, mean, logVariance, decoder, output.of(decoder.outputs(), features, init, memory));
    }

    /// q(z | x).
    ///
    /// @param mean        (n, latent)
    /// @param logVariance (n, latent)
    public record Posterior(Tensor mean, Tensor logVariance) {}

    /// q(z | x).
    ///
    /// @param x (n, features)
    public Posterior encode(Ops f, Tensor x) {
        Tensor h = encoder.apply(f, x);
        return new Posterior(mean.apply(f, h), logVariance.apply(f, h));
    }

    /// log p(x | z).
    ///
    /// @param x (n, features)
    /// @param z (n, latent) or (n, samples, latent)
    /// @return (n) or (n, samples), nats
    public Tensor logLikelihood(Ops f, Tensor x, Tensor z) {
        return output.logLikelihood(f, decoder.apply(f, z), x);
    }

    /// E[x | z].
    ///
    /// @param z (n, latent)
    /// @return (n, features)
    public Tensor decode(Ops f, Tensor z) {
        return output.mean(f, decoder.apply(f, z));
    }

    /// Dimensions of z.
    public int latent() {
        return mean.outputs();
    }
}
