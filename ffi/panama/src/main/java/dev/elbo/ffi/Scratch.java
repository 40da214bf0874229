package dev.elbo.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// One small native segment per thread for what a C function writes through a pointer.
///
/// Valid until the next checked call on the same thread: read it at once, and hand it to nobody. An arena per call
/// would cost a `malloc` and a `free` in each of the calls of a training step.
final class Scratch {
    /// Enough for a `CUlaunchConfig` (56 bytes) and three `CUlaunchAttribute` (72 bytes each).
    private static final long BYTES = 320;

    private static final ThreadLocal<MemorySegment> OF_THREAD =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(BYTES, 16));

    private Scratch() {}

    /// The segment of this thread; what it holds is whatever the last call left.
    static MemorySegment words() {
        return OF_THREAD.get();
    }

    static int firstInt(MemorySegment words) {
        return words.get(JAVA_INT, 0);
    }

    static long firstLong(MemorySegment words) {
        return words.get(JAVA_LONG, 0);
    }

    /// The pointer or handle at the start, with no length and no owner yet.
    static MemorySegment firstHandle(MemorySegment words) {
        return MemorySegment.ofAddress(firstLong(words));
    }
}
