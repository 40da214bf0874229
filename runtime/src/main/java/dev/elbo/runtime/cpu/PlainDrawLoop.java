package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.put;

import dev.elbo.runtime.random.Draws;
import dev.elbo.runtime.random.Philox;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;

/// Template of [LoopCopies].
final class PlainDrawLoop implements DrawLoop {
    private static final boolean NORMALS = LoopCopies.function(MethodHandles.lookup(), Kind.class) == Kind.NORMALS;

    @Override
    public void run(MemorySegment y, long at, long element, long length, long seed, long step, int operation) {
        int[] words = Scratch.ofThread().words();
        float[] four = Scratch.ofThread().terms();
        for (long k = 0; k < length; k++) {
            long e = element + k;
            int lane = (int) e & 3;
            if (k == 0 || lane == 0) {
                Philox.block(seed, step, operation, (int) (e >>> 2), words);
                if (NORMALS) {
                    Draws.normals(words, four, 0);
                }
            }
            put(y, at + k, NORMALS ? four[lane] : Float.intBitsToFloat(words[lane]));
        }
    }
}
