package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// The loop over the form of Adam that most models train by, in one pass over its four ranges.
interface AdamLoop {
    /// [UpdateMath#adam], ε outside of the root, without weight decay or with a decoupled one.
    void run(
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
            float decay);
}
