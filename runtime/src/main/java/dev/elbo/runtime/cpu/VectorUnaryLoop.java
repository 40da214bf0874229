package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.contribute;
import static dev.elbo.runtime.cpu.Lanes.get;
import static dev.elbo.runtime.cpu.Lanes.put;
import static dev.elbo.runtime.cpu.Lanes.upTo;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Template of [LoopCopies].
final class VectorUnaryLoop implements UnaryLoop {
    private static final VectorUnary F = LoopCopies.function(MethodHandles.lookup(), VectorUnary.class);
    private static final boolean READS_X = Unary.valueOf(F.name()).readsX();
    private static final boolean READS_Y = Unary.valueOf(F.name()).readsY();

    @Override
    public void forward(float parameter, MemorySegment x, MemorySegment y, long from, long to) {
        long e = from;
        for (; e <= to - WIDTH; e += WIDTH) {
            put(F.value(get(x, e), parameter), y, e);
        }
        if (e < to) {
            forwardTail(parameter, x, y, e, to - e);
        }
    }

    private void forwardTail(float parameter, MemorySegment x, MemorySegment y, long e, long left) {
        VectorMask<Float> mask = upTo(left);
        put(F.value(get(x, e, mask), parameter), y, e, mask);
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
        long e = from;
        for (; e <= to - WIDTH; e += WIDTH) {
            FloatVector d = get(dy, e);
            FloatVector in = READS_X ? get(x, e) : d;
            FloatVector out = READS_Y ? get(y, e) : d;
            contribute(F.gradient(in, out, d, parameter), dx, e, first);
        }
        if (e < to) {
            pullbackTail(parameter, x, y, dy, dx, e, to - e, first);
        }
    }

    private void pullbackTail(
            float parameter,
            MemorySegment x,
            MemorySegment y,
            MemorySegment dy,
            MemorySegment dx,
            long e,
            long left,
            boolean first) {
        VectorMask<Float> mask = upTo(left);
        FloatVector d = get(dy, e, mask);
        FloatVector in = READS_X ? get(x, e, mask) : d;
        FloatVector out = READS_Y ? get(y, e, mask) : d;
        contribute(F.gradient(in, out, d, parameter), dx, e, first, mask);
    }
}
