package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Optimizers over one contiguous range of parameters, in place.
public interface UpdateMath {
    /// Adam with decoupled weight decay.
    ///
    /// ```
    /// g = scale · gradient
    /// m = β₁ m + (1 − β₁) g             fma(β₁, m, (1 − β₁) · g)
    /// v = β₂ v + (1 − β₂) g²            fma(β₂, v, (1 − β₂) · g · g), from the left
    /// u = (m · c₁) / (√(v · c₂) + ε)    cₖ = 1 / (1 − βₖᵗ), from the caller
    /// p = p − rate · (u + decay · p)    fma(−rate, fma(decay, p, u), p)
    /// ```
    ///
    /// @param scale of the gradient: 1, or what clipping leaves of it
    void adam(
            MemorySegment parameters,
            MemorySegment gradient,
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
            float decay);

    /// Gradient descent with heavy-ball momentum: v = momentum · v + scale · gradient, p = p − rate · v, both
    /// fused.
    void sgd(
            MemorySegment parameters,
            MemorySegment gradient,
            MemorySegment velocity,
            long from,
            long to,
            float scale,
            float rate,
            float momentum);
}
