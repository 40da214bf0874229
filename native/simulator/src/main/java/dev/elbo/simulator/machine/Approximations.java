package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.FloatLanes.bits;
import static dev.elbo.simulator.machine.FloatLanes.f;
import static dev.elbo.simulator.machine.Lanes.COUNT;

import dev.elbo.simulator.ptx.ScalarType;
import java.util.Map;

/// Approximate instructions: `ex2 lg2 sin cos tanh rsqrt`, and the `.approx` forms of `rcp sqrt div`.
///
/// PTX promises a range of error, not bits, and GPU models differ. So a result is drawn inside the range: a
/// function of the operand and of the launch's seed, so that nothing can lean on its bits. Exact where PTX says so:
/// at zeros, infinities and NaN.
///
/// ```
/// rcp, sqrt, rsqrt      relative  2⁻²³, 2⁻²³, 2⁻²²·⁴
/// div.approx, div.full  2 units in the last place: relative 2⁻²³ is never more
/// ex2                   relative  2⁻²²
/// lg2                   absolute  2⁻²² for a in [½, 2], else relative 2⁻²²
/// sin, cos              absolute  2⁻²⁰·⁵ for a in [−2π, 2π]
/// tanh                  relative  2⁻¹¹
/// rcp, rsqrt .ftz.f64   relative  2⁻²⁰, the lower 32 bits zero
/// ```
final class Approximations {
    /// Room for the rounding of the result itself.
    private static final double ROUNDED = 0x1p-24;

    private Approximations() {}

    private interface Function {
        /// The exact result, then moved by `noise` in [-1, 1] times the bound.
        double of(double a, double noise);
    }

    static void register(Map<String, InstructionSet.Family> families) {
        for (String mnemonic : new String[] {"ex2", "lg2", "sin", "cos", "tanh", "rsqrt"}) {
            families.put(mnemonic, o -> {
                o.needs("approx");
                return unary(o, mnemonic);
            });
        }
    }

    /// `.approx` is already taken.
    static Instruction unary(Operation o, String mnemonic) {
        ScalarType type = o.type();
        Function function = function(mnemonic);
        boolean flush = o.took("ftz");
        if (type == ScalarType.F64) {
            return coarse(o, mnemonic);
        }
        if (type != ScalarType.F32) {
            return narrow(o, type, function);
        }
        int a = o.word(1, type);
        return Lanes.words(
                (w, d) -> {
                    int[] x = w.words[a];
                    long seed = seed(w);
                    for (int i = 0; i < COUNT; i++) {
                        int in = flush ? FloatArithmetic.flush(x[i]) : x[i];
                        int out = bits((float) function.of(f(in), Noise.signed(seed + in)));
                        d[i] = flush ? FloatArithmetic.flush(out) : out;
                    }
                },
                o.word(0, type));
    }

    private static long seed(Warp warp) {
        return Noise.mix(warp.block.options().seed());
    }

    private static Function function(String mnemonic) {
        return switch (mnemonic) {
            case "rcp" -> (a, u) -> moved(1 / a, u, 0x1p-23);
            case "sqrt" -> (a, u) -> moved(Math.sqrt(a), u, 0x1p-23);
            case "rsqrt" -> (a, u) -> moved(1 / Math.sqrt(a), u, Math.pow(2, -22.4));
            case "ex2" -> (a, u) -> a == 0 ? 1 : moved(exp2(a), u, 0x1p-22);
            case "lg2" -> Approximations::log2;
            case "sin" -> (a, u) -> a == 0 ? a : bounded(Math.sin(a), u);
            case "cos" -> (a, u) -> bounded(Math.cos(a), u);
            case "tanh" -> (a, u) -> Math.clamp(moved(Math.tanh(a), u, 0x1p-11), -1.0, 1.0);
            default -> throw new IllegalArgumentException(mnemonic);
        };
    }

