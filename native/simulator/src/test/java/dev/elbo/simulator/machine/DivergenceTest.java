package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/// Lanes that part and meet again.
class DivergenceTest {
    private static final String HEAD =
            "ld.param.u64 %d1, [out]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 4; add.s64 %d3, %d1, %d2;\n";

    private static int[] run(int threads, String body) {
        TestGpu gpu = TestGpu.kernel(".param .u64 out", HEAD + body);
        Allocation out = gpu.ints("out", new int[threads]);
        gpu.run("k", Dim3.of(1), Dim3.of(threads), out);
        return gpu.ints(out);
    }

    private static void assertEach(IntUnaryOperator want, int[] got) {
        int[] all = new int[got.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = want.applyAsInt(i);
        }
        assertArrayEquals(all, got);
    }

    @Test
    void nestedBranchesMeetAgain() {
        int[] got = run(48, """
                and.b32 %r2, %r1, 1; setp.eq.u32 %p1, %r2, 0; mov.u32 %r9, 0; @%p1 bra $even;
                and.b32 %r3, %r1, 2; setp.eq.u32 %p2, %r3, 0; @%p2 bra $one; add.u32 %r9, %r9, 3; bra.uni $odd;
                $one: add.u32 %r9, %r9, 1; $odd: add.u32 %r9, %r9, 10; bra $join;
                $even: add.u32 %r9, %r9, 100;
                $join: activemask.b32 %r4; popc.b32 %r5, %r4; mad.lo.u32 %r9, %r5, 1000, %r9;
                st.global.u32 [%d3], %r9; ret;
                """);
        assertEach(i -> 1000 * (i < 32 ? 32 : 16) + (i % 2 == 0 ? 100 : 10 + i % 4), got);
    }

    /// Each lane goes round as often as its number says; all are together again behind the loop.
    @Test
    void lanesLeaveALoopOneByOneAndMeetBehindIt() {
        int[] got = run(32, """
                mov.u32 %r2, 0; mov.u32 %r3, 0;
                $loop: setp.ge.u32 %p1, %r2, %r1; @%p1 bra $done; add.u32 %r3, %r3, %r2; add.u32 %r2, %r2, 1;
                bra $loop; $done: activemask.b32 %r4; popc.b32 %r5, %r4; mad.lo.u32 %r6, %r5, 1000, %r3;
                st.global.u32 [%d3], %r6; ret;
                """);
        assertEach(i -> 32_000 + i * (i - 1) / 2, got);
    }

    /// The slow path stands behind the end, as compilers lay it out: lanes must still meet where it comes back.
    @Test
    void aDetourLaidOutBehindTheEndComesBack() {
        int[] got = run(32, """
                setp.lt.u32 %p1, %r1, 5; mov.u32 %r2, 7; @%p1 bra $slow;
                $back: activemask.b32 %r4; popc.b32 %r5, %r4; mad.lo.u32 %r6, %r5, 100, %r2;
                st.global.u32 [%d3], %r6; ret;
                $slow: mov.u32 %r2, 9; bra $back;
                """);
        assertEach(i -> 3200 + (i < 5 ? 9 : 7), got);
    }

    @Test
    void lanesThatLeaveEarlyAreNotWaitedFor() {
        int[] got = run(64, """
                setp.gt.u32 %p1, %r1, 20; @%p1 exit; activemask.b32 %r4; popc.b32 %r5, %r4;
                st.global.u32 [%d3], %r5; ret;
                """);
        assertEach(i -> i > 20 ? 0 : 21, got);
    }

    @Test
    void nestedLoopsWithBreaksComputeWhatTheySay() {
        // for (i = 0; i < 10; i++) { for (j = 0; ; j++) { if (j == lane % 4) break; s += j + 1; } if (s > lane) break;
        // }
        int[] got = run(32, """
                mov.u32 %r2, 0; mov.u32 %r4, 0; and.b32 %r5, %r1, 3;
                $outer: setp.ge.u32 %p1, %r2, 10; @%p1 bra $end; mov.u32 %r3, 0;
                $inner: setp.eq.u32 %p2, %r3, %r5; @%p2 bra $next; add.u32 %r4, %r4, %r3; add.u32 %r4, %r4, 1;
                add.u32 %r3, %r3, 1; bra $inner;
                $next: setp.gt.u32 %p3, %r4, %r1; @%p3 bra $end; add.u32 %r2, %r2, 1; bra $outer;
                $end: st.global.u32 [%d3], %r4; ret;
                """);
        assertEach(
                lane -> {
                    int s = 0;
                    for (int i = 0; i < 10 && s <= lane; i++) {
                        for (int j = 0; j != lane % 4; j++) {
                            s += j + 1;
                        }
                    }
                    return s;
                },
                got);
    }

