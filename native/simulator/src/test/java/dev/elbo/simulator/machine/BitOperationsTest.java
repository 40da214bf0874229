package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Bit operations against what they mean, bit by bit.
class BitOperationsTest {
    private static long[] values(int width) {
        return width == 16 ? Edges.BITS16 : width == 32 ? Edges.BITS32 : Edges.BITS64;
    }

    private static long cut(long x, int width) {
        return width == 64 ? x : x & (1L << width) - 1;
    }

    static Stream<Arguments> logic() {
        Stream.Builder<Arguments> all = Stream.builder();
        for (int width : new int[] {16, 32, 64}) {
            all.add(Arguments.of("and.b" + width, width, (LongBinaryOperator) (a, b) -> a & b));
            all.add(Arguments.of("or.b" + width, width, (LongBinaryOperator) (a, b) -> a | b));
            all.add(Arguments.of("xor.b" + width, width, (LongBinaryOperator) (a, b) -> a ^ b));
        }
        return all.build();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("logic")
    void logicIsBitwise(String opcode, int width, LongBinaryOperator oracle) {
        long[][] operands = Trial.all(values(width), values(width));
        String type = "b" + width;
        long[] got = Trial.run(opcode + " D, A, B", type, new String[] {type, type}, operands);
        for (int i = 0; i < got.length; i++) {
            assertEquals(cut(oracle.applyAsLong(operands[i][0], operands[i][1]), width), got[i]);
        }
    }

    static Stream<Arguments> unary() {
        Stream.Builder<Arguments> all = Stream.builder();
        for (int width : new int[] {16, 32, 64}) {
            add(all, "not.b" + width, width, width, a -> cut(~a, width));
            add(all, "cnot.b" + width, width, width, a -> a == 0 ? 1 : 0);
        }
        for (int width : new int[] {32, 64}) {
            add(all, "brev.b" + width, width, width, a -> Long.reverse(a) >>> 64 - width);
            add(all, "clz.b" + width, width, 32, a -> Long.numberOfLeadingZeros(a) - (64 - width));
            add(all, "popc.b" + width, width, 32, Long::bitCount);
            add(all, "bfind.u" + width, width, 32, a -> cut(highest(a), 32));
            add(all, "bfind.s" + width, width, 32, a -> cut(highest(magnitude(a, width)), 32));
            add(all, "bfind.shiftamt.u" + width, width, 32, a -> cut(a == 0 ? -1 : width - 1 - highest(a), 32));
        }
        return all.build();
    }

    private static void add(
            Stream.Builder<Arguments> all, String opcode, int width, int result, LongUnaryOperator oracle) {
        all.add(Arguments.of(opcode, width, result, oracle));
    }

    private static long highest(long a) {
        return 63 - Long.numberOfLeadingZeros(a);
    }

    private static long magnitude(long a, int width) {
        return (a >>> width - 1 & 1) == 1 ? cut(~a, width) : a;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("unary")
    void unaryMatchesTheHost(String opcode, int width, int result, LongUnaryOperator oracle) {
        long[][] operands = Trial.all(values(width));
        long[] got = Trial.run(opcode + " D, A", "b" + result, new String[] {"b" + width}, operands);
        for (int i = 0; i < got.length; i++) {
            assertEquals(oracle.applyAsLong(operands[i][0]), got[i], opcode + " " + operands[i][0]);
        }
    }

    /// Amounts beyond the width give zero, or all sign bits: they do not wrap as Java's do.
    @ParameterizedTest
    @ValueSource(ints = {16, 32, 64})
    void shiftsBeyondTheWidthClamp(int width) {
        long[][] operands = Trial.all(values(width), Edges.AMOUNTS);
        String type = "b" + width;
        String[] types = {type, "b32"};
        long[] left = Trial.run("shl.b" + width + " D, A, B", type, types, operands);
        long[] right = Trial.run("shr.u" + width + " D, A, B", type, types, operands);
        long[] signed = Trial.run("shr.s" + width + " D, A, B", type, types, operands);
        for (int i = 0; i < operands.length; i++) {
            int by = (int) Math.min(operands[i][1], width);
            BigInteger a = new BigInteger(Long.toUnsignedString(operands[i][0]));
            BigInteger asSigned = a.testBit(width - 1) ? a.subtract(BigInteger.TWO.pow(width)) : a;
            assertEquals(cut(a.shiftLeft(by).longValue(), width), left[i]);
            assertEquals(a.shiftRight(by).longValue(), right[i]);
            assertEquals(cut(asSigned.shiftRight(by).longValue(), width), signed[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"l.wrap", "r.wrap", "l.clamp", "r.clamp"})
    void funnelShiftsTakeBitsFromBothWords(String mode) {
        long[] words = {0, 1, 0x8000_0000L, 0x1234_5678L, 0xffff_ffffL};
        long[][] operands = Trial.all(words, words, Edges.AMOUNTS);
        long[] got = Trial.run("shf." + mode + ".b32 D, A, B, C", "b32", new String[] {"b32", "b32", "b32"}, operands);
        for (int i = 0; i < got.length; i++) {
            int by = mode.endsWith("wrap") ? (int) operands[i][2] & 31 : (int) Math.min(32, operands[i][2]);
            BigInteger both = BigInteger.valueOf(operands[i][1]).shiftLeft(32).or(BigInteger.valueOf(operands[i][0]));
            BigInteger want = mode.startsWith("l") ? both.shiftLeft(by).shiftRight(32) : both.shiftRight(by);
            assertEquals(cut(want.longValue(), 32), got[i], Arrays.toString(operands[i]));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"u32", "s32", "u64", "s64"})
    void fieldsAreExtractedAndExtended(String type) {
        int width = Integer.parseInt(type.substring(1));
        long[][] operands = Trial.all(values(width), Edges.AMOUNTS, Edges.AMOUNTS);
        long[] got = Trial.run(
                "bfe." + type + " D, A, B, C", "b" + width, new String[] {"b" + width, "b32", "b32"}, operands);
        for (int i = 0; i < got.length; i++) {
            long a = operands[i][0];
            int from = (int) operands[i][1] & 0xff;
            int length = (int) operands[i][2] & 0xff;
            boolean signed = type.startsWith("s");
            // As PTX states it: the sign is the field's highest bit, or the operand's beyond its end.
            boolean sign = signed && length > 0 && bit(a, Math.min(from + length - 1, width - 1), width);
            long want = 0;
            for (int k = 0; k < width; k++) {
                boolean set = k < length && from + k < width ? bit(a, from + k, width) : sign;
                want |= set ? 1L << k : 0;
            }
            assertEquals(want, got[i], type + Arrays.toString(operands[i]));
        }
    }

    private static boolean bit(long a, int k, int width) {
        return k < width && (a >>> k & 1) != 0;
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 64})
    void fieldsAreInserted(int width) {
        long[] values = {0, -1L >>> 64 - width, 0x1234_5678L};
        long[][] operands = Trial.all(values, values, Edges.AMOUNTS, Edges.AMOUNTS);
        String type = "b" + width;
        long[] got =
                Trial.run("bfi." + type + " D, A, B, C, E", type, new String[] {type, type, "b32", "b32"}, operands);
        for (int i = 0; i < got.length; i++) {
            long want = operands[i][1];
            int from = (int) operands[i][2] & 0xff;
            int length = (int) operands[i][3] & 0xff;
            for (int k = 0; k < length && from + k < width; k++) {
                long one = 1L << from + k;
                want = bit(operands[i][0], k, width) ? want | one : want & ~one;
            }
            assertEquals(want, got[i], Arrays.toString(operands[i]));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00, 0xff, 0x96, 0xe8, 0xca, 0x01, 0x80, 0x1b})
    void anyFunctionOfThreeBits(int table) {
        long[] words = {0, 0xffff_ffffL, 0x0f0f_0f0fL, 0x1234_5678L};
        long[][] operands = Trial.all(words, words, words);
        String[] types = {"b32", "b32", "b32"};
        long[] got = Trial.run("lop3.b32 D, A, B, C, " + table, "b32", types, operands);
        for (int i = 0; i < got.length; i++) {
            long want = 0;
            for (int k = 0; k < 32; k++) {
                long row = (operands[i][0] >>> k & 1) << 2 | (operands[i][1] >>> k & 1) << 1 | operands[i][2] >>> k & 1;
                want |= (table >>> row & 1L) << k;
            }
            assertEquals(want, got[i]);
        }
    }

    @Test
    void bytesArePermuted() {
        long[] selectors = {0x3210, 0x7654, 0x0123, 0x1234, 0xba98, 0xfedc, 0x5140, 0x8888};
        long[][] operands = Trial.all(new long[] {0x8070_60ffL, 0x0123_4567L}, new long[] {0x89ab_cdefL}, selectors);
        long[] got = Trial.run("prmt.b32 D, A, B, C", "b32", new String[] {"b32", "b32", "b32"}, operands);
        for (int i = 0; i < got.length; i++) {
            long bytes = operands[i][1] << 32 | operands[i][0];
            long want = 0;
            for (int k = 0; k < 4; k++) {
                int nibble = (int) (operands[i][2] >>> 4 * k) & 15;
                long picked = bytes >>> 8 * (nibble & 7) & 0xff;
                picked = nibble < 8 ? picked : picked >= 128 ? 0xff : 0;
                want |= picked << 8 * k;
            }
            assertEquals(want, got[i]);
        }
        assertEquals(0x5544_3322L, prmt("f4e", 2));
        assertEquals(0x7700_1122L, prmt("b4e", 2));
        assertEquals(0x2222_2222L, prmt("rc8", 2));
        assertEquals(0x3322_2222L, prmt("ecl", 2));
        assertEquals(0x2222_1100L, prmt("ecr", 2));
        assertEquals(0x3322_3322L, prmt("rc16", 1));
    }

    private static long prmt(String mode, long control) {
        long[][] operands = {{0x3322_1100L, 0x7766_5544L, control}};
        String[] types = {"b32", "b32", "b32"};
        return Trial.run("prmt.b32." + mode + " D, A, B, C", "b32", types, operands)[0];
    }

    @Test
    void masksAndSignExtensions() {
        long[][] operands = Trial.all(Edges.BITS32, Edges.AMOUNTS);
        String[] types = {"b32", "b32"};
        long[] clamped = Trial.run("bmsk.clamp.b32 D, A, B", "b32", types, operands);
        long[] extended = Trial.run("szext.clamp.s32 D, A, B", "b32", types, operands);
        for (int i = 0; i < operands.length; i++) {
            long mask = 0;
            for (long k = operands[i][0]; k < Math.min(32, operands[i][0] + operands[i][1]); k++) {
                mask |= 1L << k;
            }
            assertEquals(mask, clamped[i]);
            int bits = (int) Math.min(32, operands[i][1]);
            int a = (int) operands[i][0];
            assertEquals(bits == 0 ? 0 : a << 32 - bits >> 32 - bits, (int) extended[i]);
        }
    }
}
