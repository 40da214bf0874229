package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/// Element access by index, shared by the loops.
final class Floats {
    private Floats() {}

    static float get(MemorySegment x, long e) {
        return x.get(JAVA_FLOAT, e << 2);
    }

    static void put(MemorySegment y, long e, float value) {
        y.set(JAVA_FLOAT, e << 2, value);
    }

    /// Overwrites if `first`, else adds.
    static void contribute(MemorySegment y, long e, float value, boolean first) {
        put(y, e, first ? value : get(y, e) + value);
    }
}
