package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Floating-point arithmetic against exact numbers, rounded by the definition of the format.
class FloatArithmeticTest {
    /// More digits than any quotient or root that ends has: powers of two down to 2⁻¹⁰⁷⁴ are among them.
    private static final MathContext DIGITS = new MathContext(1100);

    private static final String[] ROUNDINGS = {"rn", "rz", "rm", "rp"};

    static Stream<Arguments> roundings() {
        List<Arguments> all = new ArrayList<>();
        for (String mnemonic : new String[] {"add", "sub", "mul", "div", "fma", "rcp", "sqrt"}) {
            for (Exact format : new Exact[] {Exact.F32, Exact.F64}) {
                for (String rounding : ROUNDINGS) {
                    all.add(Arguments.of(mnemonic, rounding, format));
                }
            }
        }
        for (String mnemonic : new String[] {"add", "sub", "mul", "fma"}) {
            all.add(Arguments.of(mnemonic, "rn", Exact.F16));
            all.add(Arguments.of(mnemonic, "rn", Exact.BF16));
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0}.{1}.{2}")
    @MethodSource("roundings")
    void resultsAreExactNumbersRoundedOnce(String mnemonic, String rounding, Exact format) {
        String type = format.name().toLowerCase(Locale.ROOT);
        long[][] operands = operands(mnemonic, format.edges());
        String[] types = new String[operands[0].length];
        Arrays.fill(types, format.register());
        String text = mnemonic + "." + rounding + "." + type + " D, A" + (types.length > 1 ? ", B" : "")
                + (types.length > 2 ? ", C" : "");
        long[] got = Trial.run(text, format.register(), types, operands);
        for (int i = 0; i < got.length; i++) {
            double[] x = Arrays.stream(operands[i]).mapToDouble(format::value).toArray();
            double want = oracle(mnemonic, x, format, Exact.mode(rounding));
            assertEquals(format.bits(want), got[i], text + " of " + Arrays.toString(x) + " wants " + want);
        }
    }

    private static long[][] operands(String mnemonic, long[] edges) {
        return switch (mnemonic) {
            case "rcp", "sqrt" -> Trial.all(edges);
            case "fma" -> {
                long[] fewer = new long[(edges.length + 2) / 3];
                for (int i = 0; i < fewer.length; i++) {
                    fewer[i] = edges[3 * i];
                }
                yield Trial.all(fewer, fewer, edges);
            }
            default -> Trial.all(edges, edges);
        };
    }

    private static double oracle(String mnemonic, double[] x, Exact format, RoundingMode mode) {
        double plain = switch (mnemonic) {
            case "add" -> x[0] + x[1];
            case "sub" -> x[0] - x[1];
            case "mul" -> x[0] * x[1];
            case "div" -> x[0] / x[1];
            case "fma" -> Math.fma(x[0], x[1], x[2]);
            case "rcp" -> 1 / x[0];
            default -> Math.sqrt(x[0]);
        };
        boolean finite = Arrays.stream(x).allMatch(Double::isFinite);
        boolean pole = mnemonic.equals("div") && x[1] == 0 || mnemonic.equals("rcp") && x[0] == 0;
        if (!finite || pole || Double.isNaN(plain)) {
            return plain;
        }
        BigDecimal exact = exact(mnemonic, x);
        if (exact.signum() != 0) {
            return format.round(exact, mode);
        }
        return mode == RoundingMode.FLOOR && cancels(mnemonic, x) ? -0.0 : plain;
    }

    /// Whether a zero comes from terms of opposite sign.
    private static boolean cancels(String mnemonic, double[] x) {
        double left = mnemonic.equals("fma") ? Math.copySign(1, x[0]) * Math.copySign(1, x[1]) : x[0];
        double right = mnemonic.equals("fma") ? x[2] : mnemonic.equals("sub") ? -x[1] : x.length > 1 ? x[1] : x[0];
        boolean sum = mnemonic.equals("fma") || mnemonic.equals("add") || mnemonic.equals("sub");
        return sum && Math.copySign(1, left) != Math.copySign(1, right);
    }

    private static BigDecimal exact(String mnemonic, double[] x) {
        BigDecimal a = Exact.of(x[0]);
        return switch (mnemonic) {
            case "add" -> a.add(Exact.of(x[1]));
            case "sub" -> a.subtract(Exact.of(x[1]));
            case "mul" -> a.multiply(Exact.of(x[1]));
            case "div" -> a.divide(Exact.of(x[1]), DIGITS);
            case "fma" -> a.multiply(Exact.of(x[1])).add(Exact.of(x[2]));
            case "rcp" -> BigDecimal.ONE.divide(a, DIGITS);
            default -> a.sqrt(DIGITS);
        };
    }

    @Test
    void flushingMakesSubnormalsZeroOfTheirSign() {
        long[][] operands = Trial.all(Edges.floats(), Edges.floats());
        long[] got = Trial.run("mul.ftz.f32 D, A, B", "b32", new String[] {"b32", "b32"}, operands);
        for (int i = 0; i < got.length; i++) {
            float a = flushed((float) Exact.F32.value(operands[i][0]));
            float b = flushed((float) Exact.F32.value(operands[i][1]));
            assertEquals(Exact.F32.bits(flushed(a * b)), got[i], a + " * " + b);
        }
    }

    private static float flushed(float x) {
        return Exact.F32.subnormal(x) ? Math.copySign(0f, x) : x;
    }

    @Test
    void saturationClampsToTheUnitIntervalAndMakesNaNZero() {
        long[][] operands = Trial.all(Edges.floats(), Edges.floats());
        long[] got = Trial.run("add.sat.f32 D, A, B", "b32", new String[] {"b32", "b32"}, operands);
        for (int i = 0; i < got.length; i++) {
            float sum = (float) Exact.F32.value(operands[i][0]) + (float) Exact.F32.value(operands[i][1]);
            float want = sum >= 1 ? 1 : sum > 0 ? sum : 0;
            assertEquals(want, Exact.F32.value(got[i]));
        }
    }

    static Stream<Arguments> extrema() {
        return Stream.of(Exact.values())
                .flatMap(f -> Stream.of("min", "max", "min.NaN", "max.NaN").map(m -> Arguments.of(m, f)))
                .filter(a -> !(a.get()[1] == Exact.F64 && a.get()[0].toString().endsWith("NaN")));
    }

    /// The number wins over NaN unless `.NaN` says otherwise, and −0 is less than +0.
    @ParameterizedTest(name = "{0}.{1}")
    @MethodSource("extrema")
    void extremaKnowNaNAndTheSignOfZero(String opcode, Exact format) {
        long[][] operands = Trial.all(format.edges(), format.edges());
        String text = opcode + "." + format.name().toLowerCase(Locale.ROOT) + " D, A, B";
        long[] got = Trial.run(text, format.register(), new String[] {format.register(), format.register()}, operands);
        for (int i = 0; i < got.length; i++) {
            double a = format.value(operands[i][0]);
            double b = format.value(operands[i][1]);
            double want;
            if (!opcode.endsWith("NaN") && Double.isNaN(a) != Double.isNaN(b)) {
                want = Double.isNaN(a) ? b : a;
            } else {
                want = opcode.startsWith("min") ? Math.min(a, b) : Math.max(a, b);
            }
            assertEquals(format.bits(want), got[i], text + " of " + a + ", " + b);
        }
    }

    @Test
    void signsAreBitsAlone() {
        for (Exact format : Exact.values()) {
            long[][] operands = Trial.all(format.edges());
            String type = format.name().toLowerCase(Locale.ROOT);
            String[] types = {format.register()};
            long sign = 1L << 8 * (format == Exact.F64 ? 8 : format == Exact.F32 ? 4 : 2) - 1;
            long[] negated = Trial.run("neg." + type + " D, A", format.register(), types, operands);
            long[] absolute = Trial.run("abs." + type + " D, A", format.register(), types, operands);
            for (int i = 0; i < operands.length; i++) {
                assertEquals(operands[i][0] ^ sign, negated[i]);
                assertEquals(operands[i][0] & ~sign, absolute[i]);
            }
        }
        long[][] two = Trial.all(Edges.floats(), Edges.floats());
        long[] copied = Trial.run("copysign.f32 D, A, B", "b32", new String[] {"b32", "b32"}, two);
        for (int i = 0; i < two.length; i++) {
            assertEquals(two[i][0] & 0x8000_0000L | two[i][1] & 0x7fff_ffffL, copied[i]);
        }
        long[][] wide = Trial.all(Edges.doubles(), Edges.doubles());
        long[] copies = Trial.run("copysign.f64 D, A, B", "b64", new String[] {"b64", "b64"}, wide);
        for (int i = 0; i < wide.length; i++) {
            assertEquals(wide[i][0] & Long.MIN_VALUE | wide[i][1] & Long.MAX_VALUE, copies[i]);
        }
    }

    @Test
    void propertiesOfNumbers() {
        for (String property : new String[] {"finite", "infinite", "number", "notanumber", "normal", "subnormal"}) {
            long[][] operands = Trial.all(Edges.floats());
            long[] got = Trial.run("testp." + property + ".f32 D, A", "pred", new String[] {"f32"}, operands);
            for (int i = 0; i < got.length; i++) {
                float x = (float) Exact.F32.value(operands[i][0]);
                boolean want = switch (property) {
                    case "finite" -> Float.isFinite(x);
                    case "infinite" -> Float.isInfinite(x);
                    case "number" -> !Float.isNaN(x);
                    case "notanumber" -> Float.isNaN(x);
                    case "normal" -> Float.isFinite(x) && x != 0 && !Exact.F32.subnormal(x);
                    default -> Exact.F32.subnormal(x);
                };
                assertEquals(want ? 1 : 0, got[i], property + " " + x);
            }
        }
    }

    @Test
    void pairsOfHalvesAreTwoHalves() {
        long[] halves = Exact.F16.edges();
        long[][] operands = Trial.all(halves, halves);
        long[][] pairs = new long[operands.length][2];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i][0] = operands[i][0] << 16 | operands[i][1];
            pairs[i][1] = operands[i][1] << 16 | 0x3c00;
        }
        long[] got = Trial.run("fma.rn.f16x2 D, A, B, A", "b32", new String[] {"b32", "b32"}, pairs);
        for (int i = 0; i < got.length; i++) {
            double a = Exact.F16.value(operands[i][0]);
            double b = Exact.F16.value(operands[i][1]);
            double high = oracle("fma", new double[] {a, b, a}, Exact.F16, RoundingMode.HALF_EVEN);
            double low = oracle("fma", new double[] {b, 1, b}, Exact.F16, RoundingMode.HALF_EVEN);
            assertEquals(Exact.F16.bits(high) << 16 | Exact.F16.bits(low), got[i], a + ", " + b);
        }
    }
}
