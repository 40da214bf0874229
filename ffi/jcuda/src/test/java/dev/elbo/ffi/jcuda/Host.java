package dev.elbo.ffi.jcuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/// Memory, a stream and a workspace as the host libraries have them.
///
/// @param arena owns everything
record Host(Arena arena) implements AutoCloseable {
    static final long WORKSPACE = 8192;

    static Host open() {
        return new Host(Arena.ofConfined());
    }

    /// Memory that holds `values`, aligned as a device's is.
    MemorySegment upload(float... values) {
        MemorySegment memory = arena.allocate(4L * values.length, 256);
        MemorySegment.copy(values, 0, memory, JAVA_FLOAT, 0, values.length);
        return memory;
    }

    MemorySegment uninitialised(long floats) {
        float[] nan = new float[Math.toIntExact(floats)];
        java.util.Arrays.fill(nan, Float.NaN);
        return upload(nan);
    }

    static float[] download(MemorySegment memory) {
        return memory.toArray(JAVA_FLOAT);
    }

    /// A stream: the host libraries count the calls made on it.
    MemorySegment stream() {
        return arena.allocate(JAVA_INT);
    }

    static int calls(MemorySegment stream) {
        return stream.get(JAVA_INT, 0);
    }

    MemorySegment workspace() {
        return arena.allocate(WORKSPACE, 256);
    }

    /// Whether a library has used the first `bytes` of a workspace, and knows that there are so many.
    static boolean used(MemorySegment workspace, long bytes) {
        return workspace.get(JAVA_BYTE, 0) == 0x5a && workspace.get(JAVA_BYTE, bytes - 1) == 0x5a;
    }

    /// Multiples of 1/8 between -2 and 2: products and short sums of them are exact in f32, tf32 and bf16.
    static float[] eighths(long seed, long size) {
        Random random = new Random(seed);
        float[] values = new float[Math.toIntExact(size)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (random.nextInt(33) - 16) / 8f;
        }
        return values;
    }

    @Override
    public void close() {
        arena.close();
    }
}
