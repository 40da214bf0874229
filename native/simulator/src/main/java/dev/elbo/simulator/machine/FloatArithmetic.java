package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.FloatLanes.bits;
import static dev.elbo.simulator.machine.FloatLanes.f;
import static dev.elbo.simulator.machine.Lanes.COUNT;

import dev.elbo.simulator.machine.Lanes.L1;
import dev.elbo.simulator.machine.Lanes.L2;
import dev.elbo.simulator.machine.Lanes.W1;
import dev.elbo.simulator.machine.Lanes.W2;
import dev.elbo.simulator.machine.Lanes.W3;
import dev.elbo.simulator.ptx.ScalarType;
import java.util.Map;

/// Floating-point arithmetic with IEEE results: `add sub mul fma mad div rcp sqrt min max abs neg copysign testp`, in
/// every rounding, with `.ftz` and `.sat`.
///
/// The `.approx` and `.full` forms are in [Approximations], the 16-bit types in [NarrowArithmetic].
final class FloatArithmetic {
    private FloatArithmetic() {}

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("fma", o -> fused(o, o.type()));
        families.put("rcp", FloatArithmetic::roots);
        families.put("sqrt", FloatArithmetic::roots);
        families.put("copysign", FloatArithmetic::copySign);
        families.put("testp", FloatArithmetic::test);
    }

    /// Two operands; the type is already taken.
    static Instruction binary(Operation o, ScalarType type) {
        if (type.bytes() == 2 || type == ScalarType.F16X2 || type == ScalarType.BF16X2) {
            return NarrowArithmetic.binary(o, type);
        }
        String mnemonic = o.mnemonic();
        if (mnemonic.equals("min") || mnemonic.equals("max")) {
            return extremum(o, type, mnemonic.equals("max"));
        }
        if (mnemonic.equals("div") && (o.took("approx") || o.took("full"))) {
            return Approximations.divide(o, type);
        }
        Rounding mode = Rounding.of(o.oneOf("rn", "rz", "rm", "rp"));
        if (type == ScalarType.F64) {
            return Lanes.longs(longs(o, mode), o.wide(0, type), o.wide(1, type), o.wide(2, type));
        }
        boolean flush = o.took("ftz");
        boolean saturate = o.took("sat");
        W2 op = mode == Rounding.RN ? words(o) : FloatLanes.directed2(mnemonic, mode);
        if (op == null || type != ScalarType.F32) {
            throw o.unknown();
        }
        W2 plain = op;
        W2 flushed = !flush
                ? plain
                : (d, a, b) -> {
                    plain.run(d, flush(a), flush(b));
                    flushInPlace(d);
                };
        W2 done = !saturate
                ? flushed
                : (d, a, b) -> {
                    flushed.run(d, a, b);
                    saturate(d);
                };
        return Lanes.words(done, o.word(0, type), o.word(1, type), o.word(2, type));
    }

    private static W2 words(Operation o) {
        return switch (o.mnemonic()) {
            case "add" -> FloatLanes::add;
            case "sub" -> FloatLanes::subtract;
            case "mul" -> FloatLanes::multiply;
            case "div" -> FloatLanes::divide;
            default -> throw o.unknown();
        };
    }

    private static L2 longs(Operation o, Rounding mode) {
        if (mode != Rounding.RN) {
            return FloatLanes.directedLong2(o.mnemonic(), mode);
        }
        return switch (o.mnemonic()) {
            case "add" -> FloatLanes::add;
            case "sub" -> FloatLanes::subtract;
            case "mul" -> FloatLanes::multiply;
            case "div" -> FloatLanes::divide;
            default -> throw o.unknown();
        };
    }

    /// `fma` and `mad`; the type is already taken.
    static Instruction fused(Operation o, ScalarType type) {
        if (type.bytes() == 2 || type == ScalarType.F16X2 || type == ScalarType.BF16X2) {
            return NarrowArithmetic.fused(o, type);
        }
        Rounding mode = Rounding.of(o.oneOf("rn", "rz", "rm", "rp"));
        if (type == ScalarType.F64) {
            return Lanes.longs(
                    mode == Rounding.RN ? FloatLanes::fma : FloatLanes.directedLong3(mode),
                    o.wide(0, type),
                    o.wide(1, type),
                    o.wide(2, type),
                    o.wide(3, type));
        }
        W3 plain = mode == Rounding.RN ? FloatLanes::fma : FloatLanes.directed3(mode);
        W3 flushed = !o.took("ftz")
                ? plain
                : (d, a, b, c) -> {
                    plain.run(d, flush(a), flush(b), flush(c));
                    flushInPlace(d);
                };
        W3 done = !o.took("sat")
                ? flushed
                : (d, a, b, c) -> {
                    flushed.run(d, a, b, c);
                    saturate(d);
                };
        return Lanes.words(done, o.word(0, type), o.word(1, type), o.word(2, type), o.word(3, type));
    }

    private static Instruction roots(Operation o) {
        String mnemonic = o.mnemonic();
        if (o.took("approx")) {
            return Approximations.unary(o, mnemonic);
        }
        Rounding mode = Rounding.of(o.needs("rn", "rz", "rm", "rp"));
        ScalarType type = o.type();
        boolean reciprocal = mnemonic.equals("rcp");
        if (type == ScalarType.F64) {
            L1 op = mode != Rounding.RN
                    ? FloatLanes.directedLong1(mnemonic, mode)
                    : reciprocal ? FloatLanes::reciprocal : FloatLanes::squareRoot;
            return Lanes.longs(op, o.wide(0, type), o.wide(1, type));
        }
        W1 op = mode != Rounding.RN
                ? FloatLanes.directed1(mnemonic, mode)
                : reciprocal ? FloatLanes::reciprocal : FloatLanes::squareRoot;
        return Lanes.words(o.took("ftz") ? flushing(op) : op, o.word(0, type), o.word(1, type));
    }

    private static Instruction extremum(Operation o, ScalarType type, boolean max) {
        if (type == ScalarType.F64) {
            L2 op = max
                    ? (d, a, b) -> {
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = bits(FloatLanes.max(f(a[i]), f(b[i])));
                        }
                    }
                    : (d, a, b) -> {
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = bits(FloatLanes.min(f(a[i]), f(b[i])));
                        }
                    };
            return Lanes.longs(op, o.wide(0, type), o.wide(1, type), o.wide(2, type));
        }
        boolean nan = o.took("NaN");
        W2 op = max
                ? (d, a, b) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(FloatLanes.max(f(a[i]), f(b[i]), nan));
                    }
                }
                : (d, a, b) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(FloatLanes.min(f(a[i]), f(b[i]), nan));
                    }
                };
        W2 done = !o.took("ftz") ? op : (d, a, b) -> op.run(d, flush(a), flush(b));
        return Lanes.words(done, o.word(0, type), o.word(1, type), o.word(2, type));
    }

    /// `abs` and `neg`: the sign bit alone; the type is already taken.
    static Instruction unary(Operation o, ScalarType type) {
        boolean negate = o.mnemonic().equals("neg");
        if (type == ScalarType.F64) {
            L1 op = negate
                    ? (d, a) -> {
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = a[i] ^ Long.MIN_VALUE;
                        }
                    }
                    : (d, a) -> {
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = a[i] & Long.MAX_VALUE;
                        }
                    };
            return Lanes.longs(op, o.wide(0, type), o.wide(1, type));
        }
        int sign = switch (type) {
            case F16, BF16 -> 0x8000;
            case F16X2, BF16X2 -> 0x8000_8000;
            default -> 0x8000_0000;
        };
        W1 op = negate
                ? (d, a) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = a[i] ^ sign;
                    }
                }
                : (d, a) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = a[i] & ~sign;
                    }
                };
        return Lanes.words(o.took("ftz") ? flushing(op) : op, o.word(0, type), o.word(1, type));
    }

    /// The sign of the first operand on the magnitude of the second.
    private static Instruction copySign(Operation o) {
        ScalarType type = o.type();
        if (type == ScalarType.F64) {
            L2 op = (d, a, b) -> {
                for (int i = 0; i < COUNT; i++) {
                    d[i] = a[i] & Long.MIN_VALUE | b[i] & Long.MAX_VALUE;
                }
            };
            return Lanes.longs(op, o.wide(0, type), o.wide(1, type), o.wide(2, type));
        }
        W2 op = (d, a, b) -> {
            for (int i = 0; i < COUNT; i++) {
                d[i] = a[i] & Integer.MIN_VALUE | b[i] & Integer.MAX_VALUE;
            }
        };
        return Lanes.words(op, o.word(0, type), o.word(1, type), o.word(2, type));
    }

    private static Instruction test(Operation o) {
        String property = o.needs("finite", "infinite", "number", "notanumber", "normal", "subnormal");
        ScalarType type = o.type();
        boolean isDouble = type == ScalarType.F64;
        int a = isDouble ? o.wide(1, type) : o.word(1, type);
        double smallest = isDouble ? Double.MIN_NORMAL : Float.MIN_NORMAL;
        return Comparisons.toPredicate(o.predicate(0), w -> {
            int holds = 0;
            for (int i = 0; i < COUNT; i++) {
                double x = isDouble ? f(w.longs[a][i]) : f(w.words[a][i]);
                boolean is = switch (property) {
                    case "finite" -> Double.isFinite(x);
                    case "infinite" -> Double.isInfinite(x);
                    case "number" -> !Double.isNaN(x);
                    case "notanumber" -> Double.isNaN(x);
                    case "normal" -> Double.isFinite(x) && Math.abs(x) >= smallest;
                    default -> x != 0 && Math.abs(x) < smallest;
                };
                holds |= is ? 1 << i : 0;
            }
            return holds;
        });
    }

    /// An operation whose subnormal operands and results count as zero.
    static W1 flushing(W1 op) {
        return (d, a) -> {
            op.run(d, flush(a));
            flushInPlace(d);
        };
    }

    static int[] flush(int[] a) {
        int[] flushed = a.clone();
        flushInPlace(flushed);
        return flushed;
    }

    static void flushInPlace(int[] d) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = flush(d[i]);
        }
    }

    /// A subnormal becomes zero of its sign.
    static int flush(int bits) {
        return (bits & 0x7f80_0000) == 0 ? bits & 0x8000_0000 : bits;
    }

    /// To [0, 1]; NaN becomes 0.
    static void saturate(int[] d) {
        for (int i = 0; i < COUNT; i++) {
            float x = f(d[i]);
            d[i] = x > 0 ? Float.floatToRawIntBits(Math.min(x, 1)) : 0;
        }
    }
}
