package dev.elbo.runtime.file;

import java.util.Optional;
import java.util.stream.Stream;

/// What one element of a stored array is, and how safetensors and numpy spell it.
public enum ElementType {
    /// 32-bit float.
    F32(4, "F32", "<f4"),
    /// 64-bit float.
    F64(8, "F64", "<f8"),
    /// 64-bit signed integer.
    I64(8, "I64", "<i8"),
    /// 32-bit signed integer.
    I32(4, "I32", "<i4"),
    /// 32-bit unsigned integer.
    U32(4, "U32", "<u4"),
    /// Byte, 0 to 255.
    U8(1, "U8", "|u1"),
    /// Truth value, one byte.
    BOOL(1, "BOOL", "|b1");

    private final int bytes;
    private final String safetensors;
    private final String numpy;

    ElementType(int bytes, String safetensors, String numpy) {
        this.bytes = bytes;
        this.safetensors = safetensors;
        this.numpy = numpy;
    }

    /// Size of one element in bytes.
    public int bytes() {
        return bytes;
    }

    String safetensors() {
        return safetensors;
    }

    String numpy() {
        return numpy;
    }

    static Optional<ElementType> ofSafetensors(String name) {
        return Stream.of(values()).filter(type -> type.safetensors.equals(name)).findFirst();
    }

    /// Byte order means nothing for single bytes: numpy writes `|u1`, others `<u1`.
    static Optional<ElementType> ofNumpy(String name) {
        String canonical = name.length() == 3 && name.endsWith("1") ? "|" + name.substring(1) : name;
        return Stream.of(values()).filter(type -> type.numpy.equals(canonical)).findFirst();
    }
}
