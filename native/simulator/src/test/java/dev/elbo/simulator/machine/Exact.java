package dev.elbo.simulator.machine;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.Map;

/// A binary floating-point format, and how an exact number is rounded to it: by its definition, in decimals without
/// end.
enum Exact {
    F16(11, -14, 15),
    BF16(8, -126, 127),
    F32(24, -126, 127),
    F64(53, -1022, 1023);

    private static final Map<Integer, BigDecimal> POWERS = new HashMap<>();

    private final int precision;
    private final int smallest;
    private final int largest;

    Exact(int precision, int smallest, int largest) {
        this.precision = precision;
        this.smallest = smallest;
        this.largest = largest;
    }

    static RoundingMode mode(String name) {
        return switch (name) {
            case "rz" -> RoundingMode.DOWN;
            case "rm" -> RoundingMode.FLOOR;
            case "rp" -> RoundingMode.CEILING;
            default -> RoundingMode.HALF_EVEN;
        };
    }

    static BigDecimal of(double x) {
        return new BigDecimal(x);
    }

    /// The value of this format that `exact` rounds to; a zero has its sign.
    double round(BigDecimal exact, RoundingMode mode) {
        if (exact.signum() == 0) {
            return 0;
        }
        int exponent = Math.max(exponent(exact), smallest);
        int unit = exponent - precision + 1;
        BigDecimal rounded = exact.multiply(power(-unit)).setScale(0, mode).multiply(power(unit));
        if (rounded.abs().compareTo(power(largest + 1)) >= 0) {
            boolean towardsZero = mode == RoundingMode.DOWN
                    || mode == (exact.signum() > 0 ? RoundingMode.FLOOR : RoundingMode.CEILING);
            BigDecimal most = power(largest + 1).subtract(power(largest - precision + 1));
            return exact.signum() * (towardsZero ? most.doubleValue() : Double.POSITIVE_INFINITY);
        }
        return Math.copySign(rounded.doubleValue(), exact.signum());
    }

    private static int exponent(BigDecimal x) {
        BigDecimal magnitude = x.abs();
        int e = (int) Math.floor((magnitude.precision() - magnitude.scale()) * 3.3219280948873623);
        while (power(e).compareTo(magnitude) > 0) {
            e--;
        }
        while (power(e + 1).compareTo(magnitude) <= 0) {
            e++;
        }
        return e;
    }

    private static BigDecimal power(int exponent) {
        return POWERS.computeIfAbsent(exponent, e -> {
            BigDecimal power = new BigDecimal(BigInteger.TWO.pow(Math.abs(e)));
            return e >= 0 ? power : BigDecimal.ONE.divide(power);
        });
    }

    /// The bits of a value of this format; NaN as hardware writes it.
    long bits(double value) {
        if (Double.isNaN(value)) {
            return switch (this) {
                case F16, BF16 -> 0x7fff;
                case F32 -> 0x7fff_ffff;
                case F64 -> 0xfff8_0000_0000_0000L;
            };
        }
        return switch (this) {
            case F16 -> Float.floatToFloat16((float) value) & 0xffff;
            case BF16 -> Float.floatToRawIntBits((float) value) >>> 16;
            case F32 -> Float.floatToRawIntBits((float) value) & 0xffff_ffffL;
            case F64 -> Double.doubleToRawLongBits(value);
        };
    }

    /// The value of bits of this format.
    double value(long bits) {
        return switch (this) {
            case F16 -> Float.float16ToFloat((short) bits);
            case BF16 -> Float.intBitsToFloat((int) bits << 16);
            case F32 -> Float.intBitsToFloat((int) bits);
            case F64 -> Double.longBitsToDouble(bits);
        };
    }

    /// Type of a register that holds it.
    String register() {
        return switch (this) {
            case F16, BF16 -> "b16";
            case F32 -> "b32";
            case F64 -> "b64";
        };
    }

    boolean subnormal(double value) {
        return value != 0 && Math.abs(value) < Math.scalb(1.0, smallest);
    }

    /// Edge values.
    long[] edges() {
        return switch (this) {
            case F16 ->
                new long[] {
                    0, 0x8000, 1, 0x8001, 0x3ff, 0x400, 0x3c00, 0xbc00, 0x3c01, 0x3bff, 0x4248, 0x1400, 0x7bff, 0xfbff,
                    0x7c00, 0xfc00, 0x7e00, 0x6400, 0x6801
                };
            case BF16 ->
                new long[] {
                    0, 0x8000, 1, 0x8001, 0x7f, 0x80, 0x3f80, 0xbf80, 0x3f81, 0x3f7f, 0x4049, 0x3b80, 0x7f7f, 0xff7f,
                    0x7f80, 0xff80, 0x7fc0, 0x4380, 0x4301
                };
            case F32 -> Edges.floats();
            case F64 -> Edges.doubles();
        };
    }
}
