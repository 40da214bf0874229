package dev.elbo.simulator.library;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// How numbers lie in memory.
public enum NumberType {
    F32(4),
    F64(8),
    F16(2),
    BF16(2),
    I32(4);

    private final int bytes;

    NumberType(int bytes) {
        this.bytes = bytes;
    }

    /// Of one number.
    public int bytes() {
        return bytes;
    }

    /// The number at an index, exact.
    public double get(MemorySegment from, long index) {
        return switch (this) {
            case F32 -> from.get(ValueLayout.JAVA_FLOAT_UNALIGNED, index * 4);
            case F64 -> from.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, index * 8);
            case F16 -> Float.float16ToFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, index * 2));
            case BF16 -> Float.intBitsToFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, index * 2) << 16);
            case I32 -> from.get(ValueLayout.JAVA_INT_UNALIGNED, index * 4);
        };
    }

    /// Writes the nearest number of this type.
    public void put(MemorySegment to, long index, double value) {
        switch (this) {
            case F32 -> to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, index * 4, (float) value);
            case F64 -> to.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, index * 8, value);
            case F16 -> to.set(ValueLayout.JAVA_SHORT_UNALIGNED, index * 2, Float.floatToFloat16((float) value));
            case BF16 ->
                to.set(ValueLayout.JAVA_SHORT_UNALIGNED, index * 2, (short)
                        (Float.floatToRawIntBits(toBf16((float) value)) >>> 16));
            case I32 -> to.set(ValueLayout.JAVA_INT_UNALIGNED, index * 4, (int) value);
        }
    }

    /// The nearest number with 10 bits after the point, ties away from zero: what tensor cores make of an f32.
    public static float toTf32(float value) {
        if (!Float.isFinite(value)) return value;
        return Float.intBitsToFloat((Float.floatToRawIntBits(value) + 0x1000) & ~0x1fff);
    }

    /// The nearest number with 7 bits after the point, ties to even; of a NaN one that its upper half says.
    public static float toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) return Float.intBitsToFloat((bits | 0x40_0000) & 0xffff_0000);
        return Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff_0000);
    }
}
