package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Optimizers over one contiguous range of parameters, in place: the twin of `optimize.cu`, rounding where it does.
///
/// ```
/// h = scale · g                     and, where there is weight decay, fma(decay, p, h)
/// ```
///
/// `scale` is 1, or what clipping leaves of the gradient.
public interface UpdateMath {
    /// Gradient descent with heavy-ball momentum.
    ///
    /// ```
    /// u = fma(momentum, u, h)
    /// p = fma(−rate, u, p)              with Nesterov fma(momentum, u, h) in place of u, without momentum h
    /// ```
    ///
    /// @param p parameters
    /// @param g their gradient
    /// @param u velocity, or null without momentum
    void sgd(
            MemorySegment p,
            MemorySegment g,
            MemorySegment u,
            long from,
            long to,
            float scale,
            float rate,
            float momentum,
            boolean nesterov,
            float decay);

    /// RMSProp.
    ///
    /// ```
    /// v = fma(ρ, v, (1 − ρ) · h · h)    from the left
    /// d = h / (√v + ε)
    /// p = fma(−rate, d, p)              with momentum u = fma(momentum, u, d) in place of d
    /// ```
    ///
    /// @param p   parameters
    /// @param g   their gradient
    /// @param v   mean square
    /// @param u   velocity, or null without momentum
    /// @param rho of the mean square
    void rmsProp(
            MemorySegment p,
            MemorySegment g,
            MemorySegment v,
            MemorySegment u,
            long from,
            long to,
            float scale,
            float rate,
            float rho,
            float epsilon,
            float momentum,
            float decay);

    /// Adam.
    ///
    /// ```
    /// m = fma(β₁, m, (1 − β₁) · h)
    /// v = fma(β₂, v, (1 − β₂) · h · h)  from the left
    /// d = (m · c₁) / (√(v · c₂) + ε)    or, with ε inside of the root, (m · c₁) / √(v · c₂ + ε)
    /// p = fma(−rate, d, p)              or, with decoupled decay, fma(decay, p, d) in place of d
    /// ```
    ///
    /// @param p           parameters
    /// @param g           their gradient
    /// @param m           mean
    /// @param v           mean square
    /// @param correction1 c₁ = 1 / (1 − β₁ᵗ)
    /// @param correction2 c₂ = 1 / (1 − β₂ᵗ)
    /// @param inside      whether ε stands inside of the root
    /// @param decoupled   whether weight decay passes the moments by
    void adam(
            MemorySegment p,
            MemorySegment g,
            MemorySegment m,
            MemorySegment v,
            long from,
            long to,
            float scale,
            float rate,
            float beta1,
            float beta2,
            float correction1,
            float correction2,
            float epsilon,
            boolean inside,
            float decay,
            boolean decoupled);
}
