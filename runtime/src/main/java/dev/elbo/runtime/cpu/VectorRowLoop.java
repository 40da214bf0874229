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
    private static final RowMap SCALAR = RowMap.valueOf(F.name());
    private static final boolean READS_U = SCALAR.arity() >= 1;
    private static final boolean READS_V = SCALAR.arity() >= 2;
    private static final boolean READS_W = SCALAR.arity() >= 3;

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
        // One body for whole vectors and the last: two of them are too much for HotSpot's first compiler where the map
        // is long, and then the loop may never come to the second, in which alone vectors are not boxed.
        for (long k = 0; k < length; k += WIDTH) {
            VectorMask<Float> mask = upTo(length - k);
            FloatVector one = READS_U ? get(u, uAt + k, mask) : all(0.0f);
            FloatVector two = READS_V ? get(v, vAt + k, mask) : one;
            FloatVector three = READS_W ? get(w, wAt + k, mask) : one;
            contribute(F.value(one, two, three, s, t), y, at + k, first, mask);
        }
    }
}
