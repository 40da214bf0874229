package dev.elbo.simulator.machine;

import dev.elbo.simulator.ptx.ScalarType;

/// The 16-bit floating-point types.
enum NarrowFloat {
    F16,
    BF16;

    /// NaN, as hardware writes it.
    static final int NAN = 0x7fff;

    static NarrowFloat of(ScalarType type) {
        return type == ScalarType.F16 || type == ScalarType.F16X2 ? F16 : BF16;
    }

    float toFloat(int bits) {
        return this == F16 ? Float.float16ToFloat((short) bits) : Float.intBitsToFloat(bits << 16);
    }

    /// The 16 bits for a value `nearest + rest`.
    ///
    /// @param rest anything of the right sign, 0 if `nearest` is exact
    int round(Rounding mode, double nearest, double rest) {
        float odd = Rounding.toOdd(nearest, rest);
        if (Float.isNaN(odd)) {
            return NAN;
        }
        int bits = this == F16 ? Float.floatToFloat16(odd) & 0xffff : nearestBf16(odd);
        if (mode == Rounding.RN) {
            return bits;
        }
        float rounded = toFloat(bits);
        boolean down = mode == Rounding.RM || mode == Rounding.RZ && odd > 0;
        if (rounded == odd || down == rounded < odd) {
            return bits;
        }
        // Bits count magnitudes: towards zero is one less.
        boolean smaller = down == odd > 0;
        return bits + (smaller ? -1 : 1);
    }

    private static int nearestBf16(float odd) {
        int bits = Float.floatToRawIntBits(odd);
        return bits + 0x7fff + (bits >>> 16 & 1) >>> 16;
    }
}
