package dev.elbo.simulator.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.Report;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// A device with a current context, called through its shared objects.
abstract class GpuTest {
    SimulatedGpu gpu;
    Native cuda;
    Arena arena;

    @BeforeEach
    void install() {
        gpu = SimulatedGpu.install(Configuration.standard());
        cuda = new Native("cuda");
        arena = Arena.ofConfined();
        cuda.ok("cuInit", 0);
        cuda.ok("cuCtxSetCurrent", cuda.make("cuDevicePrimaryCtxRetain", 0));
    }

    /// A test that makes mistakes on purpose takes the reports; what is left fails it.
    @AfterEach
    void endsClean() {
        arena.close();
        gpu.rethrow();
    }

    /// The one report there is, of this kind and with these words, which is then forgotten.
    void assertReported(Report.Kind kind, String... words) {
        List<Report> reports = gpu.takeReports();
        assertEquals(1, reports.size(), reports.toString());
        assertEquals(kind, reports.getFirst().kind(), reports.toString());
        for (String word : words) {
            assertTrue(reports.getFirst().text().contains(word), () -> "'" + word + "' in " + reports.getFirst());
        }
    }

    /// The last call that failed gave a reason with these words.
    void assertRefused(String... words) {
        String text = gpu.refusals().getLast();
        for (String word : words) assertTrue(text.contains(word), () -> "'" + word + "' in " + text);
    }

    long allocate(long bytes) {
        return cuda.make("cuMemAlloc_v2", bytes);
    }

    /// Device memory that holds these values.
    long upload(float... values) {
        long address = allocate((long) values.length * Float.BYTES);
        cuda.ok(
                "cuMemcpyHtoD_v2",
                address,
                arena.allocateFrom(ValueLayout.JAVA_FLOAT, values),
                (long) values.length * Float.BYTES);
        return address;
    }

    float[] download(long address, int count) {
        MemorySegment host = arena.allocate(ValueLayout.JAVA_FLOAT, count);
        cuda.ok("cuMemcpyDtoH_v2", host, address, host.byteSize());
        return host.toArray(ValueLayout.JAVA_FLOAT);
    }

    /// Page-locked host memory.
    MemorySegment pinned(long bytes) {
        return MemorySegment.ofAddress(cuda.make("cuMemHostAlloc", bytes, 0)).reinterpret(bytes);
    }

    long stream() {
        return cuda.make("cuStreamCreate", 1);
    }
}
