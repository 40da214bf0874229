package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.Lanes.COUNT;

import dev.elbo.simulator.machine.Lanes.L1;
import dev.elbo.simulator.machine.Lanes.L2;
import dev.elbo.simulator.machine.Lanes.L3;
import dev.elbo.simulator.machine.Lanes.W1;
import dev.elbo.simulator.machine.Lanes.W2;
import dev.elbo.simulator.machine.Lanes.W3;
import dev.elbo.simulator.ptx.ScalarType;
import java.util.Map;

/// Integer arithmetic: `add sub mul mad div rem abs neg min max sad dp4a dp2a mul24 mad24`.
///
/// Where an opcode has floating-point forms too, those are handed on to [FloatArithmetic].
final class IntegerArithmetic {
    private IntegerArithmetic() {}

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("add", o -> sum(o, IntegerArithmetic::add, IntegerArithmetic::add));
        families.put("sub", o -> sum(o, IntegerArithmetic::subtract, IntegerArithmetic::subtract));
        families.put("mul", IntegerArithmetic::multiply);
        families.put("mad", IntegerArithmetic::multiplyAdd);
        families.put(
                "div",
                o -> signedOrNot(
                        o,
                        IntegerArithmetic::divide,
                        IntegerArithmetic::divideUnsigned,
                        IntegerArithmetic::divide,
                        IntegerArithmetic::divideUnsigned));
        families.put(
                "rem",
                o -> signedOrNot(
                        o,
                        IntegerArithmetic::remainder,
                        IntegerArithmetic::remainderUnsigned,
                        IntegerArithmetic::remainder,
                        IntegerArithmetic::remainderUnsigned));
        families.put(
                "min",
                o -> signedOrNot(
                        o,
                        IntegerArithmetic::min,
                        IntegerArithmetic::minUnsigned,
                        IntegerArithmetic::min,
                        IntegerArithmetic::minUnsigned));
        families.put(
                "max",
                o -> signedOrNot(
                        o,
                        IntegerArithmetic::max,
                        IntegerArithmetic::maxUnsigned,
                        IntegerArithmetic::max,
                        IntegerArithmetic::maxUnsigned));
        families.put("abs", o -> unary(o, IntegerArithmetic::abs, IntegerArithmetic::abs));
        families.put("neg", o -> unary(o, IntegerArithmetic::negate, IntegerArithmetic::negate));
        families.put("sad", IntegerArithmetic::sumOfDifferences);
        families.put("dp4a", IntegerArithmetic::dotOfBytes);
        families.put("dp2a", IntegerArithmetic::dotOfHalves);
        families.put("mul24", o -> multiply24(o, false));
        families.put("mad24", o -> multiply24(o, true));
    }

    private static Instruction sum(Operation o, W2 words, L2 longs) {
        if (o.took("cc")) {
            return CarryArithmetic.decode(o, true);
        }
        ScalarType type = o.type();
        if (type.floating()) {
            return FloatArithmetic.binary(o, type);
        }
        if (o.took("sat")) {
            boolean add = o.mnemonic().equals("add");
            return Lanes.words(
                    add ? IntegerArithmetic::addSaturating : IntegerArithmetic::subtractSaturating,
                    o.word(0, type),
                    o.word(1, type),
                    o.word(2, type));
        }
        return binary(o, type, words, longs);
    }

    /// @param words for 32 bits, and for 16 through sign or zero extension
    static Instruction binary(Operation o, ScalarType type, W2 words, L2 longs) {
        return switch (type.bytes()) {
            case 8 -> Lanes.longs(longs, o.wide(0, type), o.wide(1, type), o.wide(2, type));
            case 4 -> Lanes.words(words, o.word(0, type), o.word(1, type), o.word(2, type));
            case 2 -> Lanes.words(narrow(words, type.signed()), o.word(0, type), o.word(1, type), o.word(2, type));
            default -> throw o.unknown();
        };
    }

    private static Instruction signedOrNot(Operation o, W2 signed, W2 unsigned, L2 signedLong, L2 unsignedLong) {
        ScalarType type = o.type();
        return type.floating()
                ? FloatArithmetic.binary(o, type)
                : binary(o, type, type.signed() ? signed : unsigned, type.signed() ? signedLong : unsignedLong);
    }

    private static Instruction unary(Operation o, W1 words, L1 longs) {
        ScalarType type = o.type();
        if (type.floating()) {
            return FloatArithmetic.unary(o, type);
        }
        return switch (type.bytes()) {
            case 8 -> Lanes.longs(longs, o.wide(0, type), o.wide(1, type));
            case 4 -> Lanes.words(words, o.word(0, type), o.word(1, type));
            default -> {
                W2 narrow = narrow((d, a, b) -> words.run(d, a), true);
                yield Lanes.words((d, a) -> narrow.run(d, a, a), o.word(0, type), o.word(1, type));
            }
        };
    }

    /// A 32-bit operation on 16-bit values.
    static W2 narrow(W2 words, boolean signed) {
        return (d, a, b) -> {
            words.run(d, extend(a, signed), extend(b, signed));
            for (int i = 0; i < COUNT; i++) {
                d[i] &= 0xffff;
            }
        };
    }

    private static int[] extend(int[] a, boolean signed) {
        int[] wide = new int[COUNT];
        for (int i = 0; i < COUNT; i++) {
            wide[i] = signed ? (short) a[i] : a[i] & 0xffff;
        }
        return wide;
    }

    private static Instruction multiply(Operation o) {
        String part = o.oneOf("lo", "hi", "wide");
        ScalarType type = o.type();
        if (type.floating()) {
            return FloatArithmetic.binary(o, type);
        }
        if (part == null) {
            throw o.unknown();
        }
        boolean signed = type.signed();
        if (part.equals("lo")) {
            return binary(o, type, IntegerArithmetic::multiply, IntegerArithmetic::multiply);
        }
        if (part.equals("hi")) {
            return type.bytes() == 2
                    ? Lanes.words(high16(signed), o.word(0, type), o.word(1, type), o.word(2, type))
                    : binary(
                            o,
                            type,
                            signed ? IntegerArithmetic::multiplyHigh : IntegerArithmetic::multiplyHighUnsigned,
                            signed ? IntegerArithmetic::multiplyHigh : IntegerArithmetic::multiplyHighUnsigned);
        }
        int a = o.word(1, type);
        int b = o.word(2, type);
        if (type.bytes() == 2) {
            return Lanes.words(wide16(signed), o.word(0, ScalarType.B32), a, b);
        }
        return signed
                ? Lanes.longs((w, d) -> wide(d, w.words[a], w.words[b]), o.wide(0, ScalarType.B64))
                : Lanes.longs((w, d) -> wideUnsigned(d, w.words[a], w.words[b]), o.wide(0, ScalarType.B64));
    }

    private static Instruction multiplyAdd(Operation o) {
        if (o.took("cc")) {
            return CarryArithmetic.decode(o, true);
        }
        String part = o.oneOf("lo", "hi", "wide");
        ScalarType type = o.type();
        if (type.floating()) {
            return FloatArithmetic.fused(o, type);
        }
        if (part == null || o.took("sat")) {
            throw o.unknown();
        }
        boolean signed = type.signed();
        if (part.equals("wide")) {
            return wideMultiplyAdd(o, type, signed);
        }
        W2 product = part.equals("lo")
                ? IntegerArithmetic::multiply
                : signed ? IntegerArithmetic::multiplyHigh : IntegerArithmetic::multiplyHighUnsigned;
        if (type.bytes() == 8) {
            L2 wide = part.equals("lo")
                    ? IntegerArithmetic::multiply
                    : signed ? IntegerArithmetic::multiplyHigh : IntegerArithmetic::multiplyHighUnsigned;
            L3 fused = part.equals("lo") ? IntegerArithmetic::multiplyAdd : longsThenAdd(wide);
            return Lanes.longs(fused, o.wide(0, type), o.wide(1, type), o.wide(2, type), o.wide(3, type));
        }
        W3 fused = part.equals("lo") ? IntegerArithmetic::multiplyAdd : wordsThenAdd(product);
        if (type.bytes() == 2) {
            W2 narrow = part.equals("lo") ? narrow(product, signed) : high16(signed);
            fused = (d, a, b, c) -> {
                int[] t = new int[COUNT];
                narrow.run(t, a, b);
                for (int i = 0; i < COUNT; i++) {
                    d[i] = t[i] + c[i] & 0xffff;
                }
            };
        }
        return Lanes.words(fused, o.word(0, type), o.word(1, type), o.word(2, type), o.word(3, type));
    }

    private static Instruction wideMultiplyAdd(Operation o, ScalarType type, boolean signed) {
        int a = o.word(1, type);
        int b = o.word(2, type);
        if (type.bytes() == 2) {
            return Lanes.words(
                    wordsThenAdd(wide16(signed)), o.word(0, ScalarType.B32), a, b, o.word(3, ScalarType.B32));
        }
        int c = o.wide(3, ScalarType.B64);
        return Lanes.longs(
                (w, d) -> {
                    int[] x = w.words[a];
                    int[] y = w.words[b];
                    long[] z = w.longs[c];
                    if (signed) {
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = (long) x[i] * y[i] + z[i];
                        }
                    } else {
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = (x[i] & 0xffff_ffffL) * (y[i] & 0xffff_ffffL) + z[i];
                        }
                    }
                },
                o.wide(0, ScalarType.B64));
    }

    private static W3 wordsThenAdd(W2 product) {
        return (d, a, b, c) -> {
            int[] t = new int[COUNT];
            product.run(t, a, b);
            add(d, t, c);
        };
    }

    private static L3 longsThenAdd(L2 product) {
        return (d, a, b, c) -> {
            long[] t = new long[COUNT];
            product.run(t, a, b);
            add(d, t, c);
        };
    }

    private static Instruction sumOfDifferences(Operation o) {
        ScalarType type = o.type();
        if (type.bytes() != 4) {
            throw o.unknown();
        }
        boolean signed = type.signed();
        W3 op = (d, a, b, c) -> {
            for (int i = 0; i < COUNT; i++) {
                boolean less = signed ? a[i] < b[i] : Integer.compareUnsigned(a[i], b[i]) < 0;
                d[i] = c[i] + (less ? b[i] - a[i] : a[i] - b[i]);
            }
        };
        return Lanes.words(op, o.word(0, type), o.word(1, type), o.word(2, type), o.word(3, type));
    }

    private static Instruction dotOfBytes(Operation o) {
        boolean signedA = o.type().signed();
        boolean signedB = o.type().signed();
        W3 op = (d, a, b, c) -> {
            for (int i = 0; i < COUNT; i++) {
                int sum = c[i];
                for (int shift = 0; shift < 32; shift += 8) {
                    sum += part8(a[i] >>> shift, signedA) * part8(b[i] >>> shift, signedB);
                }
                d[i] = sum;
            }
        };
        return ternary(o, op);
    }

    private static Instruction dotOfHalves(Operation o) {
        int start = o.needs("lo", "hi").equals("lo") ? 0 : 16;
        boolean signedA = o.type().signed();
        boolean signedB = o.type().signed();
        W3 op = (d, a, b, c) -> {
            for (int i = 0; i < COUNT; i++) {
                int low = signedA ? (short) a[i] : a[i] & 0xffff;
                int high = signedA ? a[i] >> 16 : a[i] >>> 16;
                d[i] = c[i] + low * part8(b[i] >>> start, signedB) + high * part8(b[i] >>> start + 8, signedB);
            }
        };
        return ternary(o, op);
    }

    private static Instruction ternary(Operation o, W3 op) {
        ScalarType type = ScalarType.B32;
        return Lanes.words(op, o.word(0, type), o.word(1, type), o.word(2, type), o.word(3, type));
    }

    private static int part8(int bits, boolean signed) {
        return signed ? (byte) bits : bits & 0xff;
    }

    private static Instruction multiply24(Operation o, boolean add) {
        boolean high = o.needs("lo", "hi").equals("hi");
        ScalarType type = o.type();
        boolean signed = type.signed();
        W3 op = (d, a, b, c) -> {
            for (int i = 0; i < COUNT; i++) {
                long x = signed ? a[i] << 8 >> 8 : a[i] & 0xff_ffff;
                long y = signed ? b[i] << 8 >> 8 : b[i] & 0xff_ffff;
                d[i] = (int) (x * y >> (high ? 16 : 0)) + (add ? c[i] : 0);
            }
        };
        int b = o.word(2, type);
        return Lanes.words(op, o.word(0, type), o.word(1, type), b, add ? o.word(3, type) : b);
    }

    private static W2 high16(boolean signed) {
        W2 wide = wide16(signed);
        return (d, a, b) -> {
            wide.run(d, a, b);
            for (int i = 0; i < COUNT; i++) {
                d[i] >>>= 16;
            }
        };
    }

    private static W2 wide16(boolean signed) {
        return (d, a, b) -> {
            for (int i = 0; i < COUNT; i++) {
                d[i] = signed ? (short) a[i] * (short) b[i] : (a[i] & 0xffff) * (b[i] & 0xffff);
            }
        };
    }

    static void add(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] + b[i];
        }
    }

    static void add(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] + b[i];
        }
    }

    private static void subtract(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] - b[i];
        }
    }

    private static void subtract(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] - b[i];
        }
    }

    private static void addSaturating(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Math.clamp((long) a[i] + b[i], Integer.MIN_VALUE, Integer.MAX_VALUE);
        }
    }

    private static void subtractSaturating(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Math.clamp((long) a[i] - b[i], Integer.MIN_VALUE, Integer.MAX_VALUE);
        }
    }

    private static void multiply(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] * b[i];
        }
    }

    private static void multiply(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] * b[i];
        }
    }

    private static void multiplyHigh(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = (int) ((long) a[i] * b[i] >> 32);
        }
    }

    private static void multiplyHighUnsigned(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = (int) ((a[i] & 0xffff_ffffL) * (b[i] & 0xffff_ffffL) >>> 32);
        }
    }

    private static void multiplyHigh(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Math.multiplyHigh(a[i], b[i]);
        }
    }

    private static void multiplyHighUnsigned(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Math.unsignedMultiplyHigh(a[i], b[i]);
        }
    }

    private static void multiplyAdd(int[] d, int[] a, int[] b, int[] c) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] * b[i] + c[i];
        }
    }

    private static void multiplyAdd(long[] d, long[] a, long[] b, long[] c) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] * b[i] + c[i];
        }
    }

    private static void wide(long[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = (long) a[i] * b[i];
        }
    }

    private static void wideUnsigned(long[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = (a[i] & 0xffff_ffffL) * (b[i] & 0xffff_ffffL);
        }
    }

    /// PTX leaves division by zero open; hardware answers with all bits set.
    private static void divide(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = b[i] == 0 ? -1 : a[i] / b[i];
        }
    }

    private static void divideUnsigned(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = b[i] == 0 ? -1 : Integer.divideUnsigned(a[i], b[i]);
        }
    }

    private static void divide(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = b[i] == 0 ? -1 : a[i] / b[i];
        }
    }

    private static void divideUnsigned(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = b[i] == 0 ? -1 : Long.divideUnsigned(a[i], b[i]);
        }
    }

    private static void remainder(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = b[i] == 0 ? a[i] : a[i] % b[i];
        }
    }

    private static void remainderUnsigned(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = b[i] == 0 ? a[i] : Integer.remainderUnsigned(a[i], b[i]);
        }
    }

    private static void remainder(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = b[i] == 0 ? a[i] : a[i] % b[i];
        }
    }

    private static void remainderUnsigned(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = b[i] == 0 ? a[i] : Long.remainderUnsigned(a[i], b[i]);
        }
    }

    private static void min(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Math.min(a[i], b[i]);
        }
    }

    private static void minUnsigned(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] + Integer.MIN_VALUE < b[i] + Integer.MIN_VALUE ? a[i] : b[i];
        }
    }

    private static void min(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Math.min(a[i], b[i]);
        }
    }

    private static void minUnsigned(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] + Long.MIN_VALUE < b[i] + Long.MIN_VALUE ? a[i] : b[i];
        }
    }

    private static void max(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Math.max(a[i], b[i]);
        }
    }

    private static void maxUnsigned(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] + Integer.MIN_VALUE > b[i] + Integer.MIN_VALUE ? a[i] : b[i];
        }
    }

    private static void max(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Math.max(a[i], b[i]);
        }
    }

    private static void maxUnsigned(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] + Long.MIN_VALUE > b[i] + Long.MIN_VALUE ? a[i] : b[i];
        }
    }

    private static void abs(int[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Math.abs(a[i]);
        }
    }

    private static void abs(long[] d, long[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Math.abs(a[i]);
        }
    }

    private static void negate(int[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = -a[i];
        }
    }

    private static void negate(long[] d, long[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = -a[i];
        }
    }
}
