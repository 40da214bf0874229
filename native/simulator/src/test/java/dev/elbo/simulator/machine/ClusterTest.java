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
}
