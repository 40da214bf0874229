package dev.elbo.models.latent;

import dev.elbo.models.layers.ConvStack;
import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.models.layers.Extents;
import dev.elbo.models.layers.Head;
import dev.elbo.models.layers.ImageHead;
import dev.elbo.models.layers.Network;
import dev.elbo.models.layers.UpStack;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.util.List;
import java.util.function.Function;

/// Autoencoder: a code for each example, and the way back (Rumelhart, Hinton & Williams 1986).
///
/// ```
/// z  = code(encoder(x))                   (n, latent)
/// x′ = E[x | z] of output(decoder(z))     (n, features)
/// ```
///
/// It has codes but no distribution over them: nothing can be drawn from it.
///
/// @param encoder hidden layers before the code
/// @param code    linear
/// @param decoder hidden layers behind the code
/// @param output  in what sense x′ is to be near x
public record Autoencoder(Network encoder, Dense code, Network decoder, Output output) implements Coder {
    /// A model of dense layers whose decoder has the encoder's in reverse.
    ///
    /// @param features of the data
    /// @param hidden   widths of the encoder's layers, from the data on
    /// @param latent   dimensions of the code
    /// @param output   [Output.Bernoulli#of] for cross-entropy, [Output.FixedGaussian#of] for least squares
    /// @param init     where the draws of the weights come from
    /// @param memory   holds the parameters
    public static Autoencoder of(
            int features,
            List<Integer> hidden,
            int latent,
            Activation activation,
            Output.Factory output,
            Clock init,
            Memory memory) {
        DenseStack encoder = DenseStack.of(features, hidden, activation, init, memory);
        Dense code = Dense.of(encoder.outputs(), latent, Activation.NONE, init, memory);
        DenseStack decoder = DenseStack.of(latent, hidden.reversed(), activation, init, memory);
        return new Autoencoder(encoder, code, decoder, output.of(decoder.outputs(), features, init, memory));
    }

    /// A model of images: convolutions that halve them again and again, and the way back.
    ///
    /// @param image    extents of an example
    /// @param channels of the convolutions, from the data on
    /// @param latent   dimensions of the code
    /// @param output   given the head that makes an image, [Output.Bernoulli#by], …
    /// @param init     where the draws of the weights come from
    /// @param memory   holds the parameters
    public static Autoencoder ofImages(
            Extents image,
            List<Integer> channels,
            int latent,
            Function<Head.Factory, Output.Factory> output,
            Clock init,
            Memory memory) {
        ConvStack encoder = ConvStack.of(image, channels, init, memory);
        Dense code = Dense.of(encoder.outputs(), latent, Activation.NONE, init, memory);
        // The head doubles once more, to the image itself.
        List<Integer> back = channels.subList(0, channels.size() - 1).reversed();
        UpStack decoder = UpStack.of(latent, encoder.last(), back, init, memory);
        Output.Factory pixels = output.apply(ImageHead.of(decoder.last()));
        return new Autoencoder(encoder, code, decoder, pixels.of(decoder.outputs(), image.size(), init, memory));
    }

    /// How well x comes back.
    ///
    /// ```
    /// log p(x | z(x))
    /// ```
    ///
    /// @param x (n, features)
    /// @return (n), nats
    public Tensor logLikelihood(Ops f, Tensor x) {
        return logLikelihood(f, x, x);
    }

    /// How well x comes back from a part of it: what a denoising autoencoder is trained by (Vincent,
    /// Larochelle, Bengio & Manzagol 2008).
    ///
    /// ```
    /// log p(x | z(seen)),   seen_j = x_j with probability 1 − corruption, else 0
    /// ```
    ///
    /// @param x          (n, features)
    /// @param corruption how much is hidden, from 0 to 1
    /// @param draw       what is hidden is a function of
    /// @return (n), nats
    public Tensor denoising(Ops f, Tensor x, float corruption, Draw draw) {
        return logLikelihood(f, x, f.corrupt(x, 1 - corruption, draw));
    }

    private Tensor logLikelihood(Ops f, Tensor x, Tensor seen) {
        return output.logLikelihood(f, decoder.apply(f, code(f, seen)), x);
    }

    @Override
    public Tensor code(Ops f, Tensor x) {
        return code.apply(f, encoder.apply(f, x));
    }

    @Override
    public Tensor decode(Ops f, Tensor z) {
        return output.mean(f, decoder.apply(f, z));
    }

    @Override
    public int features() {
        return encoder.inputs();
    }

    @Override
    public int latent() {
        return code.outputs();
    }
}
