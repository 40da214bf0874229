package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Conversions against exact numbers.
class ConversionsTest {
    private static final String[] INTEGERS = {"u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"};

    private static int width(String type) {
        return Integer.parseInt(type.substring(1));
    }

    private static String register(String type) {
        return "b" + Math.max(16, width(type));
    }

    private static long[] edges(String type) {
        return width(type) <= 16 ? Edges.BITS16 : width(type) == 32 ? Edges.BITS32 : Edges.BITS64;
    }

    private static BigInteger value(long bits, String type) {
        BigInteger x = BigInteger.valueOf(bits).mod(BigInteger.TWO.pow(width(type)));
        boolean negative = type.startsWith("s") && x.testBit(width(type) - 1);
        return negative ? x.subtract(BigInteger.TWO.pow(width(type))) : x;
    }

    private static BigInteger least(String type) {
        return type.startsWith("s") ? BigInteger.TWO.pow(width(type) - 1).negate() : BigInteger.ZERO;
    }

    private static BigInteger most(String type) {
        return BigInteger.TWO.pow(width(type) - (type.startsWith("s") ? 1 : 0)).subtract(BigInteger.ONE);
    }

    /// What a register of at least 16 bits holds of a value.
    private static long held(BigInteger x, String type) {
        return x.mod(BigInteger.TWO.pow(Math.max(16, width(type)))).longValue();
    }

    static Stream<Arguments> integerPairs() {
        List<Arguments> all = new ArrayList<>();
        for (String to : INTEGERS) {
            for (String from : INTEGERS) {
                all.add(Arguments.of(to, from, false));
                all.add(Arguments.of(to, from, true));
            }
        }
        return all.stream();
    }

    @ParameterizedTest(name = "cvt.{0}.{1}, sat={2}")
    @MethodSource("integerPairs")
    void integersAreCutExtendedOrClamped(String to, String from, boolean saturate) {
        long[][] operands = Trial.all(edges(from));
        String text = "cvt." + (saturate ? "sat." : "") + to + "." + from + " D, A";
        long[] got = Trial.run(text, register(to), new String[] {register(from)}, operands);
        for (int i = 0; i < got.length; i++) {
            BigInteger x = value(operands[i][0], from);
            BigInteger want = saturate ? x.max(least(to)).min(most(to)) : value(x.longValue(), to);
            assertEquals(held(want, to), got[i], text + " of " + x);
        }
    }

    static Stream<Arguments> integersToFloats() {
        List<Arguments> all = new ArrayList<>();
        for (String from : INTEGERS) {
            for (Exact to : Exact.values()) {
                for (String rounding : new String[] {"rn", "rz", "rm", "rp"}) {
                    boolean narrow = to == Exact.F16 || to == Exact.BF16;
                    if (!narrow || rounding.equals("rn")) {
                        all.add(Arguments.of(rounding, to, from));
                    }
                }
            }
        }
        return all.stream();
    }

    @ParameterizedTest(name = "cvt.{0}.{1}.{2}")
    @MethodSource("integersToFloats")
    void integersBecomeFloatsRoundedOnce(String rounding, Exact to, String from) {
        long[][] operands = Trial.all(edges(from));
        String text = "cvt." + rounding + "." + name(to) + "." + from + " D, A";
        long[] got = Trial.run(text, to.register(), new String[] {register(from)}, operands);
        for (int i = 0; i < got.length; i++) {
            BigInteger x = value(operands[i][0], from);
            double want = to.round(new BigDecimal(x), Exact.mode(rounding));
            assertEquals(to.bits(want), got[i], text + " of " + x);
        }
    }

    private static String name(Exact format) {
        return format.name().toLowerCase(Locale.ROOT);
    }

    static Stream<Arguments> floatsToIntegers() {
        List<Arguments> all = new ArrayList<>();
        for (String to : INTEGERS) {
            for (Exact from : new Exact[] {Exact.F16, Exact.F32, Exact.F64}) {
                for (String rounding : new String[] {"rni", "rzi", "rmi", "rpi"}) {
                    all.add(Arguments.of(rounding, to, from));
                }
            }
        }
        return all.stream();
    }

    /// Out of range is clamped. NaN is 0 between types of at most 32 bits, else the highest bit alone.
    @ParameterizedTest(name = "cvt.{0}.{1}.{2}")
    @MethodSource("floatsToIntegers")
    void floatsBecomeIntegersClamped(String rounding, String to, Exact from) {
        long[][] operands = Trial.all(from.edges());
        String text = "cvt." + rounding + "." + to + "." + name(from) + " D, A";
        long[] got = Trial.run(text, register(to), new String[] {from.register()}, operands);
        for (int i = 0; i < got.length; i++) {
            double x = from.value(operands[i][0]);
            BigInteger want;
            if (Double.isNaN(x)) {
                boolean zero = from != Exact.F64 && width(to) < 64;
                want = zero ? BigInteger.ZERO : BigInteger.TWO.pow(width(to) - 1);
                want = value(want.longValue(), to);
            } else if (Double.isInfinite(x)) {
                want = x > 0 ? most(to) : least(to);
            } else {
                RoundingMode mode = Exact.mode(rounding.substring(0, 2));
                want = new BigDecimal(x)
                        .setScale(0, mode)
                        .toBigInteger()
                        .max(least(to))
                        .min(most(to));
            }
            assertEquals(held(want, to), got[i], text + " of " + x);
        }
    }

