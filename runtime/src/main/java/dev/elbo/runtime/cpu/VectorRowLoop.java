package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.all;
import static dev.elbo.runtime.cpu.Lanes.contribute;
import static dev.elbo.runtime.cpu.Lanes.get;
import static dev.elbo.runtime.cpu.Lanes.upTo;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Template of [LoopCopies].
final class VectorRowLoop implements RowLoop {
    private static final VectorRowMap F = LoopCopies.function(MethodHandles.lookup(), VectorRowMap.class);
    private static final boolean READS_U = RowMap.valueOf(F.name()).arity() >= 1;
    private static final boolean READS_V = RowMap.valueOf(F.name()).arity() >= 2;
    private static final boolean READS_W = RowMap.valueOf(F.name()).arity() >= 3;

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
        long k = 0;
        for (; k <= length - WIDTH; k += WIDTH) {
            FloatVector one = READS_U ? get(u, uAt + k) : all(0.0f);
            FloatVector two = READS_V ? get(v, vAt + k) : one;
            FloatVector three = READS_W ? get(w, wAt + k) : one;
            contribute(F.value(one, two, three, s, t), y, at + k, first);
        }
        if (k < length) {
            tail(u, uAt + k, v, vAt + k, w, wAt + k, s, t, y, at + k, length - k, first);
        }
    }

    private void tail(
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
            long left,
            boolean first) {
        VectorMask<Float> mask = upTo(left);
        FloatVector one = READS_U ? get(u, uAt, mask) : all(0.0f);
        FloatVector two = READS_V ? get(v, vAt, mask) : one;
        FloatVector three = READS_W ? get(w, wAt, mask) : one;
        contribute(F.value(one, two, three, s, t), y, at, first, mask);
    }
}
