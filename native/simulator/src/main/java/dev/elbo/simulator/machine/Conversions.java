package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.FloatLanes.bits;
import static dev.elbo.simulator.machine.FloatLanes.f;
import static dev.elbo.simulator.machine.Lanes.COUNT;

import dev.elbo.simulator.machine.Lanes.L1;
import dev.elbo.simulator.machine.Lanes.LongToWord;
import dev.elbo.simulator.machine.Lanes.W1;
import dev.elbo.simulator.machine.Lanes.WordToLong;
import dev.elbo.simulator.ptx.Operand.Register;
import dev.elbo.simulator.ptx.ScalarType;
import java.util.Map;

/// `cvt`: between integer widths, between integers and floats, and between floats, in every rounding, with saturation.
final class Conversions {
    private Conversions() {}

    /// One lane: the bits of the source, extended to 64 as its type wants, to the bits of the result.
    private interface Scalar {
        long apply(long bits);
    }

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("cvt", Conversions::convert);
    }

    private static Instruction convert(Operation o) {
        String rounding = o.oneOf("rn", "rz", "rm", "rp", "rni", "rzi", "rmi", "rpi", "rna");
        boolean flush = o.took("ftz");
        boolean saturate = o.took("sat");
        boolean relu = o.took("relu");
        ScalarType to = o.type();
        ScalarType from = o.type();
        if (to == ScalarType.F16X2 || to == ScalarType.BF16X2) {
            return pack(o, to, from, rounding, relu);
        }
        if (relu) {
            throw o.unknown();
        }
        Instruction common = saturate || flush ? null : common(o, to, from, rounding);
        return common != null ? common : scalar(o, to, from, scalar(o, to, from, rounding, flush, saturate));
    }

    /// The forms that kernels are full of, as loops of their own.
    private static Instruction common(Operation o, ScalarType to, ScalarType from, String rounding) {
        boolean wideTo = isLong(o, 0, to);
        boolean wideFrom = isLong(o, 1, from);
        if (to.bytes() < 4 || from.bytes() < 4 || wideTo != (to.bytes() == 8) || wideFrom != (from.bytes() == 8)) {
            return null;
        }
        String form = to.toString().replace('b', 'u') + "." + from.toString().replace('b', 'u');
        String whole = (rounding == null ? "" : rounding + ".") + form;
        W1 words = switch (whole) {
            case "u32.u32", "s32.u32", "u32.s32", "s32.s32" -> Conversions::copy;
            case "rn.f32.s32" -> Conversions::floatOfInt;
            case "rn.f32.u32" -> Conversions::floatOfUnsigned;
            case "rzi.s32.f32" -> Conversions::truncate;
            default -> null;
        };
        if (words != null) {
            return Lanes.words(words, o.word(0, to), o.word(1, from));
        }
        WordToLong widen = switch (whole) {
            case "s64.s32", "u64.s32" -> Conversions::extendSigned;
            case "s64.u32", "u64.u32" -> Conversions::extendUnsigned;
            case "f64.f32" -> Conversions::doubleOfFloat;
            case "rn.f64.s32" -> Conversions::doubleOfInt;
            default -> null;
        };
        if (widen != null) {
            return Lanes.widen(widen, o.wide(0, to), o.word(1, from));
        }
        LongToWord cut = switch (whole) {
            case "u32.u64", "s32.u64", "u32.s64", "s32.s64" -> Conversions::cut;
            case "rn.f32.f64" -> Conversions::floatOfDouble;
            default -> null;
        };
        return cut == null ? null : Lanes.cut(cut, o.word(0, to), o.wide(1, from));
    }

    private static boolean isLong(Operation o, int i, ScalarType type) {
        return o.operand(i) instanceof Register register ? register.type().bytes() == 8 : type.bytes() == 8;
    }

    /// Registers may be wider than the types: results are then extended, sources cut.
    private static Instruction scalar(Operation o, ScalarType to, ScalarType from, Scalar scalar) {
        boolean wideTo = isLong(o, 0, to);
        boolean wideFrom = isLong(o, 1, from);
        int kept = o.operand(0) instanceof Register r && r.type().bytes() == 2 ? 0xffff : -1;
        if (wideFrom) {
            int a = o.wide(1, from);
            return wideTo
                    ? Lanes.longs(
                            (L1) (d, x) -> {
                                for (int i = 0; i < COUNT; i++) {
                                    d[i] = scalar.apply(extend(x[i], from));
                                }
                            },
                            o.wide(0, to),
                            a)
                    : Lanes.cut(
                            (LongToWord) (d, x) -> {
                                for (int i = 0; i < COUNT; i++) {
                                    d[i] = (int) scalar.apply(extend(x[i], from)) & kept;
                                }
                            },
                            o.word(0, to),
                            a);
        }
        int a = o.word(1, from);
        return wideTo
                ? Lanes.widen(
                        (WordToLong) (d, x) -> {
                            for (int i = 0; i < COUNT; i++) {
                                d[i] = scalar.apply(extend(x[i], from));
                            }
                        },
                        o.wide(0, to),
                        a)
                : Lanes.words(
                        (W1) (d, x) -> {
                            for (int i = 0; i < COUNT; i++) {
                                d[i] = (int) scalar.apply(extend(x[i], from)) & kept;
                            }
                        },
                        o.word(0, to),
                        a);
    }

    private static long extend(long bits, ScalarType type) {
        return switch (type.bytes()) {
            case 1 -> type.signed() ? (byte) bits : bits & 0xff;
            case 2 -> type.signed() ? (short) bits : bits & 0xffff;
            case 4 -> type.signed() ? (int) bits : bits & 0xffff_ffffL;
            default -> bits;
        };
    }

    private static Scalar scalar(
            Operation o, ScalarType to, ScalarType from, String rounding, boolean flush, boolean saturate) {
        if (!from.floating() && !to.floating()) {
            return saturate
                    ? x -> extend(clampInteger(x, from.signed() || x >= 0 ? x : Long.MAX_VALUE, to), to)
                    : x -> extend(x, to);
        }
        if (!from.floating()) {
            Rounding mode = Rounding.of(rounding);
            return x -> fromInteger(x, from.signed() || from.bytes() < 8, to, mode);
        }
        if (!to.floating()) {
            if (rounding == null || !rounding.endsWith("i")) {
                throw o.unknown();
            }
            return x -> toInteger(decode(x, from, flush), from, to, rounding);
        }
        return x -> toFloat(decode(x, from, flush), from, to, rounding, flush, saturate);
    }

    /// @param x      the bits
    /// @param signed the value they mean, cut off at the largest long
    private static long clampInteger(long x, long signed, ScalarType to) {
        if (to.bytes() == 8) {
            return to.signed() ? signed : Math.max(x < 0 && signed < 0 ? 0 : x, x < 0 && signed > 0 ? x : 0);
        }
        int bits = 8 * to.bytes();
        long least = to.signed() ? -1L << bits - 1 : 0;
        long most = (1L << (to.signed() ? bits - 1 : bits)) - 1;
        return Math.clamp(signed, least, most);
    }

    private static double decode(long bits, ScalarType type, boolean flush) {
        return switch (type) {
            case F16, BF16 -> NarrowFloat.of(type).toFloat((int) bits);
            case F32, TF32 -> f(flush ? FloatArithmetic.flush((int) bits) : (int) bits);
            default -> f(bits);
        };
    }

    /// @param signed whether the long means a signed number; unsigned 64-bit values do not
    private static long fromInteger(long x, boolean signed, ScalarType to, Rounding mode) {
        double nearest = signed || x >= 0 ? (double) x : unsigned(x);
        double rest = restOf(x, nearest, signed || x >= 0);
        return encode(nearest, rest, to, mode);
    }

    private static double unsigned(long x) {
        // Halved with its lost bit kept, so that the conversion rounds as the whole would.
        return 2 * (double) (x >>> 1 | x & 1);
    }

    private static double restOf(long x, double nearest, boolean signed) {
        if (signed) {
            return nearest == 0x1p63 ? (x == Long.MAX_VALUE ? -1 : x - Long.MAX_VALUE - 1) : x - (long) nearest;
        }
        return nearest == 0x1p64 ? -1 : x - ((long) (nearest - 0x1p63) + Long.MIN_VALUE);
    }

    private static long toInteger(double x, ScalarType from, ScalarType to, String rounding) {
        if (Double.isNaN(x)) {
            // PTX: zero, but the one highest bit where a 64-bit type is involved.
            boolean zero = from != ScalarType.F64 && to.bytes() < 8;
            return zero ? 0 : extend(1L << 8 * to.bytes() - 1, to);
        }
        double whole = wholeNumber(x, rounding);
        if (to.bytes() == 8 && !to.signed()) {
            return whole <= 0
                    ? 0
                    : whole >= 0x1p64 ? -1 : whole < 0x1p63 ? (long) whole : (long) (whole - 0x1p63) ^ Long.MIN_VALUE;
        }
        long value = (long) whole;
        return to.bytes() == 8 ? value : extend(clampInteger(value, value, to), to);
    }

    private static double wholeNumber(double x, String rounding) {
        return switch (rounding) {
            case "rni" -> Math.rint(x);
            case "rzi" -> x < 0 ? Math.ceil(x) : Math.floor(x);
            case "rmi" -> Math.floor(x);
            case "rpi" -> Math.ceil(x);
            default -> throw new IllegalArgumentException("no rounding to an integer: " + rounding);
        };
    }

    private static long toFloat(
            double x, ScalarType from, ScalarType to, String rounding, boolean flush, boolean saturate) {
        double value = rounding != null && rounding.endsWith("i") ? wholeNumber(x, rounding) : x;
        if (saturate) {
            value = value > 0 ? Math.min(value, 1) : 0;
        }
        if (to == ScalarType.TF32) {
            return toTf32(value, rounding);
        }
        boolean plain = rounding == null || rounding.endsWith("i");
        long result = encode(value, 0, to, plain ? Rounding.RN : Rounding.of(rounding));
        return flush && to == ScalarType.F32 ? FloatArithmetic.flush((int) result) : result;
    }

    /// The upper 19 bits of an f32: ties away from zero, to even, or cut.
    private static long toTf32(double x, String rounding) {
        int b = bits((float) x);
        if ((b & 0x7f80_0000) == 0x7f80_0000) {
            return b;
        }
        int up = switch (rounding) {
            case "rna" -> 0x1000;
            case "rn" -> 0x0fff + (b >>> 13 & 1);
            default -> 0;
        };
        return b + up & 0xffff_e000;
    }

    private static long encode(double nearest, double rest, ScalarType to, Rounding mode) {
        return switch (to) {
            case F16, BF16 -> NarrowFloat.of(to).round(mode, nearest, rest);
            case F32 -> bits(mode.toFloat(nearest, rest));
            default -> bits(mode.toDouble(nearest, rest));
        };
    }

    /// Two floats to a pair of 16 bits, the first in the upper half.
    private static Instruction pack(Operation o, ScalarType to, ScalarType from, String rounding, boolean relu) {
        if (from != ScalarType.F32) {
            throw o.unknown();
        }
        NarrowFloat narrow = NarrowFloat.of(to);
        Rounding mode = Rounding.of(rounding);
        Lanes.W2 op = (d, a, b) -> {
            for (int i = 0; i < COUNT; i++) {
                float high = relu && f(a[i]) <= 0 ? 0 : f(a[i]);
                float low = relu && f(b[i]) <= 0 ? 0 : f(b[i]);
                d[i] = narrow.round(mode, high, 0) << 16 | narrow.round(mode, low, 0);
            }
        };
        return Lanes.words(op, o.word(0, to), o.word(1, from), o.word(2, from));
    }

    private static void copy(int[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i];
        }
    }

    private static void floatOfInt(int[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Float.floatToRawIntBits(a[i]);
        }
    }

    private static void floatOfUnsigned(int[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Float.floatToRawIntBits(a[i] & 0xffff_ffffL);
        }
    }

    /// A cast in Java clamps, and makes NaN zero, as `cvt` to 32 bits does.
    private static void truncate(int[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = (int) f(a[i]);
        }
    }

    private static void extendSigned(long[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i];
        }
    }

    private static void extendUnsigned(long[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] & 0xffff_ffffL;
        }
    }

    private static void doubleOfFloat(long[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits((double) f(a[i]));
        }
    }

    private static void doubleOfInt(long[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Double.doubleToRawLongBits(a[i]);
        }
    }

    private static void cut(int[] d, long[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = (int) a[i];
        }
    }

    private static void floatOfDouble(int[] d, long[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits((float) f(a[i]));
        }
    }
}
