package dev.elbo.models.latent;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Sample;
import java.util.function.UnaryOperator;

/// Lower bounds on log p(x), in nats.
///
/// ```
/// ELBO(x) = E_q[log p(x | z)] − KL(q(z | x) ‖ p(z))
/// L_K(x)  = E_q[log (1/K) Σ_k w_k],   log w_k = log p(x, z_k) − log q(z_k | x)
/// ELBO ≤ L_1 ≤ … ≤ L_K ≤ log p(x)                  (Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519)
/// ```
///
/// L_1 and the ELBO are equal in expectation; where the ELBO's KL is in closed form, its gradient is less
/// noisy.
public final class Bounds {
    private Bounds() {}

    /// How the gradient of L_K towards q's parameters φ is estimated. That towards p's parameters is always
    /// `Σ_k ŵ_k ∂ log w_k`, with ŵ_k = w_k / Σ_l w_l. With z_k = z(ε_k, φ), all its layers together where
    /// there are several:
    public enum Estimator {
        /// The plain derivative.
        ///
        /// ```
        /// Σ_k ŵ_k (∂log w_k/∂z_k · ∂z_k/∂φ − ∂log q(z_k | x; φ)/∂φ)
        /// ```
        STANDARD,
        /// "Sticking the landing" (Roeder, Wu & Duvenaud 2017, arXiv:1703.09194): without the last term,
        /// whose mean is 0 at K = 1. It vanishes with its variance where q is exact. Beyond K = 1 it is
        /// biased.
        ///
        /// ```
        /// Σ_k ŵ_k ∂log w_k/∂z_k · ∂z_k/∂φ
        /// ```
        STL,
        /// Doubly reparameterised (Tucker, Lawson, Gu & Maddison 2019, arXiv:1810.04152): unbiased for every
        /// K.
        ///
        /// ```
        /// Σ_k ŵ_k² ∂log w_k/∂z_k · ∂z_k/∂φ
        /// ```
        DREG
    }

    /// The ELBO of each example, its KL in closed form.
    ///
    /// @param x       (n, features)
    /// @param samples of z for each example
    /// @param draw    what they are a function of
    /// @return (n)
    public static Tensor elbo(Ops f, Vae vae, Tensor x, int samples, Draw draw) {
        Terms terms = terms(f, vae, x, samples, draw);
        return f.minus(terms.likelihood, terms.kl);
    }

    /// The two parts of the ELBO.
    ///
    /// @param likelihood (n), mean over the samples of log p(x | z), nats
    /// @param kl         (n), KL(q(z | x) ‖ p(z)), nats
    public record Terms(Tensor likelihood, Tensor kl) {}

    /// The two parts of the ELBO of each example: whoever weighs them (β) has them apart.
    ///
    /// @param x       (n, features)
    /// @param samples of z for each example
    /// @param draw    what they are a function of
    public static Terms terms(Ops f, Vae vae, Tensor x, int samples, Draw draw) {
        Sample sample = vae.encode(f, x).sample(f, samples, draw);
        return new Terms(f.meanRows(vae.logLikelihood(f, x, sample.z())), sample.kl());
    }

    /// The two parts of the ELBO of each example, the KL estimated from the samples, too: what there is where
    /// it has no closed form.
    ///
    /// ```
    /// KL ≈ (1/K) Σ_k log q(z_k | x) − log p(z_k)
    /// ```
    ///
    /// @param x       (n, features)
    /// @param samples K
    /// @param draw    what they are a function of
    public static Terms sampledTerms(Ops f, Vae vae, Tensor x, int samples, Draw draw) {
        Sample sample = vae.encode(f, x).sample(f, samples, draw);
        Tensor kl = f.negate(f.meanRows(sample.logRatio()));
        return new Terms(f.meanRows(vae.logLikelihood(f, x, sample.z())), kl);
    }

    /// The ELBO of each example, all of it by sampling: the mean of the log-weights.
    ///
    /// @param x       (n, features)
    /// @param samples K
    /// @param draw    what they are a function of
    /// @return (n)
    public static Tensor sampledElbo(Ops f, BoundModel model, Tensor x, int samples, Draw draw) {
        return f.meanRows(model.logWeights(f, x, samples, draw));
    }

    /// L_K of each example.
    ///
    /// @param x       (n, features)
    /// @param samples K
    /// @param draw    what the samples of z are a function of
    /// @return (n)
    public static Tensor importanceWeighted(Ops f, BoundModel model, Tensor x, int samples, Draw draw) {
        return f.logMeanExpRows(model.logWeights(f, x, samples, draw));
    }

    /// L_K of each example, with another estimator of its gradient.
    ///
    /// @param x       (n, features)
    /// @param samples K
    /// @param draw    what the samples of z are a function of
    /// @return (n)
    public static Tensor importanceWeighted(
            Ops f, BoundModel model, Tensor x, int samples, Draw draw, Estimator estimator) {
        if (estimator == Estimator.STANDARD) {
            return importanceWeighted(f, model, x, samples, draw);
        }
        Tensor[] weights = new Tensor[1];
        UnaryOperator<Tensor> path =
                estimator == Estimator.DREG ? z -> scaledOnTheWayBack(f, z, weights) : UnaryOperator.identity();
        Tensor logWeights = model.pathwiseLogWeights(f, x, samples, draw, path);
        weights[0] = f.detached().softmaxRows(logWeights);
        return f.logMeanExpRows(logWeights);
    }

    /// z itself, whose gradient is multiplied by weights that are known only later in the forward pass.
    ///
    /// ```
    /// dz[i,k,j] += ŵ[i,k] dy[i,k,j]
    /// ```
    ///
    /// @param z       (n, K, latent)
    /// @param weights one tensor (n, K), there when the tape runs backwards
    private static Tensor scaledOnTheWayBack(Ops f, Tensor z, Tensor[] weights) {
        Tensor y = f.detached().times(z, 1);
        return f.note(
                y,
                (tape, dy) -> {
                    Tensor scaled =
                            f.detached().times(dy, weights[0].as(z.shape().withCols(1)));
                    Following.add(scaled, tape.gradient(z));
                },
                z);
    }
}
