package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.memory.Allocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Loads, stores, addresses and moves.
class MemoryAccessTest {
    private static final String LANE = "ld.param.u64 %d1, [in]; ld.param.u64 %d2, [out]; mov.u32 %r1, %tid.x;\n";

    private static int[] run(int threads, int[] input, int outputs, String body) {
        TestGpu gpu = TestGpu.kernel(".param .u64 in, .param .u64 out", LANE + body + " ret;");
        Allocation out = gpu.ints("out", new int[outputs]);
        gpu.run("k", Dim3.of(1), Dim3.of(threads), gpu.ints("in", input), out);
        return gpu.ints(out);
    }

    private static int[] count(int n) {
        int[] values = new int[n];
        for (int i = 0; i < n; i++) {
            values[i] = 0x80706050 + 0x01010101 * i;
        }
        return values;
    }

    /// Side by side, backwards, all at one place, and with some lanes idle.
    @ParameterizedTest
    @ValueSource(ints = {1, 5, 31, 32, 40, 64})
    void lanesLoadAndStoreInAnyPattern(int threads) {
        int[] input = count(64);
        String body = """
                shl.b32 %r2, %r1, 2; cvt.u64.u32 %d3, %r2; add.s64 %d4, %d1, %d3; ld.global.u32 %r3, [%d4];
                sub.s64 %d5, %d1, %d3; ld.global.u32 %r4, [%d5+252]; ld.global.nc.u32 %r5, [%d1+8];
                mad.lo.u32 %r6, %r1, 12, 0; cvt.u64.u32 %d6, %r6; add.s64 %d7, %d2, %d6;
                st.global.u32 [%d7], %r3; st.global.u32 [%d7+4], %r4; st.global.u32 [%d7+8], %r5;
                """;
        int[] got = run(threads, input, 3 * threads, body);
        for (int i = 0; i < threads; i++) {
            assertEquals(input[i], got[3 * i]);
            assertEquals(input[63 - i], got[3 * i + 1]);
            assertEquals(input[2], got[3 * i + 2]);
        }
    }

    @Test
    void narrowLoadsExtendAndNarrowStoresCut() {
        String body = """
                mul.wide.u32 %d3, %r1, 4; add.s64 %d4, %d1, %d3; mul.wide.u32 %d5, %r1, 32;
                add.s64 %d6, %d2, %d5;
                ld.global.u8 %r2, [%d4+3]; ld.global.s8 %r3, [%d4+3]; ld.global.u16 %h1, [%d4+2];
                ld.global.s16 %r4, [%d4+2]; ld.global.s8 %h2, [%d4+3]; ld.global.s32 %d7, [%d4];
                cvt.u32.u16 %r5, %h1; cvt.u32.u16 %r6, %h2;
                st.global.u32 [%d6], %r2; st.global.u32 [%d6+4], %r3; st.global.u32 [%d6+8], %r5;
                st.global.u32 [%d6+12], %r4; st.global.u32 [%d6+16], %r6; st.global.u64 [%d6+24], %d7;
                st.global.u8 [%d6+20], %r4; st.global.u16 [%d6+22], %h2; st.global.u8 [%d6+21], %d7;
                """;
        int[] input = count(40);
        int[] got = run(40, input, 8 * 40, body);
        for (int i = 0; i < 40; i++) {
            int x = input[i];
            assertEquals(x >>> 24, got[8 * i]);
            assertEquals(x >> 24, got[8 * i + 1]);
            assertEquals(x >>> 16, got[8 * i + 2]);
            assertEquals(x >> 16, got[8 * i + 3]);
            assertEquals(x >> 24 & 0xffff, got[8 * i + 4]);
            assertEquals((x >>> 16 & 0xff) | (x & 0xff) << 8 | (x >> 24 & 0xffff) << 16, got[8 * i + 5]);
            assertEquals(x, got[8 * i + 6]);
            assertEquals(x >> 31, got[8 * i + 7]);
        }
    }

