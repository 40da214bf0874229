package dev.elbo.runtime;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.ffi.NativeException;
import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.ops.Draws;
import dev.elbo.runtime.random.Noise;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongToIntFunction;

/// Whether a machine draws the bits that every machine draws: the first rows of the table in `random/README.md`.
final class RandomBits {
    /// What was tried.
    ///
    /// @param what  in words
    /// @param found the hash that came out, in hexadecimal, or why none did
    /// @param passed whether it is the one written down
    record Check(String what, String found, boolean passed) {}

    static final int COUNT = 1 << 18;
    static final Noise NOISE = new Noise(12_345L | 678L << 32, 7, 0);
    static final long UNIFORMS = 0x3d7003421332b248L;
    static final long NORMALS = 0xdbbb32b1e2abc6d2L;

    private RandomBits() {}

    /// Draws 2¹⁸ uniforms and normals by every provider of this process, and on the first GPU if there is one.
    static List<Check> checkAll() {
        List<Check> checks = new ArrayList<>(check("plain Java", CpuMath.plain()));
        if (CpuMath.best() != CpuMath.plain()) {
            checks.addAll(check("Vector API", CpuMath.best()));
        }
        if (CudaDevice.missing(0).isEmpty()) {
            checks.addAll(checkGpu());
        }
        return checks;
    }

    private static List<Check> checkGpu() {
        try (CudaDevice gpu = CudaDevice.open(0);
                Arena arena = Arena.ofShared()) {
            Memory memory = Memory.of(gpu, "doctor", arena);
            Draw draw = Draw.of(NOISE, memory);
            return results(
                    gpu.toString(),
                    hash(gpu.floats(Draws.uniforms(Shape.of(COUNT), draw, memory))),
                    hash(gpu.floats(Draws.normals(Shape.of(COUNT), draw, memory))));
        } catch (NativeException e) {
            return List.of(new Check("random bits, cuda:0", e.getMessage(), false));
        }
    }

    private static long hash(float[] x) {
        return hash(e -> Float.floatToRawIntBits(x[(int) e]));
    }

    private static List<Check> check(String who, CpuMath math) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment y = arena.allocate(JAVA_FLOAT, COUNT);
            math.uniforms(y, 0, COUNT, NOISE.seed(), NOISE.step(), NOISE.operation());
            long uniforms = hash(y);
            math.normals(y, 0, COUNT, NOISE.seed(), NOISE.step(), NOISE.operation());
            return results(who, uniforms, hash(y));
        }
    }

    private static List<Check> results(String who, long uniforms, long normals) {
        return List.of(
                new Check("random bits, uniforms, " + who, Long.toHexString(uniforms), uniforms == UNIFORMS),
                new Check("random bits, normals, " + who, Long.toHexString(normals), normals == NORMALS));
    }

    private static long hash(MemorySegment y) {
        return hash(e -> y.getAtIndex(JAVA_INT, e));
    }

    /// @param bits of element e
    static long hash(LongToIntFunction bits) {
        long hash = 1469598103934665603L;
        for (long e = 0; e < COUNT; e++) {
            hash = (hash ^ Integer.toUnsignedLong(bits.applyAsInt(e))) * 0x100000001b3L;
        }
        return hash;
    }
}
