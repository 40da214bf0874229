package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Operations between lanes, each lane's result against its definition.
class WarpOperationsTest {
    /// Runs statements in one warp; %r1 is the lane, %r2 the lane's input, %r9 the result.
    private static int[] warp(int[] input, String body) {
        String whole = """
                ld.param.u64 %d1, [in]; ld.param.u64 %d2, [out]; mov.u32 %r1, %laneid; mul.wide.u32 %d3, %r1, 4;
                add.s64 %d4, %d1, %d3; add.s64 %d5, %d2, %d3; ld.global.u32 %r2, [%d4]; mov.u32 %r9, 0;
                """ + body + "\nst.global.u32 [%d5], %r9; ret;";
        TestGpu gpu = TestGpu.kernel(".param .u64 in, .param .u64 out", whole);
        Allocation out = gpu.ints("out", new int[32]);
        gpu.run("k", Dim3.of(1), Dim3.of(input.length), gpu.ints("in", input), out);
        return gpu.ints(out);
    }

    private static int[] input(IntUnaryOperator value) {
        int[] input = new int[32];
        for (int i = 0; i < 32; i++) {
            input[i] = value.applyAsInt(i);
        }
        return input;
    }

    @ParameterizedTest
    @CsvSource({"idx,32", "idx,8", "up,32", "up,16", "down,32", "down,4", "bfly,32", "bfly,8"})
    void shufflesMoveValuesInsideTheirSegments(String mode, int width) {
        int[] input = input(i -> 100 + i);
        for (int by : new int[] {0, 1, 3, 5, 17, 31}) {
            int clamp = mode.equals("up") ? 0 : 31;
            int control = 32 - width << 8 | clamp;
            int[] got = warp(input, "shfl.sync." + mode + ".b32 %r9|%p1, %r2, " + by + ", " + control + """
                , 0xffffffff;
                @!%p1 add.s32 %r9, %r9, 1000;
                """);
            for (int lane = 0; lane < 32; lane++) {
                int start = lane / width * width;
                int from = switch (mode) {
                    case "idx" -> start + by % width;
                    case "up" -> lane - by;
                    case "down" -> lane + by;
                    default -> lane ^ by;
                };
                // As the CUDA guide says: a source below or above the segment leaves the lane's own value.
                boolean inside = mode.equals("bfly") ? from < start + width : from >= start && from < start + width;
                assertEquals(inside ? 100 + from : 1100 + lane, got[lane], mode + " by " + by + ", lane " + lane);
            }
        }
    }

    @Test
    void aShuffleInPlaceReadsWhatWasThereBefore() {
        int[] got = warp(input(i -> i), "shfl.sync.idx.b32 %r2, %r2, 0, 31, 0xffffffff; mov.u32 %r9, %r2;");
        for (int lane = 0; lane < 32; lane++) {
            assertEquals(0, got[lane]);
        }
    }

    @Test
    void votesSeeAllLanes() {
        int[] got = warp(input(i -> i), """
                setp.lt.u32 %p1, %r2, 5; vote.sync.ballot.b32 %r9, %p1, 0xffffffff;
                vote.sync.any.pred %p2, %p1, 0xffffffff; @%p2 add.s32 %r9, %r9, 1000;
                vote.sync.all.pred %p3, !%p1, 0xffffffff; @%p3 add.s32 %r9, %r9, 5000;
                vote.sync.uni.pred %p4, %p1, 0xffffffff; @!%p4 add.s32 %r9, %r9, 10000;
                """);
        for (int lane = 0; lane < 32; lane++) {
            assertEquals(0x1f + 11000, got[lane]);
        }
    }

    @Test
    void lanesFindThoseThatHoldTheSame() {
        int[] input = input(i -> i % 3);
        int[] any = warp(input, "match.any.sync.b32 %r9, %r2, 0xffffffff;");
        int[] wide = warp(input, "cvt.u64.u32 %d6, %r2; match.any.sync.b64 %r9, %d6, 0xffffffff;");
        for (int lane = 0; lane < 32; lane++) {
            int want = 0;
            for (int i = lane % 3; i < 32; i += 3) {
                want |= 1 << i;
            }
            assertEquals(want, any[lane]);
            assertEquals(want, wide[lane]);
        }
        String all = "match.all.sync.b32 %r9|%p1, %r2, 0xffffffff; @%p1 add.s32 %r9, %r9, 7;";
        assertEquals(0, warp(input, all)[3]);
        assertEquals(-1 + 7, warp(input(i -> 4), all)[3]);
    }