    @Test
    void vectorsMoveTwoOrFourElements() {
        String body = """
                mul.wide.u32 %d3, %r1, 16; add.s64 %d4, %d1, %d3; add.s64 %d5, %d2, %d3;
                ld.global.v4.u32 {%r2, %r3, _, %r5}, [%d4]; ld.global.v2.u64 {%d6, %d7}, [%d4];
                shr.u64 %d7, %d7, 0; cvt.u32.u64 %r4, %d7;
                st.global.v2.u32 [%d5], {%r5, %r4}; st.global.v2.b32 [%d5+8], {%r3, %r2};
                """;
        int[] input = count(128);
        int[] got = run(32, input, 128, body);
        for (int i = 0; i < 128; i++) {
            assertEquals(input[i / 4 * 4 + 3 - i % 4], got[i]);
        }
    }

    @Test
    void sharedMemoryIsSeenThroughBothItsAddresses() {
        String body = """
                .shared .align 4 .b8 tile[256]; mov.u32 %r2, tile; shl.b32 %r3, %r1, 2; add.u32 %r4, %r2, %r3;
                st.shared.u32 [%r4], %r1; bar.sync 0; xor.b32 %r5, %r3, 252; add.u32 %r6, %r2, %r5;
                cvt.u64.u32 %d3, %r6; cvta.shared.u64 %d4, %d3; ld.u32 %r7, [%d4]; isspacep.shared %p1, %d4;
                selp.b32 %r8, %r7, -1, %p1; isspacep.global %p2, %d4; @%p2 mov.u32 %r8, -2;
                cvta.to.shared.u64 %d5, %d4; ld.shared.u32 %r9, [%d5]; setp.ne.u32 %p3, %r9, %r7;
                @%p3 mov.u32 %r8, -3; cvt.u64.u32 %d6, %r3; add.s64 %d7, %d2, %d6; st.u32 [%d7], %r8;
                """;
        int[] got = run(64, new int[1], 64, body);
        for (int i = 0; i < 64; i++) {
            assertEquals(63 - i, got[i]);
        }
    }

    @Test
    void localMemoryBelongsToItsThread() {
        String body = """
                .local .align 8 .b8 stack[64]; mov.u64 %d3, stack; mov.u32 %r2, 0;
                $fill: mul.wide.u32 %d4, %r2, 4; add.s64 %d5, %d3, %d4; mad.lo.u32 %r3, %r1, 100, %r2;
                st.local.u32 [%d5], %r3; add.u32 %r2, %r2, 1; setp.lt.u32 %p1, %r2, 16; @%p1 bra $fill;
                and.b32 %r4, %r1, 15; mul.wide.u32 %d6, %r4, 4; cvta.local.u64 %d7, %d3; add.s64 %d8, %d7, %d6;
                ld.u32 %r5, [%d8]; mul.wide.u32 %d9, %r1, 4; add.s64 %d10, %d2, %d9; st.global.u32 [%d10], %r5;
                """;
        int[] got = run(50, new int[1], 50, body);
        for (int i = 0; i < 50; i++) {
            assertEquals(100 * i + i % 16, got[i]);
        }
    }

    @Test
    void valuesArePackedAndTakenApart() {
        long[][] operands = Trial.all(Edges.BITS32, Edges.BITS32);
        String[] types = {"b32", "b32"};
        long[] packed = Trial.run("mov.b64 D, {A, B}", "b64", types, operands);
        String halves = ".reg .b16 %a<4>; mov.b32 {%a0, %a1}, A; mov.b32 {%a2, _}, B; mov.b64 D, {%a1, %a0, %a2, %a2}";
        long[] swapped = Trial.run(halves, "b64", types, operands);
        long[] high = Trial.run(".reg .b64 %x; mov.b64 %x, {A, B}; mov.b64 {_, D}, %x", "b32", types, operands);
        for (int i = 0; i < operands.length; i++) {
            long a = operands[i][0];
            long b = operands[i][1];
            assertEquals(b << 32 | a, packed[i]);
            assertEquals(a >>> 16 | (a & 0xffff) << 16 | (b & 0xffff) << 32 | b << 48, swapped[i]);
            assertEquals(b, high[i]);
        }
    }