    @Test
    void aTableSendsEachLaneItsWay() {
        int[] got = run(32, """
                and.b32 %r2, %r1, 3; mov.u32 %r9, 0; $table: .branchtargets $a, $b, $c, $a; brx.idx %r2, $table;
                $a: add.u32 %r9, %r9, 1; bra $end; $b: add.u32 %r9, %r9, 2; $c: add.u32 %r9, %r9, 4;
                $end: st.global.u32 [%d3], %r9; ret;
                """);
        assertEach(i -> new int[] {1, 6, 4, 1}[i % 4], got);
    }

    @Test
    void guardsKeepTheOldValueWhereTheyFail() {
        int[] got = run(32, """
                mov.u32 %r9, 5; setp.lt.u32 %p1, %r1, 10; @%p1 add.u32 %r9, %r9, %r1; @!%p1 mov.u32 %r9, 77;
                @%p1 st.global.u32 [%d3], %r9; ret;
                """);
        assertEach(i -> i < 10 ? 5 + i : 0, got);
    }

    /// Lanes of one warp hand a token on: each waits until the one before has written.
    @Test
    void lanesMayWaitForLanesOfTheirOwnWarp() {
        int[] got = run(8, """
                .shared .align 4 .u32 turn; setp.ne.u32 %p1, %r1, 0; @!%p1 st.volatile.shared.u32 [turn], 7;
                bar.warp.sync 0xff;
                $wait: atom.shared.add.u32 %r2, [turn], 0; setp.ne.u32 %p2, %r2, %r1; @%p2 bra $wait;
                sub.u32 %r3, %r2, 1; atom.shared.exch.b32 %r4, [turn], %r3; add.u32 %r5, %r4, 50;
                st.global.u32 [%d3], %r5; ret;
                """);
        assertEach(i -> 50 + i, got);
    }

    @Test
    void aKernelWithoutEndIsStopped() {
        TestGpu gpu = TestGpu.kernel(".param .u64 out", HEAD + "$loop: bra $loop;");
        gpu.options = LaunchOptions.CHECKED.withInstructionLimit(100_000);
        Allocation out = gpu.empty("out", 128);
        SimulatorFault fault = assertThrows(SimulatorFault.class, () -> gpu.run("k", Dim3.of(1), Dim3.of(32), out));
        assertEquals(Kind.TIME_LIMIT, fault.kind());
        assertTrue(fault.getMessage().contains("kernel=k"), fault.getMessage());
    }

    @Test
    void functionsAreCalledByEachLaneWithItsOwnArguments() {
        String ptx = """
                .version 7.0
                .target sm_75
                .address_size 64
                .func (.param .b32 result) power(.param .b32 base, .param .b32 exponent)
                {
                .reg .b32 %r<5>; .reg .pred %p<3>;
                ld.param.u32 %r1, [base]; ld.param.u32 %r2, [exponent]; mov.u32 %r3, 1;
                setp.gt.u32 %p1, %r2, 6;
                @%p1 bra $big;
                $loop: setp.eq.u32 %p2, %r2, 0; @%p2 bra $end; mul.lo.u32 %r3, %r3, %r1; sub.u32 %r2, %r2, 1; bra $loop;
                $big: st.param.b32 [result], 4711; ret;
                $end: st.param.b32 [result], %r3; ret;
                }
                .func (.param .b32 result) twice(.param .b32 x)
                {
                .reg .b32 %r<5>;
                ld.param.u32 %r1, [x];
                { .param .b32 a; st.param.b32 [a+0], %r1; .param .b32 b; st.param.b32 [b+0], 2; .param .b32 r;
                call.uni (r), power, (a, b); ld.param.b32 %r2, [r+0]; }
                add.u32 %r3, %r2, %r1; st.param.b32 [result], %r3; ret;
                }
                .visible .entry k(.param .u64 out)
                {
                .reg .b32 %r<9>; .reg .b64 %d<9>; .reg .pred %p<3>;
                ld.param.u64 %d1, [out]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 4; add.s64 %d3, %d1, %d2;
                { .param .b32 a; st.param.b32 [a+0], 3; .param .b32 b; st.param.b32 [b+0], %r1; .param .b32 r;
                call.uni (r), power, (a, b); ld.param.b32 %r2, [r+0]; }
                setp.lt.u32 %p1, %r1, 3;
                { .param .b32 a; st.param.b32 [a+0], %r1; .param .b32 r; st.param.b32 [r+0], 0;
                @%p1 call (r), twice, (a); ld.param.b32 %r3, [r+0]; }
                mad.lo.u32 %r4, %r3, 100000, %r2; st.global.u32 [%d3], %r4; ret;
                }
                """;
        TestGpu gpu = new TestGpu(ptx);
        Allocation out = gpu.ints("out", new int[10]);
        gpu.run("k", Dim3.of(1), Dim3.of(10), out);
        assertEach(i -> (i < 3 ? 100_000 * (i * i + i) : 0) + (i > 6 ? 4711 : (int) Math.pow(3, i)), gpu.ints(out));
    }
}
