package dev.elbo.runtime.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/// An array as a file holds it: element type, extents, and little-endian row-major bytes.
///
/// @param type  what an element is
/// @param shape extents, outermost first; empty for a single value
/// @param data  borrowed; exactly `size()` elements
public record StoredArray(ElementType type, List<Long> shape, MemorySegment data) {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// Checks that bytes and extents agree.
    public StoredArray {
        shape = List.copyOf(shape);
        long bytes = Math.multiplyExact(size(shape), (long) type.bytes());
        if (bytes != data.byteSize()) {
            throw new IllegalArgumentException("StoredArray: bytes do not fit the shape; type=" + type + ", shape="
                    + shape + ", expected=" + bytes + ", actual=" + data.byteSize());
        }
    }

    /// An f32 array on the heap's copy of `values`.
    public static StoredArray of(List<Long> shape, float... values) {
        MemorySegment data = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, Float.BYTES)]);
        for (int i = 0; i < values.length; i++) {
            data.setAtIndex(FLOAT, i, values[i]);
        }
        return new StoredArray(ElementType.F32, shape, data);
    }

    /// An i64 array on the heap's copy of `values`.
    public static StoredArray of(List<Long> shape, long... values) {
        MemorySegment data = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, Long.BYTES)]);
        for (int i = 0; i < values.length; i++) {
            data.setAtIndex(LONG, i, values[i]);
        }
        return new StoredArray(ElementType.I64, shape, data);
    }

    /// Number of elements.
    public long size() {
        return size(shape);
    }

    /// A copy of an f32 array's values.
    ///
    /// @throws IllegalStateException when the elements are of another type
    public float[] toFloats() {
        require(ElementType.F32);
        float[] values = new float[Math.toIntExact(size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = data.getAtIndex(FLOAT, i);
        }
        return values;
    }

    /// A copy of an i64 array's values.
    ///
    /// @throws IllegalStateException when the elements are of another type
    public long[] toLongs() {
        require(ElementType.I64);
        long[] values = new long[Math.toIntExact(size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = data.getAtIndex(LONG, i);
        }
        return values;
    }

    /// The number of elements of extents `shape`.
    ///
    /// @throws ArithmeticException beyond 2⁶³ − 1
    static long size(List<Long> shape) {
        return shape.stream().reduce(1L, Math::multiplyExact);
    }

    private void require(ElementType wanted) {
        if (type != wanted) {
            throw new IllegalStateException("StoredArray: other element type; wanted=" + wanted + ", actual=" + type);
        }
    }
}
