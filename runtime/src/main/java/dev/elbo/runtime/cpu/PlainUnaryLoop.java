package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;

/// Template of [LoopCopies].
final class PlainUnaryLoop implements UnaryLoop {
    private static final Unary F = LoopCopies.function(MethodHandles.lookup(), Unary.class);
    private static final boolean READS_X = F.readsX();
    private static final boolean READS_Y = F.readsY();

    @Override
    public void forward(float parameter, MemorySegment x, MemorySegment y, long from, long to) {
        for (long e = from; e < to; e++) {
            put(y, e, F.value(get(x, e), parameter));
        }
    }

    @Override
    public void pullback(
            float parameter,
            MemorySegment x,
            MemorySegment y,
            MemorySegment dy,
            MemorySegment dx,
            long from,
            long to,
            boolean first) {
        for (long e = from; e < to; e++) {
            float in = READS_X ? get(x, e) : 0.0f;
            float out = READS_Y ? get(y, e) : 0.0f;
            contribute(dx, e, F.gradient(in, out, get(dy, e), parameter), first);
        }
    }
}
