package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.memory.Allocation;
import java.util.function.LongBinaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AtomicsTest {
    private static Arguments of(String opcode, int width, LongBinaryOperator oracle) {
        return Arguments.of(opcode, width, oracle);
    }

    static Stream<Arguments> operations() {
        return Stream.of(
                of("add.u32", 32, Long::sum),
                of("add.s32", 32, Long::sum),
                of("add.u64", 64, Long::sum),
                of("and.b32", 32, (a, b) -> a & b),
                of("or.b64", 64, (a, b) -> a | b),
                of("xor.b32", 32, (a, b) -> a ^ b),
                of("exch.b32", 32, (a, b) -> b),
                of("exch.b64", 64, (a, b) -> b),
                of("min.u32", 32, (a, b) -> Math.min(a, b)),
                of("max.u32", 32, (a, b) -> Math.max(a, b)),
                of("min.s32", 32, (a, b) -> Math.min((int) a, (int) b)),
                of("max.s32", 32, (a, b) -> Math.max((int) a, (int) b)),
                of("min.s64", 64, Math::min),
                of("max.u64", 64, (a, b) -> Long.compareUnsigned(a, b) > 0 ? a : b),
                of("inc.u32", 32, (a, b) -> a >= b ? 0 : a + 1),
                of("dec.u32", 32, (a, b) -> a == 0 || a > b ? b : a - 1));
    }

    /// Each thread on a word of its own: what was there comes back, and what should be there is.
    @ParameterizedTest(name = "{0}")
    @MethodSource("operations")
    void oldValueComesBackAndNewOneIsThere(String opcode, int width, LongBinaryOperator oracle) {
        long[] edges = width == 32 ? Edges.BITS32 : Edges.BITS64;
        long[][] operands = Trial.all(edges, edges);
        String type = "b" + width;
        String setUp = ".local .align 8 .b8 cell[8]; .reg .b64 %c; mov.u64 %c, cell; cvta.local.u64 %c, %c; st." + type
                + " [%c], A; ";
        long[] old = Trial.run(setUp + "atom." + opcode + " D, [%c], B", type, new String[] {type, type}, operands);
        long[] now = Trial.run(
                setUp + "red." + opcode + " [%c], B; ld." + type + " D, [%c]",
                type,
                new String[] {type, type},
                operands);
        for (int i = 0; i < operands.length; i++) {
            long want = oracle.applyAsLong(operands[i][0], operands[i][1]) & -1L >>> 64 - width;
            assertEquals(operands[i][0], old[i]);
            assertEquals(want, now[i], opcode + " " + operands[i][0] + " " + operands[i][1]);
        }
    }

    @Test
    void comparedValuesAreSwappedOnlyIfEqual() {
        long[][] operands = Trial.all(new long[] {1, 2}, new long[] {1, 2}, new long[] {9});
        for (String type : new String[] {"b32", "b64", "b16"}) {
            String text = ".local .align 8 .b8 cell[8]; .reg .b64 %c; .reg ." + type + " %t; mov.u64 %c, cell; "
                    + "cvta.local.u64 %c, %c; st." + type + " [%c], A; atom.cas." + type + " %t, [%c], B, C; ld." + type
                    + " D, [%c]";
            long[] now = Trial.run(text, type, new String[] {type, type, type}, operands);
            for (int i = 0; i < operands.length; i++) {
                assertEquals(operands[i][0] == operands[i][1] ? 9 : operands[i][0], now[i]);
            }
        }
    }

    @Test
    void threadsOfManyBlocksAddUp() {
        String body = "ld.param.u64 %d1, [sum]; mov.u32 %r1, %tid.x; atom.global.add.u32 %r2, [%d1], %r1;\n"
                + "red.global.gpu.relaxed.add.u64 [%d1+8], 3; red.global.add.f32 [%d1+16], 0f3F800000;\n"
                + "red.global.add.f64 [%d1+24], 0d3FE0000000000000; red.global.max.s32 [%d1+20], %r1; ret;";
        for (int threads : new int[] {1, 2}) {
            TestGpu gpu = TestGpu.kernel(".param .u64 sum", body);
            gpu.options = LaunchOptions.CHECKED.withThreads(threads);
            Allocation sum = gpu.longs("sum", 0, 0, 0, 0);
            LaunchStatistics did = gpu.run("k", Dim3.of(10), Dim3.of(50), sum);
            long[] got = gpu.longs(sum);
            assertEquals(10 * 49 * 50 / 2, got[0]);
            assertEquals(1500, got[1]);
            assertEquals(500f, Float.intBitsToFloat((int) got[2]));
            assertEquals(49, got[2] >>> 32);
            assertEquals(250, Double.longBitsToDouble(got[3]));
            assertEquals(1000, did.floatAtomics());
        }
    }

    @Test
    void halvesAddInPairs() {
        long[][] operands = {{0x3c00_4000L, 0x3c00_3c00L}};
        String text =
                ".local .align 8 .b8 cell[8]; .reg .b64 %c; .reg .b32 %t; mov.u64 %c, cell; cvta.local.u64 %c, %c; "
                        + "st.b32 [%c], A; atom.add.noftz.f16x2 %t, [%c], B; ld.b32 D, [%c]";
        assertEquals(0x4000_4200L, Trial.run(text, "b32", new String[] {"b32", "b32"}, operands)[0]);
    }
}
