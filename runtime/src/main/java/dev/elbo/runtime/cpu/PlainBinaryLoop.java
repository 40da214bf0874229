package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;

/// Template of [LoopCopies].
final class PlainBinaryLoop implements BinaryLoop {
    private static final Binary F = LoopCopies.function(MethodHandles.lookup(), Binary.class);

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
            case VALUE -> {
                for (long k = 0; k < length; k++) {
                    put(out, at + k, F.value(get(a, aAt + k), get(b, bAt + k)));
                }
            }
            case GRADIENT_OF_A -> {
                for (long k = 0; k < length; k++) {
                    float g = F.gradientOfA(get(a, aAt + k), get(b, bAt + k), get(dy, at + k));
                    contribute(out, at + k, g, first);
                }
            }
            case GRADIENT_OF_B -> {
                for (long k = 0; k < length; k++) {
                    float g = F.gradientOfB(get(a, aAt + k), get(b, bAt + k), get(dy, at + k));
                    contribute(out, at + k, g, first);
                }
            }
        }
    }
}
