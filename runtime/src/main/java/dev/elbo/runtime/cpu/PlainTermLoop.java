package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;

/// Template of [LoopCopies].
final class PlainTermLoop implements TermLoop {
    private static final Term F = LoopCopies.function(MethodHandles.lookup(), Term.class);
    private static final int ARITY = F.arity();

    @Override
    public double sum(MemorySegment x1, MemorySegment x2, MemorySegment x3, long start, long length) {
        double[] sums = Scratch.ofThread().zeroedSums();
        for (long j = 0; j < length; j++) {
            long e = start + j;
            float second = ARITY > 1 ? get(x2, e) : 0.0f;
            float third = ARITY > 2 ? get(x3, e) : 0.0f;
            sums[(int) j & Scratch.LANES - 1] += F.value(get(x1, e), second, third);
        }
        return Scratch.tree(sums);
    }

    @Override
    public void pullback(
            int argument,
            float scale,
            MemorySegment x1,
            MemorySegment x2,
            MemorySegment x3,
            MemorySegment dx,
            long start,
            long length,
            boolean first) {
        for (long e = start; e < start + length; e++) {
            float second = ARITY > 1 ? get(x2, e) : 0.0f;
            float third = ARITY > 2 ? get(x3, e) : 0.0f;
            contribute(dx, e, scale * F.slope(argument, get(x1, e), second, third), first);
        }
    }
}
