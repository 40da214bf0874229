package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Integer arithmetic against the same in unbounded integers.
class IntegerArithmeticTest {
    private interface Oracle {
        BigInteger apply(BigInteger a, BigInteger b, BigInteger c);
    }

    private static Arguments of(String instruction, int width, boolean signed, int result, Oracle oracle) {
        return Arguments.of(instruction, width, signed, result, oracle);
    }

    private static BigInteger big(long x) {
        return BigInteger.valueOf(x);
    }

    static Stream<Arguments> instructions() {
        Stream.Builder<Arguments> all = Stream.builder();
        for (int width : new int[] {16, 32, 64}) {
            for (boolean signed : new boolean[] {true, false}) {
                String t = (signed ? "s" : "u") + width;
                all.add(of("add." + t + " D, A, B", width, signed, width, (a, b, c) -> a.add(b)));
                all.add(of("sub." + t + " D, A, B", width, signed, width, (a, b, c) -> a.subtract(b)));
                all.add(of("mul.lo." + t + " D, A, B", width, signed, width, (a, b, c) -> a.multiply(b)));
                all.add(of(
                        "mul.hi." + t + " D, A, B",
                        width,
                        signed,
                        width,
                        (a, b, c) -> a.multiply(b).shiftRight(width)));
                all.add(of(
                        "mad.lo." + t + " D, A, B, C",
                        width,
                        signed,
                        width,
                        (a, b, c) -> a.multiply(b).add(c)));
                all.add(of("min." + t + " D, A, B", width, signed, width, (a, b, c) -> a.min(b)));
                all.add(of("max." + t + " D, A, B", width, signed, width, (a, b, c) -> a.max(b)));
                all.add(of(
                        "div." + t + " D, A, B",
                        width,
                        signed,
                        width,
                        (a, b, c) -> b.signum() == 0 ? big(-1) : a.divide(b)));
                all.add(of(
                        "rem." + t + " D, A, B",
                        width,
                        signed,
                        width,
                        (a, b, c) -> b.signum() == 0 ? a : a.remainder(b)));
                if (width > 16) {
                    all.add(of(
                            "mad.hi." + t + " D, A, B, C",
                            width,
                            signed,
                            width,
                            (a, b, c) -> a.multiply(b).shiftRight(width).add(c)));
                }
                if (width < 64) {
                    all.add(of("mul.wide." + t + " D, A, B", width, signed, 2 * width, (a, b, c) -> a.multiply(b)));
                }
                if (signed) {
                    all.add(of("abs." + t + " D, A", width, true, width, (a, b, c) -> a.abs()));
                    all.add(of("neg." + t + " D, A", width, true, width, (a, b, c) -> a.negate()));
                }
            }
        }
        for (boolean signed : new boolean[] {true, false}) {
            String t = signed ? "s32" : "u32";
            all.add(of(
                    "sad." + t + " D, A, B, C",
                    32,
                    signed,
                    32,
                    (a, b, c) -> a.subtract(b).abs().add(c)));
            all.add(of(
                    "mul24.lo." + t + " D, A, B",
                    32,
                    signed,
                    32,
                    (a, b, c) -> low24(a, signed).multiply(low24(b, signed))));
            all.add(of(
                    "mad24.hi." + t + " D, A, B, C",
                    32,
                    signed,
                    32,
                    (a, b, c) -> low24(a, signed)
                            .multiply(low24(b, signed))
                            .shiftRight(16)
                            .add(c)));
        }
        BigInteger least = big(Integer.MIN_VALUE);
        BigInteger most = big(Integer.MAX_VALUE);
        all.add(of(
                "add.sat.s32 D, A, B",
                32,
                true,
                32,
                (a, b, c) -> a.add(b).max(least).min(most)));
        all.add(of(
                "sub.sat.s32 D, A, B",
                32,
                true,
                32,
                (a, b, c) -> a.subtract(b).max(least).min(most)));
        return all.build();
    }

