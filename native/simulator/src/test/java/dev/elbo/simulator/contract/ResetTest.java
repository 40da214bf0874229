package dev.elbo.simulator.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// What lasts from one test to the next, and what a test may ask for.
class ResetTest extends GpuTest {
    @Test
    void aHandleOfTheTestBeforeIsNotMistakenForANewOne() {
        long stream = stream();
        gpu.reset();
        cuda.ok("cuInit", 0);
        cuda.ok("cuCtxSetCurrent", cuda.make("cuDevicePrimaryCtxRetain", 0));
        stream();
        assertEquals(400, cuda.call("cuStreamSynchronize", stream));
        assertReported(Report.Kind.HANDLE, "destroyed by=reset");
    }

    @Test
    void memoryOfTheTestBeforeIsGone() {
        long memory = upload(1);
        gpu.reset();
        cuda.ok("cuInit", 0);
        cuda.ok("cuCtxSetCurrent", cuda.make("cuDevicePrimaryCtxRetain", 0));
        upload(2);
        assertEquals(1, cuda.call("cuMemcpyDtoH_v2", arena.allocate(4), memory, 4L));
        assertReported(Report.Kind.DEVICE, "use after free");
    }

    /// Sixteen times 64 MB, of which at most two are kept for whoever still holds their addresses.
    @Test
    void pageLockedMemoryOfTestsLongBeforeIsGivenBack() throws IOException {
        long bytes = 64L << 20;
        long before = residentBytes();
        for (int i = 0; i < 16; i++) {
            pinned(bytes).fill((byte) 1);
            gpu.reset();
            cuda.ok("cuInit", 0);
            cuda.ok("cuCtxSetCurrent", cuda.make("cuDevicePrimaryCtxRetain", 0));
        }
        long grown = residentBytes() - before;
        assertTrue(grown < 6 * bytes, "MB=" + (grown >> 20));
    }

    /// What the process has in memory, from a line such as `VmRSS:    81920 kB`.
    private static long residentBytes() throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(each -> each.startsWith("VmRSS:"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
    }

    @Test
    void closingNamesWhatIsLeft() {
        allocate(64);
        AssertionError error = assertThrows(AssertionError.class, gpu::close);
        assertTrue(error.getMessage().contains("1 report(s)"), error.getMessage());
        assertTrue(error.getMessage().contains("LEAK: left when the primary context of device 0 ended: device memory"));
        gpu.close();
    }

    @Test
    void memoryThatAStreamHasYetToFreeIsNoLeak() {
        long stream = stream();
        cuda.ok("cuMemFreeAsync", allocate(64), stream);
        assertEquals(1, gpu.leaks().size());
        assertTrue(gpu.leaks().getFirst().contains("stream; name=stream 1"));
    }

    @Test
    void withoutADeviceThereIsNothingToInitialise() {
        gpu.reset(Configuration.standard().devices(0));
        assertEquals(100, cuda.call("cuInit", 0));
        assertEquals(3, cuda.call("cuDeviceGet", arena.allocate(4), 0));
    }

    @Test
    void severalDevicesHaveTheirOwnMemory() {
        gpu.reset(Configuration.standard().devices(2).memory(100));
        cuda.ok("cuInit", 0);
        cuda.ok("cuCtxSetCurrent", cuda.make("cuDevicePrimaryCtxRetain", 0));
        allocate(100);
        cuda.ok("cuCtxSetCurrent", cuda.make("cuDevicePrimaryCtxRetain", 1));
        allocate(100);
        assertEquals(101, cuda.call("cuDevicePrimaryCtxRetain", arena.allocate(8), 2));
    }

    @Test
    void aConfigurationThatNoDeviceHasIsRefused() {
        var error = assertThrows(
                IllegalArgumentException.class, () -> Configuration.standard().multiprocessors(0));
        assertEquals("configuration: too small; multiprocessors=0", error.getMessage());
    }
}
