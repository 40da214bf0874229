package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.contribute;
import static dev.elbo.runtime.cpu.Lanes.get;
import static dev.elbo.runtime.cpu.Lanes.upTo;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.VectorMask;

/// Template of [LoopCopies].
final class VectorBinaryLoop implements BinaryLoop {
    private static final VectorBinary F = LoopCopies.function(MethodHandles.lookup(), VectorBinary.class);

    @Override
    public void run(
            Part part,
            MemorySegment a,
            long aAt,
            MemorySegment b,
            long bAt,
            MemorySegment dy,
            MemorySegment out,
            long at,
            long length,
            boolean first) {
        switch (part) {
            case VALUE -> value(a, aAt, b, bAt, dy, out, at, length, true);
            case GRADIENT_OF_A -> gradientOfA(a, aAt, b, bAt, dy, out, at, length, first);
            case GRADIENT_OF_B -> gradientOfB(a, aAt, b, bAt, dy, out, at, length, first);
        }
    }

    private static void value(
            MemorySegment a,
            long aAt,
            MemorySegment b,
            long bAt,
            MemorySegment dy,
            MemorySegment out,
            long at,
            long length,
            boolean first) {
        long k = 0;
        for (; k <= length - WIDTH; k += WIDTH) {
            contribute(F.value(get(a, aAt + k), get(b, bAt + k)), out, at + k, first);
        }
        if (k < length) {
            VectorMask<Float> mask = upTo(length - k);
            contribute(F.value(get(a, aAt + k, mask), get(b, bAt + k, mask)), out, at + k, first, mask);
        }
    }

    private static void gradientOfA(
            MemorySegment a,
            long aAt,
            MemorySegment b,
            long bAt,
            MemorySegment dy,
            MemorySegment out,
            long at,
            long length,
            boolean first) {
        long k = 0;
        for (; k <= length - WIDTH; k += WIDTH) {
            contribute(F.gradientOfA(get(a, aAt + k), get(b, bAt + k), get(dy, at + k)), out, at + k, first);
        }
        if (k < length) {
            VectorMask<Float> mask = upTo(length - k);
            contribute(
                    F.gradientOfA(get(a, aAt + k, mask), get(b, bAt + k, mask), get(dy, at + k, mask)),
                    out,
                    at + k,
                    first,
                    mask);
        }
    }

    private static void gradientOfB(
            MemorySegment a,
            long aAt,
            MemorySegment b,
            long bAt,
            MemorySegment dy,
            MemorySegment out,
            long at,
            long length,
            boolean first) {
        long k = 0;
        for (; k <= length - WIDTH; k += WIDTH) {
            contribute(F.gradientOfB(get(a, aAt + k), get(b, bAt + k), get(dy, at + k)), out, at + k, first);
        }
        if (k < length) {
            VectorMask<Float> mask = upTo(length - k);
            contribute(
                    F.gradientOfB(get(a, aAt + k, mask), get(b, bAt + k, mask), get(dy, at + k, mask)),
                    out,
                    at + k,
                    first,
                    mask);
        }
    }
}
