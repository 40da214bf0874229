package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The calls of a training step, against a driver with empty bodies: they must leave no garbage.
class LaunchPathTest {
    private static final int CALLS = 300_000;

    private static final String DRIVER = """
            #include <stddef.h>
            int cuDriverGetVersion(int* version) { *version = 12040; return 0; }
            int cuLaunchKernel(void* f, int a, int b, int c, int d, int e, int g, int shared, void* stream,
                               void** parameters, void** extra) { return 0; }
            int cuLaunchKernelEx(void* config, void* f, void** parameters, void** extra) { return 0; }
            int cuMemcpyHtoDAsync_v2(void* to, void* from, size_t bytes, void* stream) { return 0; }
            int cuStreamQuery(void* stream) { return 600; }
            int cuGraphLaunch(void* graph, void* stream) { return 0; }
            """;

    /// Prints how many bytes of heap each call took once compiled.
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) {
            try (Arena owner = Arena.ofShared()) {
                CudaFunction kernel = new CudaFunction("k", thing(64, owner));
                CudaStream stream = new CudaStream(thing(128, owner));
                CudaGraphExec graph = new CudaGraphExec(thing(256, owner));
                MemorySegment x = thing(4096, owner);
                MemorySegment host = owner.allocate(8);
                LaunchBlock block = LaunchBlock.of(owner);
                LaunchShape plain = LaunchShape.of(10, 128);
                LaunchShape overlapping = plain.overlapping();
                report(
                        "launch",
                        i -> kernel.launch(plain, block.clear().arg(x).arg(i).arg(2f), stream));
                report(
                        "launchEx",
                        i -> kernel.launch(overlapping, block.clear().arg(x).arg(i), stream));
                report("copy", _ -> stream.upload(host, x));
                report("query", _ -> stream.done());
                report("graph", _ -> graph.launch(stream));
            }
        }

        private static MemorySegment thing(long address, Arena owner) {
            return MemorySegment.ofAddress(address).reinterpret(0, owner, null);
        }

        private static void report(String name, IntConsumer call) {
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long bytes = 0;
            for (int round = 0; round < 4; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < CALLS; i++) {
                    call.accept(i);
                }
                bytes = threads.getCurrentThreadAllocatedBytes() - before;
            }
            System.out.println(name + " " + bytes / CALLS);
        }
    }

    @Test
    void callsOfAStepAllocateNothing(@TempDir Path folder) throws IOException, InterruptedException {
        Path driver = CSource.library(folder.resolve("libcuda.so.1"), DRIVER);
        ChildJvm.Outcome outcome =
                ChildJvm.run(Program.class, "-XX:TieredStopAtLevel=4", "-Delbo.library.cuda=" + driver);
        assertEquals(0, outcome.exit(), outcome.output());
        assertEquals("launch 0\nlaunchEx 0\ncopy 0\nquery 0\ngraph 0\n", outcome.output());
    }
}
