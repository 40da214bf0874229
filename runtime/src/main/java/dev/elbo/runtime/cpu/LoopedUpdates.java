package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// [UpdateMath], handed to a provider's loops.
interface LoopedUpdates extends UpdateMath, Loops {
    @Override
    default void adam(
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
            float decay) {
        updates()
                .adam(
                        parameters,
                        gradient,
                        m,
                        v,
                        from,
                        to,
                        scale,
                        rate,
                        beta1,
                        beta2,
                        correction1,
                        correction2,
                        epsilon,
                        decay);
    }

    @Override
    default void sgd(
            MemorySegment parameters,
            MemorySegment gradient,
            MemorySegment velocity,
            long from,
            long to,
            float scale,
            float rate,
            float momentum) {
        updates().sgd(parameters, gradient, velocity, from, to, scale, rate, momentum);
    }
}