    @Test
    void moduleVariablesHoldTheirInitialValues() {
        String ptx = """
                .version 7.0
                .target sm_75
                .address_size 64
                .const .align 4 .b8 table[12] = {1, 0, 0, 0, 2, 0, 0, 0, 3};
                .global .align 8 .u64 pointer = generic(numbers);
                .global .align 4 .f32 numbers[3] = {0f3F800000, 0f40000000, 0f40400000};
                .visible .global .align 4 .u32 counter;
                .visible .entry k(.param .u64 out)
                {
                .reg .b32 %r<9>; .reg .b64 %d<9>; .reg .f32 %f<3>;
                ld.param.u64 %d1, [out];
                ld.const.u32 %r1, [table+8];
                mov.u64 %d2, table; ld.const.u32 %r2, [%d2+4];
                ld.global.u64 %d3, [pointer]; ld.f32 %f1, [%d3+8]; cvt.rzi.u32.f32 %r3, %f1;
                atom.global.add.u32 %r4, [counter], 5;
                mov.u64 %d4, numbers+4; ld.global.f32 %f2, [%d4]; cvt.rzi.u32.f32 %r5, %f2;
                st.global.v4.u32 [%d1], {%r1, %r2, %r3, %r5};
                ret;
                }
                """;
        TestGpu gpu = new TestGpu(ptx);
        Allocation out = gpu.empty("out", 16);
        gpu.run("k", Dim3.of(1), Dim3.of(1), out);
        gpu.run("k", Dim3.of(1), Dim3.of(1), out);
        assertArrayEquals(new int[] {3, 2, 3, 2}, gpu.ints(out));
        assertArrayEquals(new int[] {10}, gpu.ints(gpu.module().variable("counter")));
    }

    @Test
    void threadsKnowWhereTheyAre() {
        String body = """
                ld.param.u64 %d1, [out]; mov.u32 %r1, %tid.x; mov.u32 %r2, %tid.y; mov.u32 %r3, %tid.z;
                mov.u32 %r4, %ntid.x; mov.u32 %r5, %ntid.y; mad.lo.u32 %r6, %r3, %r5, %r2;
                mad.lo.u32 %r7, %r6, %r4, %r1;
                mov.u32 %r8, %ctaid.y; mov.u32 %r9, %ntid.z; mul.lo.u32 %r10, %r4, %r5;
                mul.lo.u32 %r10, %r10, %r9;
                mov.u32 %r11, %ctaid.x; mov.u32 %r12, %nctaid.x; mad.lo.u32 %r13, %r8, %r12, %r11;
                mad.lo.u32 %r14, %r13, %r10, %r7; mul.wide.u32 %d2, %r14, 4; add.s64 %d3, %d1, %d2;
                mov.u32 %r15, %laneid; mov.u32 %r16, %warpid; mad.lo.u32 %r17, %r16, 32, %r15;
                sub.u32 %r18, %r17, %r7;
                mad.lo.u32 %r19, %r18, 1000, %r14; mov.u32 %r20, %lanemask_lt; popc.b32 %r21, %r20;
                sub.u32 %r21, %r21, %r15;
                mad.lo.u32 %r19, %r21, 1000, %r19; st.global.u32 [%d3], %r19; ret;
                """;
        TestGpu gpu = TestGpu.kernel(".param .u64 out", body);
        Allocation out = gpu.empty("out", 4L * 6 * 60);
        gpu.run("k", Dim3.of(3, 2), new Dim3(5, 4, 3), out);
        int[] got = gpu.ints(out);
        for (int i = 0; i < got.length; i++) {
            assertEquals(i, got[i]);
        }
    }
}
