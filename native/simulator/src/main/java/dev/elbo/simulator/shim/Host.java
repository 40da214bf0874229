package dev.elbo.simulator.shim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The memory of this process, by address, as C sees it. The callers' pointers are trusted, as C trusts them.
public final class Host {
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Host() {}

    /// `bytes` bytes from `address` on.
    public static MemorySegment at(long address, long bytes) {
        return ALL.asSlice(address, bytes);
    }

    public static int getInt(long address) {
        return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, address);
    }

    public static void putInt(long address, int value) {
        ALL.set(ValueLayout.JAVA_INT_UNALIGNED, address, value);
    }

    public static long getLong(long address) {
        return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
    }

    public static void putLong(long address, long value) {
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, address, value);
    }

    public static float getFloat(long address) {
        return ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address);
    }

    public static void putFloat(long address, float value) {
        ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address, value);
    }

    public static double getDouble(long address) {
        return ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, address);
    }

    public static byte[] bytes(long address, long count) {
        return at(address, count).toArray(ValueLayout.JAVA_BYTE);
    }

    /// The text up to its zero byte.
    public static String getString(long address) {
        return ALL.getString(address);
    }

    /// Writes a text and its zero byte, cut to fit.
    ///
    /// @param capacity bytes that may be written
    public static void putString(long address, long capacity, String text) {
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        if (capacity <= 0) return;
        int length = (int) Math.min(bytes.length, capacity - 1);
        MemorySegment.copy(bytes, 0, ALL, ValueLayout.JAVA_BYTE, address, length);
        ALL.set(ValueLayout.JAVA_BYTE, address + length, (byte) 0);
    }
}