    private static double moved(double exact, double noise, double bound) {
        return exact * (1 + noise * (bound - ROUNDED));
    }

    private static double bounded(double exact, double noise) {
        return Math.clamp(exact + noise * (Math.pow(2, -20.5) - ROUNDED), -1.0, 1.0);
    }

    private static double log2(double a, double noise) {
        double exact = Math.log(a) / Math.log(2);
        if (a == 1) {
            return 0;
        }
        return a >= 0.5 && a <= 2 ? exact + noise * (0x1p-22 - ROUNDED) : moved(exact, noise, 0x1p-22);
    }

    /// 2ᵃ with an error far below what is added on purpose.
    private static double exp2(double a) {
        if (!(Math.abs(a) < 1000)) {
            return Math.pow(2, a);
        }
        double whole = Math.rint(a);
        double x = (a - whole) * 0.6931471805599453;
        double p =
                1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6 * (1 + x / 7 * (1 + x / 8)))))));
        return Math.scalb(p, (int) whole);
    }

    /// `div.approx` and `div.full`; the modifier is already taken.
    static Instruction divide(Operation o, ScalarType type) {
        if (type != ScalarType.F32) {
            throw o.unknown();
        }
        boolean flush = o.took("ftz");
        int a = o.word(1, type);
        int b = o.word(2, type);
        return Lanes.words(
                (w, d) -> {
                    int[] x = w.words[a];
                    int[] y = w.words[b];
                    long seed = seed(w);
                    for (int i = 0; i < COUNT; i++) {
                        int p = flush ? FloatArithmetic.flush(x[i]) : x[i];
                        int q = flush ? FloatArithmetic.flush(y[i]) : y[i];
                        double noise = Noise.signed(seed + 31L * p + q);
                        int out = bits((float) moved((double) f(p) / f(q), noise, 0x1p-23));
                        d[i] = flush ? FloatArithmetic.flush(out) : out;
                    }
                },
                o.word(0, type));
    }

    /// Doubles of which only the upper half is worked out.
    private static Instruction coarse(Operation o, String mnemonic) {
        if (!mnemonic.equals("rcp") && !mnemonic.equals("rsqrt")) {
            throw o.unknown();
        }
        boolean root = mnemonic.equals("rsqrt");
        int a = o.wide(1, ScalarType.F64);
        return Lanes.longs(
                (w, d) -> {
                    long seed = seed(w);
                    for (int i = 0; i < COUNT; i++) {
                        double x = f(w.longs[a][i]);
                        x = Math.abs(x) < Double.MIN_NORMAL ? Math.copySign(0, x) : x;
                        double exact = 1 / (root ? Math.sqrt(x) : x);
                        exact = Math.abs(exact) < Double.MIN_NORMAL ? Math.copySign(0, exact) : exact;
                        double out = exact * (1 + Noise.signed(seed + w.longs[a][i]) * 0x1p-21);
                        d[i] = bits(out) & 0xffff_ffff_0000_0000L;
                    }
                },
                o.wide(0, ScalarType.F64));
    }

    private static Instruction narrow(Operation o, ScalarType type, Function function) {
        String mnemonic = o.mnemonic();
        if (!mnemonic.equals("ex2") && !mnemonic.equals("tanh")) {
            throw o.unknown();
        }
        NarrowFloat narrow = NarrowFloat.of(type);
        int a = o.word(1, type);
        return Lanes.words(
                (w, d) -> {
                    for (int i = 0; i < COUNT; i++) {
                        int out = 0;
                        for (int shift = 0; shift < 8 * type.bytes(); shift += 16) {
                            float in = narrow.toFloat(w.words[a][i] >>> shift & 0xffff);
                            // One step of the type itself is wider than any noise that could be added here.
                            out |= narrow.round(Rounding.RN, function.of(in, 0), 0) << shift;
                        }
                        d[i] = out;
                    }
                },
                o.word(0, type));
    }
}
