package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.FloatLanes.f;
import static dev.elbo.simulator.machine.Lanes.COUNT;

import dev.elbo.simulator.machine.Lanes.TestL;
import dev.elbo.simulator.machine.Lanes.TestW;
import dev.elbo.simulator.ptx.Operand;
import dev.elbo.simulator.ptx.ScalarType;
import java.util.Map;
import java.util.function.IntBinaryOperator;
import java.util.function.ToIntFunction;

/// Comparison and choice: `setp set selp slct`.
final class Comparisons {
    private static final String[] ORDERS = {
        "eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu", "geu", "num",
        "nan"
    };

    private Comparisons() {}

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("setp", Comparisons::setPredicate);
        families.put("set", Comparisons::set);
        families.put("selp", Comparisons::select);
        families.put("slct", Comparisons::selectBySign);
    }

    /// An instruction with a predicate as its result.
    static Instruction toPredicate(int row, ToIntFunction<Warp> lanes) {
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                int result = lanes.applyAsInt(warp);
                warp.predicates[row] = warp.predicates[row] & ~mask | result & mask;
            }
        };
    }

    private static Instruction setPredicate(Operation o) {
        String order = o.needs(ORDERS);
        IntBinaryOperator combine = combination(o.oneOf("and", "or", "xor"));
        ToIntFunction<Warp> test = test(o, order, 1);
        Operation.Condition with = o.operands() > 3 ? o.condition(3) : null;
        if (!(o.operand(0) instanceof Operand.Pair(Operand first, Operand second))) {
            int p = o.predicate(0);
            return with == null
                    ? toPredicate(p, test)
                    : toPredicate(p, w -> combine.applyAsInt(test.applyAsInt(w), with.lanes(w)));
        }
        int p = first instanceof Operand.Sink ? -1 : o.decoder().predicate(first, o);
        int q = second instanceof Operand.Sink ? -1 : o.decoder().predicate(second, o);
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                int holds = test.applyAsInt(warp);
                int other = with == null ? 0 : with.lanes(warp);
                write(warp, p, mask, with == null ? holds : combine.applyAsInt(holds, other));
                write(warp, q, mask, with == null ? ~holds : combine.applyAsInt(~holds, other));
            }

            private void write(Warp warp, int row, int mask, int result) {
                if (row >= 0) {
                    warp.predicates[row] = warp.predicates[row] & ~mask | result & mask;
                }
            }
        };
    }

    /// Like `setp`, with all bits or 1.0 where it holds.
    private static Instruction set(Operation o) {
        String order = o.needs(ORDERS);
        IntBinaryOperator combine = combination(o.oneOf("and", "or", "xor"));
        ScalarType result = o.type();
        ToIntFunction<Warp> test = test(o, order, 1);
        Operation.Condition with = o.operands() > 3 ? o.condition(3) : null;
        int one = result == ScalarType.F32 ? Float.floatToRawIntBits(1) : -1;
        return Lanes.words(
                (w, d) -> {
                    int holds = test.applyAsInt(w);
                    holds = with == null ? holds : combine.applyAsInt(holds, with.lanes(w));
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = (holds >>> i & 1) != 0 ? one : 0;
                    }
                },
                o.word(0, result));
    }

    private static IntBinaryOperator combination(String name) {
        return switch (name) {
            case "and" -> (a, b) -> a & b;
            case "or" -> (a, b) -> a | b;
            case "xor" -> (a, b) -> a ^ b;
            case null -> (a, b) -> a;
            default -> throw new IllegalArgumentException(name);
        };
    }

    /// @param first operand that is compared with the one after it
    private static ToIntFunction<Warp> test(Operation o, String order, int first) {
        ScalarType type = o.type();
        boolean flush = o.took("ftz");
        if (type.bytes() == 8) {
            int a = o.wide(first, type);
            int b = o.wide(first + 1, type);
            TestL test = type == ScalarType.F64 ? doubles(o, order) : longs(o, order, type.signed());
            return w -> test.run(w.longs[a], w.longs[b]);
        }
        int a = o.word(first, type);
        int b = o.word(first + 1, type);
        if (type == ScalarType.F32) {
            TestW test = floats(o, order);
            return flush
                    ? w -> test.run(FloatArithmetic.flush(w.words[a]), FloatArithmetic.flush(w.words[b]))
                    : w -> test.run(w.words[a], w.words[b]);
        }
        if (type.bytes() == 2) {
            TestW test = type.floating() ? floats(o, order) : words(o, order, type.signed());
            return w -> test.run(widen(w.words[a], type), widen(w.words[b], type));
        }
        if (type.floating()) {
            throw o.unknown();
        }
        TestW test = words(o, order, type.signed());
        return w -> test.run(w.words[a], w.words[b]);
    }

    private static int[] widen(int[] a, ScalarType type) {
        int[] wide = new int[COUNT];
        for (int i = 0; i < COUNT; i++) {
            wide[i] = type.floating()
                    ? Float.floatToRawIntBits(NarrowFloat.of(type).toFloat(a[i] & 0xffff))
                    : type.signed() ? (short) a[i] : a[i] & 0xffff;
        }
        return wide;
    }

    private static TestW words(Operation o, String order, boolean signed) {
        return switch (order) {
            case "eq" -> Comparisons::equal;
            case "ne" -> (a, b) -> ~equal(a, b);
            case "lt" -> signed ? Comparisons::less : Comparisons::below;
            case "le" -> signed ? (a, b) -> ~less(b, a) : (a, b) -> ~below(b, a);
            case "gt" -> signed ? (a, b) -> less(b, a) : (a, b) -> below(b, a);
            case "ge" -> signed ? (a, b) -> ~less(a, b) : (a, b) -> ~below(a, b);
            case "lo" -> Comparisons::below;
            case "ls" -> (a, b) -> ~below(b, a);
            case "hi" -> (a, b) -> below(b, a);
            case "hs" -> (a, b) -> ~below(a, b);
            default -> throw o.unknown();
        };
    }

    private static TestL longs(Operation o, String order, boolean signed) {
        return switch (order) {
            case "eq" -> Comparisons::equal;
            case "ne" -> (a, b) -> ~equal(a, b);
            case "lt" -> signed ? Comparisons::less : Comparisons::below;
            case "le" -> signed ? (a, b) -> ~less(b, a) : (a, b) -> ~below(b, a);
            case "gt" -> signed ? (a, b) -> less(b, a) : (a, b) -> below(b, a);
            case "ge" -> signed ? (a, b) -> ~less(a, b) : (a, b) -> ~below(a, b);
            case "lo" -> Comparisons::below;
            case "ls" -> (a, b) -> ~below(b, a);
            case "hi" -> (a, b) -> below(b, a);
            case "hs" -> (a, b) -> ~below(a, b);
            default -> throw o.unknown();
        };
    }

    private static TestW floats(Operation o, String order) {
        return switch (order) {
            case "eq" -> Comparisons::equalFloats;
            case "ne" -> (a, b) -> ~equalFloats(a, b) & ~unordered(a, b);
            case "lt" -> Comparisons::lessFloats;
            case "le" -> Comparisons::lessOrEqualFloats;
            case "gt" -> (a, b) -> lessFloats(b, a);
            case "ge" -> (a, b) -> lessOrEqualFloats(b, a);
            case "equ" -> (a, b) -> equalFloats(a, b) | unordered(a, b);
            case "neu" -> (a, b) -> ~equalFloats(a, b);
            case "ltu" -> (a, b) -> ~lessOrEqualFloats(b, a);
            case "leu" -> (a, b) -> ~lessFloats(b, a);
            case "gtu" -> (a, b) -> ~lessOrEqualFloats(a, b);
            case "geu" -> (a, b) -> ~lessFloats(a, b);
            case "num" -> (a, b) -> ~unordered(a, b);
            case "nan" -> Comparisons::unordered;
            default -> throw o.unknown();
        };
    }

    private static TestL doubles(Operation o, String order) {
        return switch (order) {
            case "eq" -> Comparisons::equalDoubles;
            case "ne" -> (a, b) -> ~equalDoubles(a, b) & ~unordered(a, b);
            case "lt" -> Comparisons::lessDoubles;
            case "le" -> Comparisons::lessOrEqualDoubles;
            case "gt" -> (a, b) -> lessDoubles(b, a);
            case "ge" -> (a, b) -> lessOrEqualDoubles(b, a);
            case "equ" -> (a, b) -> equalDoubles(a, b) | unordered(a, b);
            case "neu" -> (a, b) -> ~equalDoubles(a, b);
            case "ltu" -> (a, b) -> ~lessOrEqualDoubles(b, a);
            case "leu" -> (a, b) -> ~lessDoubles(b, a);
            case "gtu" -> (a, b) -> ~lessOrEqualDoubles(a, b);
            case "geu" -> (a, b) -> ~lessDoubles(a, b);
            case "num" -> (a, b) -> ~unordered(a, b);
            case "nan" -> Comparisons::unordered;
            default -> throw o.unknown();
        };
    }

    private static Instruction select(Operation o) {
        ScalarType type = o.type();
        Operation.Condition condition = o.condition(3);
        if (type.bytes() == 8) {
            int a = o.wide(1, type);
            int b = o.wide(2, type);
            return Lanes.longs(
                    (w, d) -> {
                        int holds = condition.lanes(w);
                        long[] x = w.longs[a];
                        long[] y = w.longs[b];
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = (holds >>> i & 1) != 0 ? x[i] : y[i];
                        }
                    },
                    o.wide(0, type));
        }
        int a = o.word(1, type);
        int b = o.word(2, type);
        return Lanes.words(
                (w, d) -> {
                    int holds = condition.lanes(w);
                    int[] x = w.words[a];
                    int[] y = w.words[b];
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = (holds >>> i & 1) != 0 ? x[i] : y[i];
                    }
                },
                o.word(0, type));
    }

    /// The first where the third is not negative, else the second.
    private static Instruction selectBySign(Operation o) {
        ScalarType type = o.type();
        ScalarType by = o.type();
        int c = o.word(3, by);
        boolean flush = o.took("ftz");
        Lanes.TestW negative = by == ScalarType.F32
                ? (x, y) -> {
                    int holds = 0;
                    for (int i = 0; i < COUNT; i++) {
                        float value = f(flush ? FloatArithmetic.flush(x[i]) : x[i]);
                        holds |= value >= 0 ? 0 : 1 << i;
                    }
                    return holds;
                }
                : (x, y) -> {
                    int holds = 0;
                    for (int i = 0; i < COUNT; i++) {
                        holds |= (x[i] >>> 31) << i;
                    }
                    return holds;
                };
        if (type.bytes() == 8) {
            int a = o.wide(1, type);
            int b = o.wide(2, type);
            return Lanes.longs(
                    (w, d) -> {
                        int holds = negative.run(w.words[c], null);
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = (holds >>> i & 1) != 0 ? w.longs[b][i] : w.longs[a][i];
                        }
                    },
                    o.wide(0, type));
        }
        int a = o.word(1, type);
        int b = o.word(2, type);
        return Lanes.words(
                (w, d) -> {
                    int holds = negative.run(w.words[c], null);
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = (holds >>> i & 1) != 0 ? w.words[b][i] : w.words[a][i];
                    }
                },
                o.word(0, type));
    }

    private static int equal(int[] a, int[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (a[i] == b[i] ? 1 : 0) << i;
        }
        return holds;
    }

    private static int less(int[] a, int[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (a[i] < b[i] ? 1 : 0) << i;
        }
        return holds;
    }

    private static int below(int[] a, int[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (a[i] + Integer.MIN_VALUE < b[i] + Integer.MIN_VALUE ? 1 : 0) << i;
        }
        return holds;
    }

    private static int equal(long[] a, long[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (a[i] == b[i] ? 1 : 0) << i;
        }
        return holds;
    }

    private static int less(long[] a, long[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (a[i] < b[i] ? 1 : 0) << i;
        }
        return holds;
    }

    private static int below(long[] a, long[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (a[i] + Long.MIN_VALUE < b[i] + Long.MIN_VALUE ? 1 : 0) << i;
        }
        return holds;
    }

    private static int equalFloats(int[] a, int[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (f(a[i]) == f(b[i]) ? 1 : 0) << i;
        }
        return holds;
    }

    private static int lessFloats(int[] a, int[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (f(a[i]) < f(b[i]) ? 1 : 0) << i;
        }
        return holds;
    }

    private static int lessOrEqualFloats(int[] a, int[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (f(a[i]) <= f(b[i]) ? 1 : 0) << i;
        }
        return holds;
    }

    private static int unordered(int[] a, int[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (Float.isNaN(f(a[i])) || Float.isNaN(f(b[i])) ? 1 : 0) << i;
        }
        return holds;
    }

    private static int equalDoubles(long[] a, long[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (f(a[i]) == f(b[i]) ? 1 : 0) << i;
        }
        return holds;
    }

    private static int lessDoubles(long[] a, long[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (f(a[i]) < f(b[i]) ? 1 : 0) << i;
        }
        return holds;
    }

    private static int lessOrEqualDoubles(long[] a, long[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (f(a[i]) <= f(b[i]) ? 1 : 0) << i;
        }
        return holds;
    }

    private static int unordered(long[] a, long[] b) {
        int holds = 0;
        for (int i = 0; i < COUNT; i++) {
            holds |= (Double.isNaN(f(a[i])) || Double.isNaN(f(b[i])) ? 1 : 0) << i;
        }
        return holds;
    }
}