    @ParameterizedTest
    @CsvSource({"add.u32", "min.s32", "max.s32", "min.u32", "max.u32", "and.b32", "or.b32", "xor.b32"})
    void reductionsGiveEachLaneTheWhole(String operation) {
        int[] input = input(i -> (i - 16) * 0x01234567);
        int want = input[0];
        for (int i = 1; i < 32; i++) {
            int x = input[i];
            want = switch (operation) {
                case "add.u32" -> want + x;
                case "min.s32" -> Math.min(want, x);
                case "max.s32" -> Math.max(want, x);
                case "min.u32" -> Integer.compareUnsigned(want, x) < 0 ? want : x;
                case "max.u32" -> Integer.compareUnsigned(want, x) > 0 ? want : x;
                case "and.b32" -> want & x;
                case "or.b32" -> want | x;
                default -> want ^ x;
            };
        }
        String body = "redux.sync." + operation.substring(0, operation.indexOf('.'))
                + operation.substring(operation.indexOf('.')) + " %r9, %r2, 0xffffffff;";
        for (int got : warp(input, body)) {
            assertEquals(want, got);
        }
    }

    @Test
    void groupsOfLanesReduceApartUnderTheirOwnMasks() {
        int[] got = warp(input(i -> i), """
                and.b32 %r3, %r1, 1; setp.eq.u32 %p1, %r3, 0; selp.b32 %r4, 0x55555555, 0xaaaaaaaa, %p1;
                redux.sync.add.u32 %r9, %r2, %r4;
                """);
        for (int lane = 0; lane < 32; lane++) {
            assertEquals(lane % 2 == 0 ? 240 : 256, got[lane]);
        }
    }

    @Test
    void oneLaneIsElectedAndActiveLanesAreKnown() {
        int[] elected = warp(input(i -> i), """
                setp.ge.u32 %p1, %r1, 5; @!%p1 bra $end; elect.sync %r9|%p2, 0xffffffe0;
                @%p2 add.s32 %r9, %r9, 100;
                $end:
                """);
        int[] active = warp(input(i -> i), "setp.lt.u32 %p1, %r1, 3; @!%p1 bra $end; activemask.b32 %r9; $end:");
        for (int lane = 0; lane < 32; lane++) {
            assertEquals(lane < 5 ? 0 : lane == 5 ? 105 : 5, elected[lane]);
            assertEquals(lane < 3 ? 7 : 0, active[lane]);
        }
    }

    @Test
    void aShuffleFromALaneThatTakesNoPartIsAFault() {
        SimulatorFault fault = assertThrows(
                SimulatorFault.class, () -> warp(new int[20], "shfl.sync.down.b32 %r9, %r2, 16, 31, 0xffffffff;"));
        assertEquals(Kind.WARP_MASK, fault.kind());
        assertTrue(fault.getMessage().contains("reads from lane 20"), fault.getMessage());
    }

    @Test
    void aLaneOutsideItsOwnMaskIsAFault() {
        SimulatorFault fault = assertThrows(
                SimulatorFault.class, () -> warp(new int[32], "shfl.sync.idx.b32 %r9, %r2, 0, 31, 0xffff;"));
        assertEquals(Kind.WARP_MASK, fault.kind());
        assertTrue(fault.getMessage().contains("not in its own mask 0xffff"), fault.getMessage());
    }

    @Test
    void lanesThatWaitForEachOtherAtTwoPlacesAreAFault() {
        String body = """
                setp.lt.u32 %p1, %r1, 16; @%p1 bra $low;
                shfl.sync.idx.b32 %r9, %r2, 0, 31, 0xffffffff; bra $end;
                $low: shfl.sync.idx.b32 %r9, %r2, 1, 31, 0xffffffff; $end:
                """;
        SimulatorFault fault = assertThrows(SimulatorFault.class, () -> warp(new int[32], body));
        assertEquals(Kind.WARP_MASK, fault.kind());
        assertTrue(fault.getMessage().contains("wait for each other at different places"), fault.getMessage());
    }

    @Test
    void lanesPartedByABranchMeetAtAShuffleBehindIt() {
        int[] got = warp(input(i -> i), """
                and.b32 %r3, %r1, 3; setp.eq.u32 %p1, %r3, 0; @%p1 bra $a; add.s32 %r2, %r2, 100; bra $b;
                $a: add.s32 %r2, %r2, 200; $b: shfl.sync.bfly.b32 %r9, %r2, 1, 31, 0xffffffff;
                """);
        for (int lane = 0; lane < 32; lane++) {
            int from = lane ^ 1;
            assertEquals(from + (from % 4 == 0 ? 200 : 100), got[lane]);
        }
    }
}
