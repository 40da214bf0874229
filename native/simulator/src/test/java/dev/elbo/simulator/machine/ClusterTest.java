package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterTest {
    private final TestGpu gpu = new TestGpu(TestGpu.text("hopper"), 90);

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2})
    void blocksOfAClusterSeeEachOthersSharedMemory(long seed) {
        gpu.options = LaunchOptions.CHECKED.withSeed(seed);
        int[] x = IntStream.range(0, 8 * 64).map(i -> i * i).toArray();
        Allocation y = gpu.empty("y", 4L * x.length);
        gpu.run("ring", Dim3.of(8), Dim3.of(64), gpu.ints("x", x), y);
        int[] got = gpu.ints(y);
        for (int i = 0; i < x.length; i++) {
            int block = i / 64;
            int next = block / 4 * 4 + (block + 1) % 4;
            int count = i % 64 < 2 ? 1000 * 4 * 64 : 0;
            assertEquals(x[next * 64 + i % 64] + count, got[i], "element " + i);
        }
    }

    @Test
    void sharedMemoryOfABlockThatHasEndedIsGone() {
        SimulatorFault fault = assertThrows(
                SimulatorFault.class, () -> gpu.run("leaves_early", Dim3.of(2), Dim3.of(32), gpu.empty("y", 256)));
        assertEquals(Kind.USE_AFTER_FREE, fault.kind());
        assertTrue(fault.getMessage().contains("shared memory of block (1,0,0), which has ended"), fault.getMessage());
    }

    @Test
    void aBlockThatMissesTheClustersBarrierIsFound() {
        SimulatorFault fault = assertThrows(
                SimulatorFault.class, () -> gpu.run("one_block_misses", Dim3.of(2), Dim3.of(32), gpu.empty("y", 256)));
        assertEquals(Kind.BARRIER, fault.kind());
        assertTrue(fault.getMessage().contains("has 32 of 64 threads"), fault.getMessage());
        gpu.options = LaunchOptions.CHECKED.withMissedBarriers(false);
        gpu.run("one_block_misses", Dim3.of(2), Dim3.of(32), gpu.empty("y", 256));
    }

    @Test
    void clustersDivideTheGrid() {
        SimulatorFault fault =
                assertThrows(SimulatorFault.class, () -> gpu.run("ring", Dim3.of(6), Dim3.of(64), 0L, 0L));
        assertEquals(Kind.LAUNCH_CONFIGURATION, fault.kind());
    }

    private static final String MEET = "barrier.cluster.arrive; barrier.cluster.wait;";

    /// Each thread of two blocks writes its own cell, reads that of its neighbour in the other block, and writes
    /// its own again.
    private static TestGpu neighbours(String before, String between) {
        String text = """
                .version 7.8
                .target sm_90
                .address_size 64
                .visible .entry k(.param .u64 y)
                .explicitcluster
                .reqnctapercluster 2, 1, 1
                {
                .reg .b32 %r<12>; .reg .b64 %d<6>;
                .shared .align 4 .b8 cell[256];
                mov.u32 %r1, %tid.x; mov.u32 %r2, %cluster_ctarank; xor.b32 %r3, %r2, 1;
                mov.u32 %r4, cell; shl.b32 %r5, %r1, 2; add.s32 %r6, %r4, %r5;
                st.shared.u32 [%r6], %r1;
                BEFORE
                mapa.shared::cluster.u32 %r7, %r6, %r3; ld.shared::cluster.u32 %r8, [%r7];
                BETWEEN
                add.s32 %r8, %r8, 1; st.shared.u32 [%r6], %r8;
                barrier.cluster.arrive; barrier.cluster.wait;
                ret;
                }
                """;
        return new TestGpu(text.replace("BEFORE", before).replace("BETWEEN", between), 90);
    }

    /// Whichever block runs first: what one reads of the other needs a barrier of the cluster on either side.
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3})
    void blocksThatDoNotMeetRace(long seed) {
        for (String[] barriers : new String[][] {{MEET, MEET}, {MEET, "bar.sync 0;"}, {"bar.sync 0;", MEET}}) {
            TestGpu two = neighbours(barriers[0], barriers[1]);
            two.options = LaunchOptions.CHECKED.withSeed(seed).withInitialised(false);
            Runnable run = () -> two.run("k", Dim3.of(4), Dim3.of(64), two.empty("y", 4));
            if (barriers[0].equals(barriers[1])) {
                run.run();
            } else {
                SimulatorFault fault = assertThrows(SimulatorFault.class, run::run);
                assertEquals(Kind.SHARED_RACE, fault.kind());
                assertTrue(fault.getMessage().contains(" of block ("), fault.getMessage());
            }
        }
    }
}
