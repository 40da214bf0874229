package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;

/// Template of [LoopCopies].
final class PlainRowLoop implements RowLoop {
    private static final RowMap F = LoopCopies.function(MethodHandles.lookup(), RowMap.class);
    private static final boolean READS_U = F.arity() >= 1;
    private static final boolean READS_V = F.arity() >= 2;
    private static final boolean READS_W = F.arity() >= 3;

    @Override
    public void run(
            MemorySegment u,
            long uAt,
            MemorySegment v,
            long vAt,
            MemorySegment w,
            long wAt,
            float s,
            float t,
            MemorySegment y,
            long at,
            long length,
            boolean first) {
        for (long k = 0; k < length; k++) {
            float one = READS_U ? get(u, uAt + k) : 0.0f;
            float two = READS_V ? get(v, vAt + k) : 0.0f;
            float three = READS_W ? get(w, wAt + k) : 0.0f;
            contribute(y, at + k, F.value(one, two, three, s, t), first);
        }
    }
}
