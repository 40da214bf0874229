package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The calls of a training step, against a driver with empty bodies: they must leave no garbage, so a JVM that never
/// collects any can make millions of them.
class LaunchPathTest {
    private static final int CALLS = 4_000_000;

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

    /// Repeats each call so often that one object a call would not fit into the heap.
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
                repeat(
                        "launch",
                        i -> kernel.launch(plain, block.clear().arg(x).arg(i).arg(2f), stream));
                repeat(
                        "launchEx",
                        i -> kernel.launch(overlapping, block.clear().arg(x).arg(i), stream));
                repeat("copy", _ -> stream.upload(host, x));
                repeat("query", _ -> stream.done());
                repeat("graph", _ -> graph.launch(stream));
            }
        }

        private static MemorySegment thing(long address, Arena owner) {
            return MemorySegment.ofAddress(address).reinterpret(0, owner, null);
        }

        private static void repeat(String name, IntConsumer call) {
            for (int i = 0; i < CALLS; i++) {
                call.accept(i);
            }
            System.out.println(name);
        }
    }

    @Test
    void callsOfAStepAllocateNothing(@TempDir Path folder) throws IOException, InterruptedException {
        Path driver = CSource.library(folder.resolve("libcuda.so.1"), DRIVER);
        ChildJvm.Outcome outcome = ChildJvm.run(
                Program.class,
                "-XX:TieredStopAtLevel=4",
                "-XX:+UnlockExperimentalVMOptions",
                "-XX:+UseEpsilonGC",
                "-Xms48m",
                "-Xmx48m",
                "-Delbo.library.cuda=" + driver);
        assertEquals(
                List.of("launch", "launchEx", "copy", "query", "graph"),
                outcome.output().lines().filter(line -> !line.startsWith("[")).toList());
        assertEquals(0, outcome.exit());
    }
}
