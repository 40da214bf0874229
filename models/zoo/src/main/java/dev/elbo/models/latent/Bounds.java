package dev.elbo.models.latent;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Sample;

/// Lower bounds on log p(x) of a [Vae], in nats.
///
/// ```
/// ELBO(x) = E_q[log p(x | z)] − KL(q(z | x) ‖ p(z))
/// L_K(x)  = E_q[log (1/K) Σ_k w_k],   log w_k = log p(x | z_k) + log p(z_k) − log q(z_k | x)
/// ELBO ≤ L_1 ≤ … ≤ L_K ≤ log p(x)                  (Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519)
/// ```
///
/// L_1 and the ELBO are equal in expectation; the ELBO's KL is in closed form, so its gradient is less noisy.
public final class Bounds {
    private Bounds() {}

    /// The ELBO of each example.
    ///
    /// @param x       (n, features)
    /// @param samples of z for each example
    /// @param draw    what they are a function of
    /// @return (n)
    public static Tensor elbo(Ops f, Vae vae, Tensor x, int samples, Draw draw) {
        Vae.Posterior q = vae.encode(f, x);
        Sample sample = f.gaussianSample(q.mean(), q.logVariance(), samples, draw);
        Tensor likelihood = f.meanRows(vae.logLikelihood(f, x, sample.z()));
        return f.minus(likelihood, sample.kl());
    }

    /// L_K of each example.
    ///
    /// @param x       (n, features)
    /// @param samples K
    /// @param draw    what the samples of z are a function of
    /// @return (n)
    public static Tensor importanceWeighted(Ops f, Vae vae, Tensor x, int samples, Draw draw) {
        return f.logMeanExpRows(logWeights(f, vae, x, samples, draw));
    }

    /// Log importance weights of samples of q(z | x).
    ///
    /// @param x       (n, features)
    /// @param samples K
    /// @param draw    what the samples of z are a function of
    /// @return (n, K)
    public static Tensor logWeights(Ops f, Vae vae, Tensor x, int samples, Draw draw) {
        Vae.Posterior q = vae.encode(f, x);
        Sample sample = f.gaussianSample(q.mean(), q.logVariance(), samples, draw);
        Tensor likelihood = vae.logLikelihood(f, x, sample.z());
        return f.plus(likelihood, f.minus(logPrior(f, sample.z()), sample.logQ()));
    }

    /// log N(z | 0, I).
    ///
    /// @param z (n, samples, latent)
    /// @return (n, samples)
    private static Tensor logPrior(Ops f, Tensor z) {
        Tensor constant = f.constant(Shape.of(1), (float) (-0.5 * z.shape().cols() * Math.log(2 * Math.PI)));
        Tensor squares = f.dotRows(z, z);
        Tensor shaped = f.reshape(squares, z.shape().withoutCols());
        return f.plus(f.times(shaped, -0.5f), constant);
    }
}