    private static BigInteger low24(BigInteger x, boolean signed) {
        BigInteger low = x.and(big(0xff_ffff));
        return signed && low.testBit(23) ? low.subtract(big(1 << 24)) : low;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("instructions")
    void matchesUnboundedIntegers(String instruction, int width, boolean signed, int result, Oracle oracle) {
        boolean three = instruction.contains("C");
        boolean one = !instruction.contains("B");
        long[] values = width == 16 ? Edges.BITS16 : width == 32 ? Edges.BITS32 : Edges.BITS64;
        long[][] operands =
                one ? Trial.all(values) : three ? Trial.all(values, values, values) : Trial.all(values, values);
        String[] types = new String[operands[0].length];
        Arrays.fill(types, "b" + width);
        long[] got = Trial.run(instruction, "b" + result, types, operands);
        for (int i = 0; i < got.length; i++) {
            BigInteger[] x = new BigInteger[3];
            for (int k = 0; k < types.length; k++) {
                x[k] = value(operands[i][k], width, signed);
            }
            BigInteger want = oracle.apply(x[0], x[1], x[2]).mod(BigInteger.TWO.pow(result));
            String where = instruction + " of " + Arrays.toString(operands[i]);
            assertEquals(want, value(got[i], result, false), where);
        }
    }

    private static BigInteger value(long bits, int width, boolean signed) {
        BigInteger unsigned = big(bits).mod(BigInteger.TWO.pow(width));
        return signed && unsigned.testBit(width - 1) ? unsigned.subtract(BigInteger.TWO.pow(width)) : unsigned;
    }

    @Test
    void wideMultiplyAddTakesAWideAddend() {
        long[][] operands = Trial.all(Edges.BITS32, Edges.BITS32, Edges.BITS64);
        long[] signed = Trial.run("mad.wide.s32 D, A, B, C", "b64", new String[] {"b32", "b32", "b64"}, operands);
        long[] unsigned = Trial.run("mad.wide.u32 D, A, B, C", "b64", new String[] {"b32", "b32", "b64"}, operands);
        for (int i = 0; i < operands.length; i++) {
            long[] x = operands[i];
            assertEquals((long) (int) x[0] * (int) x[1] + x[2], signed[i]);
            assertEquals(x[0] * x[1] + x[2], unsigned[i]);
        }
    }

    @Test
    void dotProductsOfPartsOfWords() {
        long[][] operands = Trial.all(Edges.BITS32, Edges.BITS32, new long[] {0, 5, 0xffff_ffffL});
        String[] types = {"b32", "b32", "b32"};
        long[] bytes = Trial.run("dp4a.s32.u32 D, A, B, C", "b32", types, operands);
        long[] halves = Trial.run("dp2a.hi.u32.s32 D, A, B, C", "b32", types, operands);
        for (int i = 0; i < operands.length; i++) {
            int a = (int) operands[i][0];
            int b = (int) operands[i][1];
            int dot = (int) operands[i][2];
            for (int k = 0; k < 4; k++) {
                dot += (byte) (a >> 8 * k) * (b >>> 8 * k & 0xff);
            }
            assertEquals(dot, (int) bytes[i]);
            int two = (int) operands[i][2] + (a & 0xffff) * (byte) (b >> 16) + (a >>> 16) * (byte) (b >> 24);
            assertEquals(two, (int) halves[i]);
        }
    }

    /// Four words added, subtracted and multiplied through the carry flag.
    @Test
    void carriesRunThroughChains() {
        long[] values = {0, 1, 0x8000_0000L, 0xffff_ffffL, 0x1234_5678L};
        long[][] operands = Trial.all(values, values, values, values);
        String[] types = {"b32", "b32", "b32", "b32"};
        String add = """
                .reg .b32 %x, %y, %z; add.cc.u32 %x, A, C; addc.cc.u32 %y, B, E; addc.u32 %z, 0, 0;
                xor.b32 %x, %x, %y; shl.b32 %z, %z, 4; xor.b32 D, %x, %z
                """;
        String subtract = """
                .reg .b32 %x, %y, %z; sub.cc.u32 %x, A, C; subc.cc.u32 %y, B, E; subc.u32 %z, 0, 0;
                xor.b32 %x, %x, %y; shl.b32 %z, %z, 4; xor.b32 D, %x, %z
                """;
        long[] sums = Trial.run(add, "b32", types, operands);
        long[] differences = Trial.run(subtract, "b32", types, operands);
        for (int i = 0; i < operands.length; i++) {
            BigInteger a = big(operands[i][1]).shiftLeft(32).or(big(operands[i][0]));
            BigInteger b = big(operands[i][3]).shiftLeft(32).or(big(operands[i][2]));
            assertEquals(folded(a.add(b)), (int) sums[i]);
            assertEquals(folded(a.subtract(b)), (int) differences[i]);
        }
    }

    private static int folded(BigInteger x) {
        return x.intValue() ^ x.shiftRight(32).intValue() ^ x.shiftRight(64).intValue() << 4;
    }

    @Test
    void productsRunThroughCarryChains() {
        long[][] operands = Trial.all(Edges.BITS64, Edges.BITS64);
        String[] types = {"b64", "b64"};
        String product = """
                .reg .b32 %a<2>, %b<2>, %x<5>; mov.b64 {%a0, %a1}, A; mov.b64 {%b0, %b1}, B;
                mul.lo.u32 %x0, %a0, %b0; mul.hi.u32 %x1, %a0, %b0; mad.lo.cc.u32 %x1, %a1, %b0, %x1;
                madc.hi.u32 %x2, %a1, %b0, 0; mad.lo.cc.u32 %x1, %a0, %b1, %x1;
                madc.hi.cc.u32 %x2, %a0, %b1, %x2; addc.u32 %x3, 0, 0; mad.lo.cc.u32 %x2, %a1, %b1, %x2;
                madc.hi.u32 %x3, %a1, %b1, %x3; mov.b64 D, {%x2, %x3}
                """;
        long[] high = Trial.run(product, "b64", types, operands);
        String wide = """
                .reg .b64 %l, %h; mul.lo.u64 %l, A, B; mul.hi.u64 %h, A, B; add.cc.u64 %l, %l, A;
                addc.u64 D, %h, 0
                """;
        long[] carried = Trial.run(wide, "b64", types, operands);
        for (int i = 0; i < operands.length; i++) {
            BigInteger a = value(operands[i][0], 64, false);
            BigInteger b = value(operands[i][1], 64, false);
            assertEquals(a.multiply(b).shiftRight(64).longValue(), high[i]);
            assertEquals(a.multiply(b).add(a).shiftRight(64).longValue(), carried[i]);
        }
    }
}
