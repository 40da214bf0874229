package dev.elbo.models.latent;

import dev.elbo.models.layers.ConvStack;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.models.layers.Extents;
import dev.elbo.models.layers.Head;
import dev.elbo.models.layers.ImageHead;
import dev.elbo.models.layers.Network;
import dev.elbo.models.layers.Normal;
import dev.elbo.models.layers.NormalLayer;
import dev.elbo.models.layers.UpStack;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Sample;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/// Variational autoencoder (Kingma & Welling 2014, arXiv:1312.6114).
///
/// ```
/// z ~ N(0, I)                              prior, (n, latent)
/// x | z ~ output(decoder(z))               decoder, (n, features)
/// q(z | x) = posterior(encoder(x))         normal, its covariance diagonal or full
/// ```
///
/// What one does with it is not its business: [Bounds] has the bounds on log p(x) that it is trained by.
///
/// @param encoder     hidden layers of q
/// @param posterior q's last layer
/// @param decoder     hidden layers of p
/// @param output      what p believes about x
public record Vae(Network encoder, NormalLayer posterior, Network decoder, Output output) implements BoundModel {
    /// A model of dense layers with a diagonal posterior, whose decoder has the encoder's layers in reverse.
    ///
    /// @param features of the data
    /// @param hidden   widths of the encoder's layers, from the data on
    /// @param latent   dimensions of z
    /// @param output   [Output.Bernoulli#of], [Output.Gaussian#of], …
    /// @param init     where the draws of the weights come from
    /// @param memory   holds the parameters
    public static Vae of(
            int features,
            List<Integer> hidden,
            int latent,
            Activation activation,
            Output.Factory output,
            Clock init,
            Memory memory) {
        return of(features, hidden, latent, activation, NormalLayer.Diagonal::of, output, init, memory);
    }

    /// The same with a posterior of either kind.
    ///
    /// @param features of the data
    /// @param hidden   widths of the encoder's layers, from the data on
    /// @param latent   dimensions of z
    /// @param posterior [NormalLayer.Diagonal#of] or [NormalLayer.Full#of]
    /// @param output    [Output.Bernoulli#of], [Output.Gaussian#of], …
    /// @param init     where the draws of the weights come from
    /// @param memory   holds the parameters
    public static Vae of(
            int features,
            List<Integer> hidden,
            int latent,
            Activation activation,
            NormalLayer.Factory posterior,
            Output.Factory output,
            Clock init,
            Memory memory) {
        DenseStack encoder = DenseStack.of(features, hidden, activation, init, memory);
        NormalLayer q = posterior.of(encoder.outputs(), latent, init, memory);
        DenseStack decoder = DenseStack.of(latent, hidden.reversed(), activation, init, memory);
        return new Vae(encoder, q, decoder, output.of(decoder.outputs(), features, init, memory));
    }

    /// A model of images: convolutions that halve them again and again, and the way back.
    ///
    /// @param image     extents of an example
    /// @param channels  of the convolutions, from the data on
    /// @param latent    dimensions of z
    /// @param posterior [NormalLayer.Diagonal#of] or [NormalLayer.Full#of]
    /// @param output    given the head that makes an image, [Output.Bernoulli#by], …
    /// @param init      where the draws of the weights come from
    /// @param memory    holds the parameters
    public static Vae ofImages(
            Extents image,
            List<Integer> channels,
            int latent,
            NormalLayer.Factory posterior,
            Function<Head.Factory, Output.Factory> output,
            Clock init,
            Memory memory) {
        ConvStack encoder = ConvStack.of(image, channels, init, memory);
        NormalLayer q = posterior.of(encoder.outputs(), latent, init, memory);
        // The head doubles once more, to the image itself.
        List<Integer> back = channels.subList(0, channels.size() - 1).reversed();
        UpStack decoder = UpStack.of(latent, encoder.last(), back, init, memory);
        Output.Factory pixels = output.apply(ImageHead.of(decoder.last()));
        return new Vae(encoder, q, decoder, pixels.of(decoder.outputs(), image.size(), init, memory));
    }

    @Override
    public Normal encode(Ops f, Tensor x) {
        return posterior.apply(f, encoder.apply(f, x));
    }

    @Override
    public Tensor logWeights(Ops f, Tensor x, int samples, Draw draw) {
        Sample sample = encode(f, x).sample(f, samples, draw);
        return logLikelihood(f, x, sample.z(), sample.logRatio());
    }

    @Override
    public Tensor pathwiseLogWeights(Ops f, Tensor x, int samples, Draw draw, UnaryOperator<Tensor> path) {
        Normal q = encode(f, x);
        Tensor z = path.apply(q.sample(f, samples, draw).z());
        Tensor logQ = Following.alone(f, g -> q.logDensity(g, z), z);
        return f.plus(logLikelihood(f, x, z), f.minus(BoundModel.logPrior(f, z), logQ));
    }

    @Override
    public Tensor code(Ops f, Tensor x) {
        return encode(f, x).mean();
    }

    @Override
    public Tensor decode(Ops f, Tensor z) {
        return output.mean(f, decoder.apply(f, z));
    }

    @Override
    public Tensor prior(Ops f, int count, Draw draw) {
        return f.normals(Shape.of(count, latent()), draw);
    }

    @Override
    public int features() {
        return encoder.inputs();
    }

    @Override
    public int latent() {
        return posterior.cols();
    }
}
