package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.Lanes.COUNT;

import dev.elbo.simulator.machine.Lanes.L1;
import dev.elbo.simulator.machine.Lanes.L2;
import dev.elbo.simulator.machine.Lanes.LongToWord;
import dev.elbo.simulator.machine.Lanes.W1;
import dev.elbo.simulator.machine.Lanes.W2;
import dev.elbo.simulator.machine.Lanes.W3;
import dev.elbo.simulator.ptx.ScalarType;
import java.util.Map;
import java.util.function.IntBinaryOperator;

/// Bits: `and or xor not cnot lop3 shl shr shf bfe bfi brev clz popc bfind fns prmt bmsk szext`.
final class BitOperations {
    private BitOperations() {}

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("and", o -> logic(o, BitOperations::and, BitOperations::and, (a, b) -> a & b));
        families.put("or", o -> logic(o, BitOperations::or, BitOperations::or, (a, b) -> a | b));
        families.put("xor", o -> logic(o, BitOperations::xor, BitOperations::xor, (a, b) -> a ^ b));
        families.put("not", BitOperations::not);
        families.put("cnot", BitOperations::logicalNot);
        families.put("lop3", BitOperations::lookup);
        families.put("shl", BitOperations::shiftLeft);
        families.put("shr", BitOperations::shiftRight);
        families.put("shf", BitOperations::funnelShift);
        families.put("bfe", BitOperations::extract);
        families.put("bfi", BitOperations::insert);
        families.put("brev", o -> unary(o, BitOperations::reverse, BitOperations::reverse));
        families.put("clz", o -> count(o, BitOperations::leadingZeros, BitOperations::leadingZeros));
        families.put("popc", o -> count(o, BitOperations::population, BitOperations::population));
        families.put("bfind", BitOperations::find);
        families.put("prmt", BitOperations::permute);
        families.put("bmsk", BitOperations::mask);
        families.put("szext", BitOperations::extend);
    }

    private static Instruction logic(Operation o, W2 words, L2 longs, IntBinaryOperator predicates) {
        ScalarType type = o.type();
        if (type == ScalarType.PRED) {
            Operation.Condition a = o.condition(1);
            Operation.Condition b = o.condition(2);
            return Comparisons.toPredicate(o.predicate(0), w -> predicates.applyAsInt(a.lanes(w), b.lanes(w)));
        }
        return IntegerArithmetic.binary(o, type, words, longs);
    }

    private static Instruction not(Operation o) {
        ScalarType type = o.type();
        if (type == ScalarType.PRED) {
            Operation.Condition a = o.condition(1);
            return Comparisons.toPredicate(o.predicate(0), w -> ~a.lanes(w));
        }
        if (type.bytes() == 8) {
            return Lanes.longs(
                    (L1) (d, a) -> {
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = ~a[i];
                        }
                    },
                    o.wide(0, type),
                    o.wide(1, type));
        }
        int kept = type.bytes() == 2 ? 0xffff : -1;
        return Lanes.words(
                (W1) (d, a) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = ~a[i] & kept;
                    }
                },
                o.word(0, type),
                o.word(1, type));
    }

    private static Instruction logicalNot(Operation o) {
        ScalarType type = o.type();
        if (type.bytes() == 8) {
            return Lanes.longs(
                    (L1) (d, a) -> {
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = a[i] == 0 ? 1 : 0;
                        }
                    },
                    o.wide(0, type),
                    o.wide(1, type));
        }
        return Lanes.words(
                (W1) (d, a) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = a[i] == 0 ? 1 : 0;
                    }
                },
                o.word(0, type),
                o.word(1, type));
    }

    /// Any function of three bits, by its truth table.
    private static Instruction lookup(Operation o) {
        ScalarType type = o.type();
        if (type != ScalarType.B32) {
            throw o.unknown();
        }
        int table = (int) o.constant(4);
        W3 op = (d, a, b, c) -> {
            for (int i = 0; i < COUNT; i++) {
                int x = a[i];
                int y = b[i];
                int z = c[i];
                d[i] = ((table & 0x01) != 0 ? ~x & ~y & ~z : 0)
                        | ((table & 0x02) != 0 ? ~x & ~y & z : 0)
                        | ((table & 0x04) != 0 ? ~x & y & ~z : 0)
                        | ((table & 0x08) != 0 ? ~x & y & z : 0)
                        | ((table & 0x10) != 0 ? x & ~y & ~z : 0)
                        | ((table & 0x20) != 0 ? x & ~y & z : 0)
                        | ((table & 0x40) != 0 ? x & y & ~z : 0)
                        | ((table & 0x80) != 0 ? x & y & z : 0);
            }
        };
        return Lanes.words(op, o.word(0, type), o.word(1, type), o.word(2, type), o.word(3, type));
    }

    private static Instruction shiftLeft(Operation o) {
        ScalarType type = o.type();
        int by = o.word(2, ScalarType.U32);
        if (type.bytes() == 8) {
            int a = o.wide(1, type);
            return Lanes.longs((w, d) -> shiftLeft(d, w.longs[a], w.words[by]), o.wide(0, type));
        }
        int kept = type.bytes() == 2 ? 0xffff : -1;
        W2 op = (d, a, b) -> {
            for (int i = 0; i < COUNT; i++) {
                d[i] = (b[i] >>> 5 == 0 ? a[i] << b[i] : 0) & kept;
            }
        };
        return Lanes.words(op, o.word(0, type), o.word(1, type), by);
    }

    private static void shiftLeft(long[] d, long[] a, int[] by) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = by[i] >>> 6 == 0 ? a[i] << by[i] : 0;
        }
    }

    private static Instruction shiftRight(Operation o) {
        ScalarType type = o.type();
        boolean signed = type.signed();
        int by = o.word(2, ScalarType.U32);
        if (type.bytes() == 8) {
            int a = o.wide(1, type);
            return signed
                    ? Lanes.longs((w, d) -> shiftRight(d, w.longs[a], w.words[by]), o.wide(0, type))
                    : Lanes.longs((w, d) -> shiftRightUnsigned(d, w.longs[a], w.words[by]), o.wide(0, type));
        }
        W2 op = signed ? BitOperations::shiftRight : BitOperations::shiftRightUnsigned;
        if (type.bytes() == 2) {
            W2 wide = op;
            op = (d, a, b) -> {
                int[] x = new int[COUNT];
                for (int i = 0; i < COUNT; i++) {
                    x[i] = signed ? (short) a[i] : a[i] & 0xffff;
                }
                wide.run(d, x, b);
                for (int i = 0; i < COUNT; i++) {
                    d[i] &= 0xffff;
                }
            };
        }
        return Lanes.words(op, o.word(0, type), o.word(1, type), by);
    }

    private static void shiftRight(int[] d, int[] a, int[] by) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] >> (by[i] >>> 5 == 0 ? by[i] : 31);
        }
    }

    private static void shiftRightUnsigned(int[] d, int[] a, int[] by) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = by[i] >>> 5 == 0 ? a[i] >>> by[i] : 0;
        }
    }

    private static void shiftRight(long[] d, long[] a, int[] by) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] >> (by[i] >>> 6 == 0 ? by[i] : 63);
        }
    }

    private static void shiftRightUnsigned(long[] d, long[] a, int[] by) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = by[i] >>> 6 == 0 ? a[i] >>> by[i] : 0;
        }
    }

    private static Instruction funnelShift(Operation o) {
        boolean left = o.needs("l", "r").equals("l");
        boolean clamp = o.needs("clamp", "wrap").equals("clamp");
        ScalarType type = o.type();
        W3 op = (d, a, b, c) -> {
            for (int i = 0; i < COUNT; i++) {
                int by = clamp ? (c[i] >>> 5 == 0 ? c[i] : 32) : c[i] & 31;
                long both = (long) b[i] << 32 | a[i] & 0xffff_ffffL;
                d[i] = (int) (left ? both << by >>> 32 : both >>> by);
            }
        };
        return Lanes.words(op, o.word(0, type), o.word(1, type), o.word(2, type), o.word(3, ScalarType.U32));
    }

    private static Instruction extract(Operation o) {
        ScalarType type = o.type();
        boolean signed = type.signed();
        int from = o.word(2, ScalarType.U32);
        int length = o.word(3, ScalarType.U32);
        if (type.bytes() == 8) {
            int a = o.wide(1, type);
            return Lanes.longs(
                    (w, d) -> {
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = field(w.longs[a][i], w.words[from][i], w.words[length][i], signed, 64);
                        }
                    },
                    o.wide(0, type));
        }
        W3 op = (d, a, b, c) -> {
            for (int i = 0; i < COUNT; i++) {
                long value = signed ? a[i] : a[i] & 0xffff_ffffL;
                d[i] = (int) field(value, b[i], c[i], signed, 32);
            }
        };
        return Lanes.words(op, o.word(0, type), o.word(1, type), from, length);
    }

    /// @param value extended to 64 bits as its type wants
    private static long field(long value, int from, int length, boolean signed, int width) {
        int start = from & 0xff;
        int bits = length & 0xff;
        if (bits == 0) {
            return 0;
        }
        long shifted = start >= width ? (signed && value < 0 ? -1 : 0) : signed ? value >> start : value >>> start;
        if (bits >= 64) {
            return shifted;
        }
        return signed ? shifted << 64 - bits >> 64 - bits : shifted & (1L << bits) - 1;
    }

    private static Instruction insert(Operation o) {
        ScalarType type = o.type();
        int from = o.word(3, ScalarType.U32);
        int length = o.word(4, ScalarType.U32);
        if (type.bytes() == 8) {
            int a = o.wide(1, type);
            int b = o.wide(2, type);
            return Lanes.longs(
                    (w, d) -> {
                        for (int i = 0; i < COUNT; i++) {
                            long where = where(w.words[from][i], w.words[length][i], 64);
                            int by = w.words[from][i] & 0xff;
                            d[i] = w.longs[b][i] & ~where | (by < 64 ? w.longs[a][i] << by : 0) & where;
                        }
                    },
                    o.wide(0, type));
        }
        int a = o.word(1, type);
        int b = o.word(2, type);
        return Lanes.words(
                (w, d) -> {
                    for (int i = 0; i < COUNT; i++) {
                        int where = (int) where(w.words[from][i], w.words[length][i], 32);
                        int by = w.words[from][i] & 0xff;
                        d[i] = w.words[b][i] & ~where | (by < 32 ? w.words[a][i] << by : 0) & where;
                    }
                },
                o.word(0, type));
    }

    /// The bits from `from` on, `length` of them, cut off at `width`.
    private static long where(int from, int length, int width) {
        int start = from & 0xff;
        int bits = Math.min(length & 0xff, width - start);
        return bits <= 0 ? 0 : (bits == 64 ? -1 : (1L << bits) - 1) << start;
    }

    private static Instruction unary(Operation o, W1 words, L1 longs) {
        ScalarType type = o.type();
        return type.bytes() == 8
                ? Lanes.longs(longs, o.wide(0, type), o.wide(1, type))
                : Lanes.words(words, o.word(0, type), o.word(1, type));
    }

    /// The result has 32 bits, whatever the operand has.
    private static Instruction count(Operation o, W1 words, LongToWord longs) {
        ScalarType type = o.type();
        int d = o.word(0, ScalarType.U32);
        return type.bytes() == 8 ? Lanes.cut(longs, d, o.wide(1, type)) : Lanes.words(words, d, o.word(1, type));
    }

    /// Position of the highest bit that is no sign bit, or all ones.
    private static Instruction find(Operation o) {
        boolean shift = o.took("shiftamt");
        ScalarType type = o.type();
        boolean signed = type.signed();
        int d = o.word(0, ScalarType.U32);
        if (type.bytes() == 8) {
            LongToWord op = (r, a) -> {
                for (int i = 0; i < COUNT; i++) {
                    int zeros = Long.numberOfLeadingZeros(signed && a[i] < 0 ? ~a[i] : a[i]);
                    r[i] = zeros == 64 ? -1 : shift ? zeros : 63 - zeros;
                }
            };
            return Lanes.cut(op, d, o.wide(1, type));
        }
        W1 op = (r, a) -> {
            for (int i = 0; i < COUNT; i++) {
                int zeros = Integer.numberOfLeadingZeros(signed && a[i] < 0 ? ~a[i] : a[i]);
                r[i] = zeros == 32 ? -1 : shift ? zeros : 31 - zeros;
            }
        };
        return Lanes.words(op, d, o.word(1, type));
    }

    /// Four bytes picked from eight.
    private static Instruction permute(Operation o) {
        ScalarType type = o.type();
        String mode = o.oneOf("f4e", "b4e", "rc8", "ecl", "ecr", "rc16");
        W3 op = (d, a, b, c) -> {
            for (int i = 0; i < COUNT; i++) {
                long bytes = (long) b[i] << 32 | a[i] & 0xffff_ffffL;
                int picked = 0;
                for (int k = 0; k < 4; k++) {
                    int selector = mode == null ? c[i] >>> 4 * k & 15 : selector(mode, c[i] & 3, k);
                    int value = (int) (bytes >>> 8 * (selector & 7)) & 0xff;
                    value = (selector & 8) == 0 ? value : value >= 0x80 ? 0xff : 0;
                    picked |= value << 8 * k;
                }
                d[i] = picked;
            }
        };
        return Lanes.words(op, o.word(0, type), o.word(1, type), o.word(2, type), o.word(3, type));
    }

    private static int selector(String mode, int s, int k) {
        return switch (mode) {
            case "f4e" -> s + k;
            case "b4e" -> s - k & 7;
            case "rc8" -> s;
            case "ecl" -> Math.max(s, k);
            case "ecr" -> Math.min(s, k);
            default -> (s & 1) * 2 + (k & 1);
        };
    }

    private static Instruction mask(Operation o) {
        boolean clamp = o.needs("clamp", "wrap").equals("clamp");
        ScalarType type = o.type();
        W2 op = (d, a, b) -> {
            for (int i = 0; i < COUNT; i++) {
                long from = clamp ? a[i] & 0xffff_ffffL : a[i] & 31;
                long bits = clamp ? b[i] & 0xffff_ffffL : b[i] & 31;
                d[i] = (int) (from >= 32 ? 0 : (bits >= 32 ? -1L : (1L << bits) - 1) << from);
            }
        };
        return Lanes.words(op, o.word(0, type), o.word(1, type), o.word(2, type));
    }

    private static Instruction extend(Operation o) {
        boolean clamp = o.needs("clamp", "wrap").equals("clamp");
        ScalarType type = o.type();
        boolean signed = type.signed();
        W2 op = (d, a, b) -> {
            for (int i = 0; i < COUNT; i++) {
                int bits = clamp ? (b[i] >>> 5 == 0 ? b[i] : 32) : b[i] & 31;
                long value = signed ? a[i] : a[i] & 0xffff_ffffL;
                d[i] = (int) field(value, 0, bits, signed, 32);
            }
        };
        return Lanes.words(op, o.word(0, type), o.word(1, type), o.word(2, ScalarType.U32));
    }

    private static void and(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] & b[i];
        }
    }

    private static void and(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] & b[i];
        }
    }

    private static void or(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] | b[i];
        }
    }

    private static void or(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] | b[i];
        }
    }

    private static void xor(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] ^ b[i];
        }
    }

    private static void xor(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = a[i] ^ b[i];
        }
    }

    private static void reverse(int[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Integer.reverse(a[i]);
        }
    }

    private static void reverse(long[] d, long[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Long.reverse(a[i]);
        }
    }

    private static void leadingZeros(int[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Integer.numberOfLeadingZeros(a[i]);
        }
    }

    private static void leadingZeros(int[] d, long[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Long.numberOfLeadingZeros(a[i]);
        }
    }

    private static void population(int[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Integer.bitCount(a[i]);
        }
    }

    private static void population(int[] d, long[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = Long.bitCount(a[i]);
        }
    }
}
