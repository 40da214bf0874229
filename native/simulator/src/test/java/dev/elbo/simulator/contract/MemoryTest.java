package dev.elbo.simulator.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.Report;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class MemoryTest extends GpuTest {
    @Test
    void whatIsUploadedComesBack() {
        long memory = upload(1, 2, 3);
        assertArrayEquals(new float[] {1, 2, 3}, download(memory, 3));
        cuda.ok("cuMemFree_v2", memory);
        assertEquals(12, gpu.counters().bytesToDevice());
        assertEquals(12, gpu.counters().bytesToHost());
    }

    @Test
    void memoryEndsWhereTheConfigurationSays() {
        gpu.reset(Configuration.standard().memory(1000));
        cuda.ok("cuInit", 0);
        cuda.ok("cuCtxSetCurrent", cuda.make("cuDevicePrimaryCtxRetain", 0));
        long most = allocate(900);
        assertEquals(2, cuda.call("cuMemAlloc_v2", arena.allocate(8), 101L));
        assertRefused("cuMemAlloc_v2", "bytes=101", "free=100");
        cuda.ok("cuMemFree_v2", most);
        allocate(1000);
    }

    @Test
    void aCopyPastTheEndIsRefusedAndNamesTheAllocation() {
        long memory = allocate(16);
        assertEquals(1, cuda.call("cuMemcpyHtoD_v2", memory + 8, arena.allocate(16), 16L));
        assertReported(Report.Kind.DEVICE, "16 bytes at", "cuMemAlloc_v2 at ", "MemoryTest");
    }

    @Test
    void aSecondFreeIsReported() {
        long memory = allocate(16);
        cuda.ok("cuMemFree_v2", memory);
        assertEquals(1, cuda.call("cuMemFree_v2", memory));
        assertReported(Report.Kind.DEVICE, "free of what is not the start of a live allocation", "freed");
    }

    @Test
    void memoryNeverWrittenIsReportedWhenItIsRead() {
        long memory = allocate(16);
        cuda.ok("cuMemcpyDtoH_v2", arena.allocate(16), memory, 16L);
        assertReported(Report.Kind.DEVICE, "never written", "byte 0");
    }

    @Test
    void whatAContextLeavesBehindIsNamed() {
        allocate(64);
        stream();
        cuda.make("cuEventCreate", 0);
        pinned(4096);
        assertEquals(4, gpu.leaks().size());
        cuda.ok("cuDevicePrimaryCtxRelease_v2", 0);
        var reports = gpu.takeReports();
        assertEquals(4, reports.size(), reports.toString());
        assertEquals(Report.Kind.LEAK, reports.getFirst().kind());
        assertEquals(
                true,
                reports.getFirst()
                        .text()
                        .startsWith("left when the primary context of device 0 ended: device memory; bytes=64"),
                reports.toString());
        assertEquals(true, reports.getFirst().text().contains("made by=cuMemAlloc_v2 at "), reports.toString());
    }

    @Test
    void withoutAContextNothingIsAllocated() {
        cuda.ok("cuCtxSetCurrent", 0L);
        assertEquals(201, cuda.call("cuMemAlloc_v2", arena.allocate(8), 16L));
    }

    @Test
    void anotherThreadHasNoContext() throws InterruptedException {
        int[] status = new int[1];
        Thread thread = new Thread(() -> status[0] =
                cuda.call("cuMemAlloc_v2", java.lang.foreign.Arena.ofAuto().allocate(8), 16L));
        thread.start();
        thread.join();
        assertEquals(201, status[0]);
    }

    @Test
    void fillsRepeatTheirValue() {
        long memory = allocate(12);
        cuda.ok("cuMemsetD32_v2", memory, Float.floatToIntBits(2.5f), 3L);
        assertArrayEquals(new float[] {2.5f, 2.5f, 2.5f}, download(memory, 3));
    }

    @Test
    void anAllocationCanBeMadeToFail() {
        gpu.faults().outOfMemoryAtAllocation(2);
        allocate(16);
        assertEquals(2, cuda.call("cuMemAlloc_v2", arena.allocate(8), 16L));
        allocate(16);
        assertEquals(true, gpu.faults().allHappened());
    }

    @Test
    void aCallCanBeMadeToFail() {
        gpu.faults().failCall("cuMemGetInfo_v2", 1, 999);
        assertEquals(999, cuda.call("cuMemGetInfo_v2", arena.allocate(8), arena.allocate(8)));
        var free = arena.allocate(8);
        cuda.ok("cuMemGetInfo_v2", free, arena.allocate(8));
        assertEquals(gpu.configuration().memory(), free.get(ValueLayout.JAVA_LONG, 0));
    }

    @Test
    void aStickyErrorStaysUntilTheContextEnds() {
        gpu.faults().stickyErrorAtCall("cuMemGetInfo_v2", 1, 700);
        assertEquals(700, cuda.call("cuMemGetInfo_v2", arena.allocate(8), arena.allocate(8)));
        assertEquals(700, cuda.call("cuCtxSynchronize"));
        cuda.ok("cuDevicePrimaryCtxReset_v2", 0);
        cuda.ok("cuCtxSetCurrent", cuda.make("cuDevicePrimaryCtxRetain", 0));
        cuda.ok("cuCtxSynchronize");
    }
}
