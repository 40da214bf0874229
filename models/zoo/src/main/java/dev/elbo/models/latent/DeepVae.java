package dev.elbo.models.latent;

import dev.elbo.models.layers.DenseStack;
import dev.elbo.models.layers.Network;
import dev.elbo.models.layers.Normal;
import dev.elbo.models.layers.NormalNetwork;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// Variational autoencoder with several layers of latent variables (Rezende, Mohamed & Wierstra 2014; Burda,
/// Grosse & Salakhutdinov 2016, §5).
///
/// ```
/// z_L ~ N(0, I),   z_l | z_{l+1} ~ priors_l,   x | z_1 ~ output(decoder(z_1))
/// q(z | x)  = q(z_1 | x) Π q(z_{l+1} | z_l)                                       posteriors
/// log w     = log p(x | z_1) + Σ_l log p(z_l | z_{l+1}) + log p(z_L) − Σ_l log q(z_l | z_{l−1}),   z_0 = x
/// ```
///
/// @param posteriors q of each layer given the one below, from the data up
/// @param priors     p of each layer but the highest given the one above, from the data up
/// @param decoder    hidden layers between z_1 and x
/// @param output     what p believes about x
public record DeepVae(List<NormalNetwork> posteriors, List<NormalNetwork> priors, Network decoder, Output output)
        implements BoundModel {
    /// Orders of draws within a step stay far below: what layer a draw belongs to is told apart above.
    private static final int LAYER = 1 << 20;

    /// Copies the lists.
    public DeepVae {
        posteriors = List.copyOf(posteriors);
        priors = List.copyOf(priors);
        if (posteriors.isEmpty() || priors.size() != posteriors.size() - 1) {
            throw new IllegalArgumentException("DeepVae: a prior for each layer but the highest; posteriors="
                    + posteriors.size() + ", priors=" + priors.size());
        }
    }

    /// A model of dense layers, the same widths up and down.
    ///
    /// @param features of the data
    /// @param hidden   widths of the layers between the data and z_1, from the data on; then between z_1 and
    ///                 z_2, …
    /// @param latents  dimensions of z_1, z_2, …
    /// @param init     where the draws of the weights come from
    /// @param memory   holds the parameters
    public static DeepVae of(
            int features,
            List<List<Integer>> hidden,
            List<Integer> latents,
            Activation activation,
            Output.Factory output,
            Clock init,
            Memory memory) {
        List<NormalNetwork> posteriors = new ArrayList<>();
        List<NormalNetwork> priors = new ArrayList<>();
        for (int layer = 0; layer < latents.size(); layer++) {
            int below = layer == 0 ? features : latents.get(layer - 1);
            posteriors.add(NormalNetwork.of(below, hidden.get(layer), latents.get(layer), activation, init, memory));
        }
        for (int layer = 1; layer < latents.size(); layer++) {
            List<Integer> down = hidden.get(layer).reversed();
            priors.add(NormalNetwork.of(latents.get(layer), down, latents.get(layer - 1), activation, init, memory));
        }
        DenseStack decoder = DenseStack.of(latents.getFirst(), hidden.getFirst().reversed(), activation, init, memory);
        return new DeepVae(posteriors, priors, decoder, output.of(decoder.outputs(), features, init, memory));
    }

    @Override
    public Normal encode(Ops f, Tensor x) {
        return posteriors.getFirst().given(f, x);
    }

    @Override
    public Tensor logWeights(Ops f, Tensor x, int samples, Draw draw) {
        Sample sample = encode(f, x).sample(f, samples, draw);
        Shape each = sample.logQ().shape();
        Tensor z = sample.z();
        Tensor sum = logLikelihood(f, x, z);
        for (int layer = 1; layer < posteriors.size(); layer++) {
            Sample above = posteriors.get(layer).given(f, z).sample(f, 1, at(layer, draw));
            Tensor higher =
                    f.reshape(above.z(), z.shape().withCols(above.z().shape().cols()));
            Tensor logP = priors.get(layer - 1).given(f, higher).logDensity(f, z);
            sum = f.plus(sum, f.minus(logP, f.reshape(sample.logQ(), each)));
            z = higher;
            sample = above;
        }
        return f.plus(sum, f.reshape(sample.logRatio(), each));
    }

    /// A layer's samples are drawn given those of the layer below as they were drawn: the path between
    /// them is part of how the samples follow φ, and only what is weighed goes through `path`.
    @Override
    public Tensor pathwiseLogWeights(Ops f, Tensor x, int samples, Draw draw, UnaryOperator<Tensor> path) {
        Normal q = encode(f, x);
        Tensor drawn = q.sample(f, samples, draw).z();
        Tensor lowest = path.apply(drawn);
        Tensor sum = f.minus(logLikelihood(f, x, lowest), Following.alone(f, g -> q.logDensity(g, lowest), lowest));
        Tensor z = lowest;
        for (int layer = 1; layer < posteriors.size(); layer++) {
            NormalNetwork posterior = posteriors.get(layer);
            Tensor next =
                    posterior.given(f, drawn).sample(f, 1, at(layer, draw)).z();
            drawn = f.reshape(next, drawn.shape().withCols(next.shape().cols()));
            Tensor lower = z;
            Tensor higher = path.apply(drawn);
            Tensor logP = priors.get(layer - 1).given(f, higher).logDensity(f, lower);
            Tensor logQ = Following.alone(f, g -> posterior.given(g, lower).logDensity(g, higher), lower, higher);
            sum = f.plus(sum, f.minus(logP, logQ));
            z = higher;
        }
        return f.plus(sum, BoundModel.logPrior(f, z));
    }

    private static Draw at(int layer, Draw draw) {
        return new Draw(draw.words(), draw.operation() + layer * LAYER);
    }

    /// Means all the way up.
    ///
    /// @param x (n, features)
    /// @return (n, latent)
    @Override
    public Tensor code(Ops f, Tensor x) {
        Tensor z = x;
        for (NormalNetwork posterior : posteriors) {
            z = posterior.given(f, z).mean();
        }
        return z;
    }

    /// Means all the way down: what lies at a code. Draws of the model are [#fantasies], of which each layer
    /// adds its own variance.
    ///
    /// @param z (n, latent)
    /// @return (n, features)
    @Override
    public Tensor decode(Ops f, Tensor z) {
        Tensor lower = z;
        for (NormalNetwork prior : priors.reversed()) {
            lower = prior.given(f, lower).mean();
        }
        return output.mean(f, decoder.apply(f, lower));
    }

    @Override
    public Tensor prior(Ops f, int count, Draw draw) {
        Tensor z = f.normals(Shape.of(count, latent()), draw);
        for (int layer = priors.size(); layer > 0; layer--) {
            Tensor lower = priors.get(layer - 1)
                    .given(f, z)
                    .sample(f, 1, at(layer, draw))
                    .z();
            z = f.reshape(lower, Shape.of(count, lower.shape().cols()));
        }
        return z;
    }

    @Override
    public int features() {
        return posteriors.getFirst().hidden().inputs();
    }

    @Override
    public int latent() {
        return posteriors.getLast().normal().cols();
    }
}
