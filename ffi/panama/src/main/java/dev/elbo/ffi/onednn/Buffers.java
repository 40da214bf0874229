package dev.elbo.ffi.onednn;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/// f32 buffers: whether they may be handed to C, and the plain loops over them.
final class Buffers {
    private Buffers() {}

    /// Refuses what oneDNN would read or write out of bounds.
    ///
    /// @return `data`
    static MemorySegment check(String name, MemorySegment data, long bytes) {
        if (!data.isNative() || data.byteSize() < bytes || data.address() % Float.BYTES != 0) {
            throw new IllegalArgumentException(name + ": needs native, f32-aligned memory of " + bytes
                    + " bytes; bytes=" + data.byteSize() + ", native=" + data.isNative() + ", address="
                    + Long.toHexString(data.address()));
        }
        return data;
    }

    /// `y[i] += x[i]` for i in [0, count), from byte offsets.
    static void add(MemorySegment x, long offsetX, MemorySegment y, long offsetY, long count) {
        for (long i = 0; i < count; i++) {
            long at = offsetY + i * Float.BYTES;
            y.set(JAVA_FLOAT, at, y.get(JAVA_FLOAT, at) + x.get(JAVA_FLOAT, offsetX + i * Float.BYTES));
        }
    }

    /// `y[i] = x[i]` for i in [0, count), from byte offsets.
    static void copy(MemorySegment x, long offsetX, MemorySegment y, long offsetY, long count) {
        MemorySegment.copy(x, offsetX, y, offsetY, count * Float.BYTES);
    }

    /// `y[i] += value` for i in [0, count), from a byte offset.
    static void add(float value, MemorySegment y, long offsetY, long count) {
        for (long i = 0; i < count; i++) {
            long at = offsetY + i * Float.BYTES;
            y.set(JAVA_FLOAT, at, y.get(JAVA_FLOAT, at) + value);
        }
    }
}
