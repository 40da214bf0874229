package dev.elbo.models.adversarial;

import dev.elbo.models.layers.Dense;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Statistic;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Assign;
import dev.elbo.runtime.random.Purpose;

/// A matrix over its largest singular value (Miyato et al. 2018, arXiv:1802.05957): a linear map that
/// stretches nothing.
///
/// ```
/// v = Wᵀu / ‖Wᵀu‖        u = Wv / ‖Wv‖             one step of the power iteration each turn, from where it was
/// σ = uᵀ W v             W / σ                     u and v are constants to the gradient, so ∂σ/∂W = u vᵀ
/// ```
///
/// W changes little from turn to turn, and u with it: one step is enough to follow. u is part of a checkpoint.
public final class Spectral {
    /// So that a weight of zeros stays one.
    private static final float SMALLEST = 1e-12f;

    private Spectral() {}

    /// Where the power iteration of a matrix of so many rows begins.
    ///
    /// @param init   where the draw comes from
    /// @param memory holds it
    /// @return u, (1, rows)
    public static Statistic start(int rows, Clock init, Memory memory) {
        Ops f = Ops.plain(memory);
        return new Statistic(unit(f, f.normals(Shape.of(1, rows), init.next(Purpose.INITIALISE))));
    }

    /// W / σ.
    ///
    /// @param weight  W, (rows, cols)
    /// @param u       (1, rows), overwritten if `advance`
    /// @param advance whether the step of the power iteration is kept
    /// @return (rows, cols)
    public static Tensor normalised(Ops f, Tensor weight, Statistic u, boolean advance) {
        Ops plain = f.detached();
        Tensor v = unit(plain, plain.product(u.value(), weight));
        Tensor next = unit(plain, plain.product(v, false, weight, true));
        if (advance) {
            Assign.bind(next, u.value());
        }
        Tensor sigma = f.product(f.product(next, weight), false, v, true);
        return f.divide(weight, f.plus(sigma, f.constant(Shape.of(1), SMALLEST)));
    }

    /// A layer whose weight is divided by its norm.
    ///
    /// @param u       (1, inputs), overwritten if `advance`
    /// @param advance whether the step of the power iteration is kept
    public static Dense normalised(Ops f, Dense layer, Statistic u, boolean advance) {
        return new Dense(normalised(f, layer.weight(), u, advance), layer.bias(), layer.activation());
    }

    private static Tensor unit(Ops f, Tensor x) {
        Tensor square = f.plus(f.sum(f.square(x)), f.constant(Shape.of(1), SMALLEST));
        return f.divide(x, f.sqrt(square));
    }
}
