package dev.elbo.models.latent;

import dev.elbo.models.layers.Network;
import dev.elbo.models.layers.Normal;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.util.function.UnaryOperator;

/// A model of x with latent variables z and an approximate posterior q(z | x) to draw them from: all that the
/// [Bounds] on log p(x) ask for.
///
/// Its variables may lie in layers; x depends on the lowest alone, and the highest is N(0, I).
public interface BoundModel extends Coder {
    /// q of the lowest layer.
    ///
    /// @param x (n, features)
    Normal encode(Ops f, Tensor x);

    /// Hidden layers between the lowest variables and the data.
    Network decoder();

    /// What is believed about x, given the decoder's last layer.
    Output output();

    /// log p(x, z_k) − log q(z_k | x) of samples z_k ~ q(z | x), all from one pass through the encoder.
    ///
    /// @param x       (n, features)
    /// @param samples K
    /// @param draw    what the samples are a function of
    /// @return (n, K), nats
    Tensor logWeights(Ops f, Tensor x, int samples, Draw draw);

    /// The same numbers, which follow q's parameters by way of the samples alone: as densities, q's are
    /// functions of where the samples lie and of nothing else. Estimators of a gradient without ∂log q/∂φ
    /// ask for this.
    ///
    /// @param x       (n, features)
    /// @param samples K
    /// @param draw    what the samples are a function of
    /// @param path    of every layer's samples (n, K, width) before they are weighed; their values stay
    /// @return (n, K), nats
    Tensor pathwiseLogWeights(Ops f, Tensor x, int samples, Draw draw, UnaryOperator<Tensor> path);

    /// log p(x | z) for the lowest layer.
    ///
    /// @param x (n, features)
    /// @param z (n, width) or (n, samples, width)
    /// @return (n) or (n, samples), nats
    default Tensor logLikelihood(Ops f, Tensor x, Tensor z) {
        return output().logLikelihood(f, decoder().apply(f, z), x);
    }

    /// onto + log p(x | z) for the lowest layer.
    ///
    /// @param x    (n, features)
    /// @param z    (n, width) or (n, samples, width)
    /// @param onto (n) or (n, samples), nats
    /// @return shape of `onto`, nats
    default Tensor logLikelihood(Ops f, Tensor x, Tensor z, Tensor onto) {
        return output().logLikelihood(f, decoder().apply(f, z), x, onto);
    }

    /// Draws of the lowest variables from the prior: every layer given a draw of the one above.
    ///
    /// @return (count, width)
    Tensor prior(Ops f, int count, Draw draw);

    /// E[x | z] for such draws: of what the model believes, only the noise of the data is averaged away.
    ///
    /// @return (count, features)
    default Tensor fantasies(Ops f, int count, Draw draw) {
        return output().mean(f, decoder().apply(f, prior(f, count, draw)));
    }

    /// log N(z | 0, I).
    ///
    /// @param z (n, samples, width)
    /// @return (n, samples), nats
    static Tensor logPrior(Ops f, Tensor z) {
        Tensor constant = f.constant(Shape.of(1), (float) (-0.5 * z.shape().cols() * Math.log(2 * Math.PI)));
        Tensor shaped = f.reshape(f.dotRows(z, z), z.shape().withoutCols());
        return f.plus(f.times(shaped, -0.5f), constant);
    }
}
