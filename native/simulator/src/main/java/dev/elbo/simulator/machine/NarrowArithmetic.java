package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.Lanes.COUNT;

import dev.elbo.simulator.machine.Lanes.W2;
import dev.elbo.simulator.machine.Lanes.W3;
import dev.elbo.simulator.ptx.ScalarType;

/// Arithmetic on `f16`, `bf16` and pairs of them: exact in double precision, then rounded once.
final class NarrowArithmetic {
    private NarrowArithmetic() {}

    private interface Scalar {
        int apply(NarrowFloat type, float a, float b, float c);
    }

    static Instruction binary(Operation o, ScalarType type) {
        o.took("rn");
        boolean nan = o.took("NaN");
        Scalar scalar = switch (o.mnemonic()) {
            case "add" -> (t, a, b, c) -> sum(t, a, b);
            case "sub" -> (t, a, b, c) -> sum(t, a, -b);
            case "mul" -> (t, a, b, c) -> t.round(Rounding.RN, (double) a * b, 0);
            case "min" -> (t, a, b, c) -> t.round(Rounding.RN, FloatLanes.min(a, b, nan), 0);
            case "max" -> (t, a, b, c) -> t.round(Rounding.RN, FloatLanes.max(a, b, nan), 0);
            default -> throw o.unknown();
        };
        W3 op = rows(o, type, scalar);
        W2 two = (d, a, b) -> op.run(d, a, b, b);
        return Lanes.words(two, o.word(0, type), o.word(1, type), o.word(2, type));
    }

    static Instruction fused(Operation o, ScalarType type) {
        o.needs("rn");
        W3 op = rows(o, type, (t, a, b, c) -> sum(t, (double) a * b, c));
        return Lanes.words(op, o.word(0, type), o.word(1, type), o.word(2, type), o.word(3, type));
    }

    private static W3 rows(Operation o, ScalarType type, Scalar scalar) {
        NarrowFloat narrow = NarrowFloat.of(type);
        boolean flush = o.took("ftz");
        boolean saturate = o.took("sat");
        boolean relu = o.took("relu");
        int halves = type.bytes() / 2;
        return (d, a, b, c) -> {
            for (int i = 0; i < COUNT; i++) {
                int result = 0;
                for (int shift = 0; shift < 16 * halves; shift += 16) {
                    int bits = scalar.apply(
                            narrow,
                            operand(narrow, a[i] >>> shift, flush),
                            operand(narrow, b[i] >>> shift, flush),
                            operand(narrow, c[i] >>> shift, flush));
                    result |= finish(narrow, bits, flush, saturate, relu) << shift;
                }
                d[i] = result;
            }
        };
    }

    private static float operand(NarrowFloat type, int bits, boolean flush) {
        return type.toFloat(flush ? flush(type, bits & 0xffff) : bits & 0xffff);
    }

    private static int flush(NarrowFloat type, int bits) {
        int exponent = type == NarrowFloat.F16 ? 0x7c00 : 0x7f80;
        return (bits & exponent) == 0 ? bits & 0x8000 : bits;
    }

    private static int finish(NarrowFloat type, int bits, boolean flush, boolean saturate, boolean relu) {
        int result = flush ? flush(type, bits) : bits;
        float value = type.toFloat(result);
        if (saturate) {
            return value > 0 ? type.round(Rounding.RN, Math.min(value, 1), 0) : 0;
        }
        return relu && value <= 0 ? 0 : result;
    }

    /// Rounds the exact sum of two doubles.
    private static int sum(NarrowFloat type, double a, double b) {
        double sum = a + b;
        double bPart = sum - a;
        double rest = a - (sum - bPart) + (b - bPart);
        return type.round(Rounding.RN, sum, Double.isNaN(rest) ? 0 : rest);
    }
}
