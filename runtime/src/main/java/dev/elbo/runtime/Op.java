package dev.elbo.runtime;

import java.util.List;

/// One operation: its formula, its work on each device and its pullback, in one file.
///
/// `forward` overwrites a tensor it takes from the memory it is given; `pullback` writes into gradients that somebody
/// else owns. Both only bind launches to the device of their arguments, so they can be recorded. A pullback may
/// overwrite `dy`, which nobody reads after it.
///
/// An operation is a pure function of its arguments and of its own record components, which are configuration.
public interface Op {
    /// Name in messages and profiles, `logSumExpRows`.
    default String name() {
        String type = getClass().getSimpleName();
        return Character.toLowerCase(type.charAt(0)) + type.substring(1);
    }

    /// y = f(x).
    interface Unary extends Op {
        /// @return f(x), from `memory`
        Tensor forward(Tensor x, Memory memory);

        /// @param y  what `forward` returned
        /// @param dy ∂loss/∂y, shape of y; may be overwritten
        /// @param dx ∂loss/∂x, shape of x; overwritten by the first to touch it, else added into
        void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx);

        /// What a tape calls. Overridden where the pullback can do without the elements of ∂loss/∂y, see [Gradient].
        ///
        /// @param y  what `forward` returned
        /// @param dy ∂loss/∂y; not used afterwards
        /// @param dx ∂loss/∂x
        default void pullback(Tensor x, Tensor y, Gradient dy, Gradient dx) {
            pullback(x, y, dy.into(), dx);
        }
    }

    /// y = f(a, b).
    interface Binary extends Op {
        /// @return f(a, b), from `memory`
        Tensor forward(Tensor a, Tensor b, Memory memory);

        /// @param y  what `forward` returned
        /// @param dy ∂loss/∂y, shape of y; may be overwritten
        /// @param da ∂loss/∂a, shape of a; written only if wanted
        /// @param db ∂loss/∂b, shape of b; written only if wanted
        void pullback(Tensor a, Tensor b, Tensor y, Tensor dy, Gradient da, Gradient db);

        /// What a tape calls. Overridden where the pullback can do without the elements of ∂loss/∂y, see [Gradient].
        ///
        /// @param y  what `forward` returned
        /// @param dy ∂loss/∂y; not used afterwards
        /// @param da ∂loss/∂a; written only if wanted
        /// @param db ∂loss/∂b; written only if wanted
        default void pullback(Tensor a, Tensor b, Tensor y, Gradient dy, Gradient da, Gradient db) {
            pullback(a, b, y, dy.into(), da, db);
        }
    }

    /// y = f(a, b, c).
    interface Ternary extends Op {
        /// @return f(a, b, c), from `memory`
        Tensor forward(Tensor a, Tensor b, Tensor c, Memory memory);

        /// @param y  what `forward` returned
        /// @param dy ∂loss/∂y, shape of y; may be overwritten
        /// @param da ∂loss/∂a, shape of a; written only if wanted
        /// @param db ∂loss/∂b, shape of b; written only if wanted
        /// @param dc ∂loss/∂c, shape of c; written only if wanted
        void pullback(Tensor a, Tensor b, Tensor c, Tensor y, Tensor dy, Gradient da, Gradient db, Gradient dc);

        /// What a tape calls. Overridden where the pullback can do without the elements of ∂loss/∂y, see [Gradient].
        ///
        /// @param y  what `forward` returned
        /// @param dy ∂loss/∂y; not used afterwards
        /// @param da ∂loss/∂a; written only if wanted
        /// @param db ∂loss/∂b; written only if wanted
        /// @param dc ∂loss/∂c; written only if wanted
        default void pullback(
                Tensor a, Tensor b, Tensor c, Tensor y, Gradient dy, Gradient da, Gradient db, Gradient dc) {
            pullback(a, b, c, y, dy.into(), da, db, dc);
        }
    }

    /// (y₁, y₂, …) = f(x₁, x₂, …): several results of one launch.
    interface Joint extends Op {
        /// @return the results, from `memory`
        List<Tensor> forward(List<Tensor> x, Memory memory);

        /// @param y  what `forward` returned
        /// @param dy ∂loss/∂yₖ, shape of yₖ; not wanted where the loss does not depend on it; may
        ///           be overwritten
        /// @param dx ∂loss/∂xₖ, shape of xₖ; written only if wanted
        void pullback(List<Tensor> x, List<Tensor> y, List<Gradient> dy, List<Gradient> dx);
    }
}