    static Stream<Arguments> floatPairs() {
        List<Arguments> all = new ArrayList<>();
        for (String rounding : new String[] {"rn", "rz", "rm", "rp"}) {
            all.add(Arguments.of("cvt." + rounding + ".f32.f64", Exact.F32, Exact.F64));
            boolean hardware = rounding.equals("rn") || rounding.equals("rz");
            if (hardware) {
                all.add(Arguments.of("cvt." + rounding + ".f16.f32", Exact.F16, Exact.F32));
                all.add(Arguments.of("cvt." + rounding + ".bf16.f32", Exact.BF16, Exact.F32));
                all.add(Arguments.of("cvt." + rounding + ".f16.f64", Exact.F16, Exact.F64));
            }
        }
        all.add(Arguments.of("cvt.f64.f32", Exact.F64, Exact.F32));
        all.add(Arguments.of("cvt.f32.f16", Exact.F32, Exact.F16));
        all.add(Arguments.of("cvt.f32.bf16", Exact.F32, Exact.BF16));
        all.add(Arguments.of("cvt.f64.f16", Exact.F64, Exact.F16));
        return all.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("floatPairs")
    void floatsBecomeFloatsRoundedOnce(String opcode, Exact to, Exact from) {
        long[][] operands = Trial.all(from.edges());
        long[] got = Trial.run(opcode + " D, A", to.register(), new String[] {from.register()}, operands);
        String[] parts = opcode.split("\\.");
        for (int i = 0; i < got.length; i++) {
            double x = from.value(operands[i][0]);
            boolean plain = !Double.isFinite(x) || x == 0;
            double want = plain ? x : to.round(new BigDecimal(x), Exact.mode(parts[1]));
            assertEquals(to.bits(want), got[i], opcode + " of " + x);
        }
    }

    @Test
    void floatsAreRoundedToWholeNumbers() {
        for (String rounding : new String[] {"rni", "rzi", "rmi", "rpi"}) {
            for (Exact format : new Exact[] {Exact.F32, Exact.F64}) {
                long[][] operands = Trial.all(format.edges());
                String text = "cvt." + rounding + "." + name(format) + "." + name(format) + " D, A";
                long[] got = Trial.run(text, format.register(), new String[] {format.register()}, operands);
                for (int i = 0; i < got.length; i++) {
                    double x = format.value(operands[i][0]);
                    double want = x;
                    if (Double.isFinite(x)) {
                        RoundingMode mode = Exact.mode(rounding.substring(0, 2));
                        want = Math.copySign(new BigDecimal(x).setScale(0, mode).doubleValue(), x);
                    }
                    assertEquals(format.bits(want), got[i], text + " of " + x);
                }
            }
        }
    }

    @Test
    void saturationClampsFloatsToTheUnitInterval() {
        long[][] operands = Trial.all(Edges.floats());
        long[] got = Trial.run("cvt.sat.f32.f32 D, A", "b32", new String[] {"b32"}, operands);
        for (int i = 0; i < got.length; i++) {
            float x = (float) Exact.F32.value(operands[i][0]);
            assertEquals(x >= 1 ? 1 : x > 0 ? x : 0, Exact.F32.value(got[i]));
        }
    }

    @Test
    void pairsAreRoundedEachOnItsOwn() {
        long[][] operands = Trial.all(Edges.floats(), Edges.floats());
        for (Exact to : new Exact[] {Exact.F16, Exact.BF16}) {
            String text = "cvt.rn." + name(to) + "x2.f32 D, A, B";
            long[] got = Trial.run(text, "b32", new String[] {"b32", "b32"}, operands);
            for (int i = 0; i < got.length; i++) {
                assertEquals(rounded(operands[i][0], to) << 16 | rounded(operands[i][1], to), got[i]);
            }
        }
    }

    private static long rounded(long bits, Exact to) {
        double x = Exact.F32.value(bits);
        return to.bits(!Double.isFinite(x) || x == 0 ? x : to.round(new BigDecimal(x), RoundingMode.HALF_EVEN));
    }

    /// An 8-bit exponent and 10 explicit bits, ties away from zero.
    @Test
    void tf32KeepsTheUpperNineteenBits() {
        long[] values = {
            Float.floatToRawIntBits(1 + 0x1p-11f),
            Float.floatToRawIntBits(1 + 0x1p-12f),
            Float.floatToRawIntBits(-(1 + 0x1p-11f)),
            Float.floatToRawIntBits(0x1.ffffp3f)
        };
        long[] got = Trial.run("cvt.rna.tf32.f32 D, A", "b32", new String[] {"b32"}, Trial.all(values));
        assertEquals(1 + 0x1p-10f, Exact.F32.value(got[0]));
        assertEquals(1, Exact.F32.value(got[1]));
        assertEquals(-(1 + 0x1p-10f), Exact.F32.value(got[2]));
        assertEquals(16, Exact.F32.value(got[3]));
    }
}
