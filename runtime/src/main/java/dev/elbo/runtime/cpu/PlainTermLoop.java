package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;

/// Template of [LoopCopies].
final class PlainTermLoop implements TermLoop {
    private static final Term F = LoopCopies.function(MethodHandles.lookup(), Term.class);
    private static final boolean READS_2 = F.arity() >= 2;
    private static final boolean READS_3 = F.arity() >= 3;

    @Override
    public double sum(
            MemorySegment x1, long start1, MemorySegment x2, long start2, MemorySegment x3, long start3, long length) {
        double[] sums = Scratch.ofThread().zeroedSums();
        for (long e = 0; e < length; e++) {
            float second = READS_2 ? get(x2, start2 + e) : 0.0f;
            float third = READS_3 ? get(x3, start3 + e) : 0.0f;
            sums[(int) e & Scratch.LANES - 1] += F.value(get(x1, start1 + e), second, third);
        }
        return Scratch.tree(sums);
    }

    @Override
    public void pullback(
            int argument,
            float dy,
            MemorySegment x1,
            long start1,
            MemorySegment x2,
            long start2,
            MemorySegment x3,
            long start3,
            MemorySegment dx,
            long at,
            long length,
            boolean first) {
        for (long e = 0; e < length; e++) {
            float second = READS_2 ? get(x2, start2 + e) : 0.0f;
            float third = READS_3 ? get(x3, start3 + e) : 0.0f;
            contribute(dx, at + e, F.gradient(argument, get(x1, start1 + e), second, third, dy), first);
        }
    }
}
