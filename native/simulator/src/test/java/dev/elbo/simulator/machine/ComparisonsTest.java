package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ComparisonsTest {
    static Stream<Arguments> integerOrders() {
        List<Arguments> all = new ArrayList<>();
        for (String type : new String[] {"s16", "u16", "s32", "u32", "s64", "u64"}) {
            for (String order : new String[] {"eq", "ne", "lt", "le", "gt", "ge"}) {
                all.add(Arguments.of(order, type));
            }
            if (type.startsWith("u")) {
                for (String order : new String[] {"lo", "ls", "hi", "hs"}) {
                    all.add(Arguments.of(order, type));
                }
            }
        }
        return all.stream();
    }

    @ParameterizedTest(name = "setp.{0}.{1}")
    @MethodSource("integerOrders")
    void integersAreOrderedByTheirType(String order, String type) {
        int width = Integer.parseInt(type.substring(1));
        long[] edges = width == 16 ? Edges.BITS16 : width == 32 ? Edges.BITS32 : Edges.BITS64;
        long[][] operands = Trial.all(edges, edges);
        String register = "b" + width;
        long[] got = Trial.run(
                "setp." + order + "." + type + " D, A, B", "pred", new String[] {register, register}, operands);
        for (int i = 0; i < got.length; i++) {
            int sign = type.startsWith("s")
                    ? Long.compare(operands[i][0] << 64 - width, operands[i][1] << 64 - width)
                    : Long.compareUnsigned(operands[i][0], operands[i][1]);
            assertEquals(holds(order, sign) ? 1 : 0, got[i], order + " " + operands[i][0] + " " + operands[i][1]);
        }
    }

    private static boolean holds(String order, int sign) {
        return switch (order) {
            case "eq" -> sign == 0;
            case "ne" -> sign != 0;
            case "lt", "lo" -> sign < 0;
            case "le", "ls" -> sign <= 0;
            case "gt", "hi" -> sign > 0;
            default -> sign >= 0;
        };
    }

    static Stream<Arguments> floatOrders() {
        List<Arguments> all = new ArrayList<>();
        for (Exact format : new Exact[] {Exact.F16, Exact.F32, Exact.F64}) {
            for (String order : new String[] {"eq", "ne", "lt", "le", "gt", "ge"}) {
                all.add(Arguments.of(order, format));
                all.add(Arguments.of(order + "u", format));
            }
            all.add(Arguments.of("num", format));
            all.add(Arguments.of("nan", format));
        }
        return all.stream();
    }

    /// Ordered comparisons are false beside NaN, unordered ones true; the two zeros are equal.
    @ParameterizedTest(name = "setp.{0}.{1}")
    @MethodSource("floatOrders")
    void floatsAreOrderedWithNaNBesideThem(String order, Exact format) {
        long[][] operands = Trial.all(format.edges(), format.edges());
        String text = "setp." + order + "." + format.name().toLowerCase(Locale.ROOT) + " D, A, B";
        long[] got = Trial.run(text, "pred", new String[] {format.register(), format.register()}, operands);
        for (int i = 0; i < got.length; i++) {
            double a = format.value(operands[i][0]);
            double b = format.value(operands[i][1]);
            boolean unordered = Double.isNaN(a) || Double.isNaN(b);
            boolean want = switch (order) {
                case "num" -> !unordered;
                case "nan" -> unordered;
                default -> unordered ? order.length() == 3 : holds(order.substring(0, 2), a < b ? -1 : a == b ? 0 : 1);
            };
            assertEquals(want ? 1 : 0, got[i], text + " of " + a + ", " + b);
        }
    }

    @Test
    void aComparisonCombinesWithAPredicateAndGivesItsOpposite() {
        long[][] operands = Trial.all(new long[] {1, 2}, new long[] {1, 2}, new long[] {0, 1});
        String[] types = {"b32", "b32", "pred"};
        for (String with : new String[] {"and", "or", "xor"}) {
            String text = "setp.eq." + with + ".s32 D, A, B, C";
            String opposite = ".reg .pred %t; setp.eq." + with + ".s32 %t|D, A, B, !C";
            long[] got = Trial.run(text, "pred", types, operands);
            long[] other = Trial.run(opposite, "pred", types, operands);
            for (int i = 0; i < got.length; i++) {
                boolean equal = operands[i][0] == operands[i][1];
                boolean c = operands[i][2] == 1;
                assertEquals(combined(with, equal, c) ? 1 : 0, got[i]);
                assertEquals(combined(with, !equal, !c) ? 1 : 0, other[i]);
            }
        }
    }

    private static boolean combined(String with, boolean a, boolean b) {
        return switch (with) {
            case "and" -> a && b;
            case "or" -> a || b;
            default -> a != b;
        };
    }

    @Test
    void predicatesAreCombined() {
        long[][] operands = Trial.all(new long[] {0, 1}, new long[] {0, 1});
        String[] types = {"pred", "pred"};
        long[] and = Trial.run("and.pred D, A, B", "pred", types, operands);
        long[] or = Trial.run("or.pred D, A, B", "pred", types, operands);
        long[] xor = Trial.run("xor.pred D, A, B", "pred", types, operands);
        long[] not = Trial.run("not.pred D, A", "pred", types, operands);
        for (int i = 0; i < operands.length; i++) {
            assertEquals(operands[i][0] & operands[i][1], and[i]);
            assertEquals(operands[i][0] | operands[i][1], or[i]);
            assertEquals(operands[i][0] ^ operands[i][1], xor[i]);
            assertEquals(1 - operands[i][0], not[i]);
        }
    }

    @Test
    void aChoiceFollowsAPredicateOrASign() {
        long[][] operands = Trial.all(new long[] {7}, new long[] {9}, new long[] {0, 1});
        long[] words = Trial.run("selp.b32 D, A, B, C", "b32", new String[] {"b32", "b32", "pred"}, operands);
        long[] longs = Trial.run("selp.b64 D, A, B, C", "b64", new String[] {"b64", "b64", "pred"}, operands);
        long[] shorts = Trial.run("selp.b16 D, A, B, C", "b16", new String[] {"b16", "b16", "pred"}, operands);
        for (int i = 0; i < 2; i++) {
            long want = operands[i][2] == 1 ? 7 : 9;
            assertEquals(want, words[i]);
            assertEquals(want, longs[i]);
            assertEquals(want, shorts[i]);
        }
        long[][] signs = Trial.all(new long[] {7}, new long[] {9}, Edges.floats());
        long[] bySign = Trial.run("slct.b32.f32 D, A, B, C", "b32", new String[] {"b32", "b32", "b32"}, signs);
        long[] byInteger = Trial.run("slct.b64.s32 D, A, B, C", "b64", new String[] {"b64", "b64", "b32"}, signs);
        for (int i = 0; i < signs.length; i++) {
            assertEquals((float) Exact.F32.value(signs[i][2]) >= 0 ? 7 : 9, bySign[i]);
            assertEquals((int) signs[i][2] >= 0 ? 7 : 9, byInteger[i]);
        }
    }

    @Test
    void setGivesAllBitsOrOne() {
        long[][] operands = Trial.all(new long[] {1, 2}, new long[] {2});
        String[] types = {"b32", "b32"};
        long[] bits = Trial.run("set.lt.u32.s32 D, A, B", "b32", types, operands);
        long[] ones = Trial.run("set.lt.f32.s32 D, A, B", "b32", types, operands);
        assertEquals(0xffff_ffffL, bits[0]);
        assertEquals(0, bits[1]);
        assertEquals(1f, Exact.F32.value(ones[0]));
        assertEquals(0, ones[1]);
    }
}
