package dev.elbo.models.energy;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Purpose;

/// Restricted Boltzmann machine (Smolensky 1986; Hinton 2002): binary hidden units, visible ones that are bits or
/// real.
///
/// ```
/// E(v, h)      = energy(v) − bᵀh − v̂ᵀWh            h (hidden) in {0, 1};  of bits energy(v) = −aᵀv, v̂ = v
/// p(v)         = exp(−F(v)) / Z                    Z = Σ_v exp(−F(v)), or the integral
/// F(v)         = energy(v) − Σ_j softplus(b_j + (v̂ᵀW)_j)
/// p(h_j=1 | v) = σ(b_j + (v̂ᵀW)_j)
/// p(v_i=1 | h) = σ(a_i + (Wh)_i)                   of bits; others as [Visible] says
/// ```
///
/// @param weights     (visible, hidden), W
/// @param visibleBias (visible), a
/// @param hiddenBias  (hidden), b
/// @param units       what the visible units are
public record Rbm(Tensor weights, Tensor visibleBias, Tensor hiddenBias, Visible units) {
    private static final float INITIAL = 0.01f;

    /// A machine of bits.
    ///
    /// @param weights     (visible, hidden), W
    /// @param visibleBias (visible), a
    /// @param hiddenBias  (hidden), b
    public Rbm(Tensor weights, Tensor visibleBias, Tensor hiddenBias) {
        this(weights, visibleBias, hiddenBias, new Visible.Bernoulli());
    }

    /// A machine of bits with small normal weights (standard deviation 0.01; Hinton 2010) and biases zero.
    ///
    /// @param init   where the draw of the weights comes from
    /// @param memory holds the parameters
    public static Rbm of(int visible, int hidden, Clock init, Memory memory) {
        return of(visible, hidden, new Visible.Bernoulli(), init, memory);
    }

    /// The same with other visible units.
    ///
    /// @param init   where the draw of the weights comes from
    /// @param memory holds the parameters
    public static Rbm of(int visible, int hidden, Visible units, Clock init, Memory memory) {
        Ops f = Ops.plain(memory);
        Tensor weights = f.times(f.normals(Shape.of(visible, hidden), init.next(Purpose.INITIALISE)), INITIAL);
        return new Rbm(weights, f.constant(Shape.of(visible), 0), f.constant(Shape.of(hidden), 0), units);
    }

    /// F(v) of each row.
    ///
    /// @param v (n, visible)
    /// @return (n), nats
    public Tensor freeEnergy(Ops f, Tensor v) {
        return f.negate(units.negativeFreeEnergy(f, v, visibleBias, hiddenLogits(f, v)));
    }

    /// Logits of p(h | v): b + v̂ᵀW.
    ///
    /// @param v (n, visible)
    /// @return (n, hidden)
    public Tensor hiddenLogits(Ops f, Tensor v) {
        return f.linear(units.seen(f, v), weights, hiddenBias);
    }

    /// p(h = 1 | v).
    ///
    /// @param v (n, visible)
    /// @return (n, hidden)
    public Tensor hiddenGivenVisible(Ops f, Tensor v) {
        return f.linear(units.seen(f, v), weights, hiddenBias, Activation.SIGMOID);
    }

    /// E[v | h]; of bits p(v = 1 | h).
    ///
    /// @param h (n, hidden)
    /// @return (n, visible)
    public Tensor visibleGivenHidden(Ops f, Tensor h) {
        return units.mean(f, h, weights, visibleBias);
    }

    /// A draw of h given v.
    ///
    /// @param v (n, visible)
    /// @return (n, hidden), bits
    public Tensor drawHidden(Ops f, Tensor v, Draw draw) {
        return f.bernoulliLinear(units.seen(f, v), weights, hiddenBias, draw);
    }

    /// A draw of v given h.
    ///
    /// @param h (n, hidden)
    /// @return (n, visible)
    public Tensor drawVisible(Ops f, Tensor h, Draw draw) {
        return units.draw(f, h, weights, visibleBias, draw);
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
