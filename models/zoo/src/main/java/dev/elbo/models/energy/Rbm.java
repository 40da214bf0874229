package dev.elbo.models.energy;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Purpose;

/// Restricted Boltzmann machine of binary units (Smolensky 1986; Hinton 2002).
///
/// ```
/// E(v, h)      = −aᵀv − bᵀh − vᵀWh                 v (visible), h (hidden), both in {0, 1}
/// p(v)         = exp(−F(v)) / Z                    Z = Σ_v exp(−F(v))
/// F(v)         = −aᵀv − Σ_j softplus(b_j + (vᵀW)_j)
/// p(h_j=1 | v) = σ(b_j + (vᵀW)_j)
/// p(v_i=1 | h) = σ(a_i + (Wh)_i)
/// ```
///
/// @param weights     (visible, hidden), W
/// @param visibleBias (visible), a
/// @param hiddenBias  (hidden), b
public record Rbm(Tensor weights, Tensor visibleBias, Tensor hiddenBias) {
    private static final float INITIAL = 0.01f;

    /// A machine with small normal weights (standard deviation 0.01; Hinton 2010) and biases zero.
    ///
    /// @param init   where the draw of the weights comes from
    /// @param memory holds the parameters
    public static Rbm of(int visible, int hidden, Clock init, Memory memory) {
        Ops f = Ops.plain(memory);
        Tensor weights = f.times(f.normals(Shape.of(visible, hidden), init.next(Purpose.INITIALISE)), INITIAL);
        return new Rbm(weights, f.constant(Shape.of(visible), 0), f.constant(Shape.of(hidden), 0));
    }

    /// F(v) of each row; −F(v) is log p(v) + log Z.
    ///
    /// @param v (n, visible)
    /// @return (n), nats
    public Tensor freeEnergy(Ops f, Tensor v) {
        return freeEnergy(f, v, hiddenLogits(f, v));
    }

    /// F(v) of each row whose hidden logits are known.
    ///
    /// @param v      (n, visible)
    /// @param logits (n, hidden), [#hiddenLogits] of v
    /// @return (n), nats
    public Tensor freeEnergy(Ops f, Tensor v, Tensor logits) {
        Tensor hidden = f.sumRows(f.softplus(logits));
        Tensor visible = f.product(v, visibleBias.as(Shape.of(visible(), 1)));
        return f.negate(f.plus(f.reshape(visible, hidden.shape()), hidden));
    }

    /// Logits of p(h | v): b + vᵀW.
    ///
    /// @param v (n, visible)
    /// @return (n, hidden)
    public Tensor hiddenLogits(Ops f, Tensor v) {
        return f.linear(v, weights, hiddenBias);
    }

    /// Logits of p(v | h): a + Wh.
    ///
    /// @param h (n, hidden)
    /// @return (n, visible)
    public Tensor visibleLogits(Ops f, Tensor h) {
        return f.linearTransposed(h, weights, visibleBias, Activation.NONE);
    }

    /// p(h = 1 | v).
    ///
    /// @param v (n, visible)
    /// @return (n, hidden)
    public Tensor hiddenGivenVisible(Ops f, Tensor v) {
        return f.linear(v, weights, hiddenBias, Activation.SIGMOID);
    }

    /// p(v = 1 | h).
    ///
    /// @param h (n, hidden)
    /// @return (n, visible)
    public Tensor visibleGivenHidden(Ops f, Tensor h) {
        return f.linearTransposed(h, weights, visibleBias, Activation.SIGMOID);
    }

    /// Number of visible units.
    public int visible() {
        return weights.shape().extent(0);
    }

    /// Number of hidden units.
    public int hidden() {
        return weights.shape().extent(1);
    }
}
