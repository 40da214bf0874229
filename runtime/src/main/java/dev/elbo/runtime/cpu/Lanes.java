package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The vectors of the machine, and how they meet memory. What is past the end of a run is masked: loaded as 0,
/// never stored.
final class Lanes {
    /// As wide as the machine likes, but no wider than the sixteen accumulators of a sum.
    static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED.length() > Scratch.LANES
            ? FloatVector.SPECIES_512
            : FloatVector.SPECIES_PREFERRED;

    /// Floats of a vector.
    static final int WIDTH = F.length();

    static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());

    static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());

    /// Moves the upper half of the lanes down.
    static final VectorShuffle<Float> UPPER = VectorShuffle.iota(F, WIDTH / 2, 1, true);

    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private Lanes() {}

    static FloatVector get(MemorySegment x, long e) {
        return FloatVector.fromMemorySegment(F, x, e << 2, ORDER);
    }

    static FloatVector get(MemorySegment x, long e, VectorMask<Float> mask) {
        return FloatVector.fromMemorySegment(F, x, e << 2, ORDER, mask);
    }

    static void put(FloatVector v, MemorySegment y, long e) {
        v.intoMemorySegment(y, e << 2, ORDER);
    }

    static void put(FloatVector v, MemorySegment y, long e, VectorMask<Float> mask) {
        v.intoMemorySegment(y, e << 2, ORDER, mask);
    }

    /// Overwrites if `first`, else adds.
    static void contribute(FloatVector v, MemorySegment y, long e, boolean first) {
        put(first ? v : get(y, e).add(v), y, e);
    }

    static void contribute(FloatVector v, MemorySegment y, long e, boolean first, VectorMask<Float> mask) {
        put(first ? v : get(y, e, mask).add(v), y, e, mask);
    }

    /// The first `left` lanes.
    static VectorMask<Float> upTo(long left) {
        return F.indexInRange(0, left);
    }

    static FloatVector all(float value) {
        return FloatVector.broadcast(F, value);
    }

    /// The lower half of the lanes, in f64.
    static DoubleVector lower(FloatVector v) {
        return (DoubleVector) v.convertShape(VectorOperators.F2D, D, 0);
    }

    /// The upper half of the lanes, in f64.
    static DoubleVector upper(FloatVector v) {
        return lower(v.rearrange(UPPER));
    }
}
