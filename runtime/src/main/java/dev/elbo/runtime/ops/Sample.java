package dev.elbo.runtime.ops;

import dev.elbo.runtime.Tensor;
import java.util.List;

/// Samples of a distribution q for each row, and what the bounds on a likelihood ask of them.
///
/// @param z    (n, samples, cols)
/// @param kl   (n), KL(q[i] ‖ N(0, I)), nats
/// @param logQ (n, samples), log q[i](z[i,s]), nats; as a function of q's parameters, z moving with them
/// @param logRatio (n, samples), log N(z[i,s] | 0, I) − log q[i](z[i,s]), nats, likewise; its mean over q is −kl
public record Sample(Tensor z, Tensor kl, Tensor logQ, Tensor logRatio) {
    /// Of the results of an operation, in this order.
    public static Sample of(List<Tensor> results) {
        return new Sample(results.get(0), results.get(1), results.get(2), results.get(3));
    }
}
