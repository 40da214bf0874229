package dev.elbo.simulator.ptx;

import java.util.HashMap;
import java.util.Map;

/// A fundamental type of PTX.
public enum ScalarType {
    PRED("pred", 0),
    B8("b8", 1),
    U8("u8", 1),
    S8("s8", 1),
    B16("b16", 2),
    U16("u16", 2),
    S16("s16", 2),
    F16("f16", 2),
    BF16("bf16", 2),
    B32("b32", 4),
    U32("u32", 4),
    S32("s32", 4),
    F32("f32", 4),
    F16X2("f16x2", 4),
    BF16X2("bf16x2", 4),
    TF32("tf32", 4),
    B64("b64", 8),
    U64("u64", 8),
    S64("s64", 8),
    F64("f64", 8);

    private static final Map<String, ScalarType> BY_NAME = new HashMap<>();

    static {
        for (ScalarType type : values()) {
            BY_NAME.put(type.ptx, type);
        }
    }

    private final String ptx;
    private final int bytes;

    ScalarType(String ptx, int bytes) {
        this.ptx = ptx;
        this.bytes = bytes;
    }

    /// The type of that name without its dot, or null.
    public static ScalarType of(String name) {
        return BY_NAME.get(name);
    }

    /// Bytes in memory; 0 for predicates, which have none.
    public int bytes() {
        return bytes;
    }

    public boolean signed() {
        return this == S8 || this == S16 || this == S32 || this == S64;
    }

    public boolean floating() {
        return switch (this) {
            case F16, BF16, F32, F16X2, BF16X2, TF32, F64 -> true;
            default -> false;
        };
    }

    @Override
    public String toString() {
        return ptx;
    }
}
