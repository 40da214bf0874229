package dev.elbo.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Failures that only a simulated GPU has on request: each ends in one [NativeException] that names the function,
/// nothing is left on the device, and the process goes on.
@Tag("simulated")
class CudaFaultTest {
    /// Functions that give something back: when one fails, that something stays.
    private static final Set<String> RELEASES = Set.of(
            "cuDevicePrimaryCtxRelease_v2",
            "cuStreamDestroy_v2",
            "cuEventDestroy_v2",
            "cuMemFreeAsync",
            "cuMemFree_v2",
            "cuMemFreeHost",
            "cuModuleUnload",
            "cuGraphDestroy",
            "cuGraphExecDestroy");

    private static final int UNKNOWN = 999;

    private SimulatedGpu gpu;

    @BeforeEach
    void install() {
        gpu = SimulatedGpu.install(Configuration.standard());
    }

    /// A program that uses a bit of everything. Its owners: the device's, and one for the rest.
    static int[] program() {
        try (Arena device = Arena.ofShared()) {
            CudaContext context = CudaContext.open(0, device);
            context.keepFreed(1 << 20);
            CudaStream stream = CudaStream.open(device);
            try (Arena owner = Arena.ofShared()) {
                CudaModule module = CudaModule.load("contract.ptx", Gpu.ptx(), owner);
                CudaFunction bump = module.function("bump");
                bump.attribute(FunctionAttribute.MAX_DYNAMIC_SHARED_BYTES, 1024);
                assertTrue(bump.activeBlocks(bump.attribute(FunctionAttribute.MAX_THREADS_PER_BLOCK), 0) > 0);
                LaunchBlock block = LaunchBlock.of(owner);
                MemorySegment counter = module.global("counter", 16);
                MemorySegment memory = stream.allocate(16, owner);
                MemorySegment model =
                        context.allocate(Math.min(64, context.memory().free()), owner);
                MemorySegment pinned = context.pinned(16, owner);
                CudaEvent start = CudaEvent.openTimed(owner);
                CudaEvent end = CudaEvent.openTimed(owner);
                CudaStream side = CudaStream.open(context.urgentPriority(), owner);
                MemorySegment scratch = side.allocate(16, owner);

                pinned.fill((byte) 1);
                stream.record(start);
                stream.upload(pinned, memory);
                stream.copy(memory, model, 16);
                stream.record(end);
                side.waitFor(end);
                side.copy(model, scratch, 16);
                side.fillBytes(scratch, (byte) 2, 4);
                side.synchronize();
                CudaGraph graph = CudaGraph.capture(
                        stream,
                        () -> {
                            stream.copy(scratch, counter, 16);
                            stream.fillWords(DevicePointer.at(counter, 8), 3, 1);
                            bump.launch(
                                    LaunchShape.of(1, 1).together(),
                                    block.clear().arg(1),
                                    stream);
                        },
                        owner);
                assertEquals(3, graph.nodes());
                CudaGraphExec exec = graph.instantiate(owner);
                exec.upload(stream);
                exec.launch(stream);
                bump.launch(LaunchShape.of(1, 1), block.clear().arg(5), stream);
                stream.download(counter, pinned);
                stream.synchronize();
                assertTrue(end.done() && end.millisecondsSince(start) >= 0);
                return pinned.toArray(JAVA_INT);
            }
        }
    }

    private static final int[] EXPECTED = {0x02020202 + 6, 0x01010101, 3, 0x01010101};

    @Test
    void programWorks() {
        assertArrayEquals(EXPECTED, program());
        gpu.close();
    }

    /// A stream that is left in a capture takes no other work, and gives nothing back.
    @Test
    void aCaptureWhoseEndFailsIsEndedAllTheSame() {
        try (Arena device = Arena.ofShared()) {
            CudaContext.open(0, device);
            CudaStream stream = CudaStream.open(device);
            try (Arena owner = Arena.ofShared()) {
                MemorySegment memory = stream.allocate(16, owner);
                gpu.faults().failCall("cuStreamEndCapture", 1, UNKNOWN);
                Runnable work = () -> stream.fillBytes(memory, (byte) 2, 4);
                NativeException failed =
                        assertThrows(NativeException.class, () -> CudaGraph.capture(stream, work, owner));
                assertEquals("cuStreamEndCapture", failed.function());
                assertEquals(0, failed.getSuppressed().length);
                stream.synchronize();
            }
        }
        gpu.close();
    }

    @Test
    void eachCallThatFailsIsNamedAndLeavesNothing() {
        program();
        gpu.reset(); // the first run also asked for the driver's version, which no program does again
        program();
        Map<String, Long> calls = gpu.counters().calls();
        calls.keySet().removeIf(function -> function.startsWith("cuGetError"));
        assertTrue(calls.size() > 40, calls.toString());
        calls.forEach((function, count) -> {
            for (int n = 1; n <= count; n++) {
                gpu.reset();
                gpu.faults().failCall(function, n, UNKNOWN);
                NativeException e = assertThrows(NativeException.class, CudaFaultTest::program, function);
                assertEquals(function, e.function());
                assertTrue(e.getMessage().startsWith(function + ": CUDA_ERROR_UNKNOWN (999)"), e.getMessage());
                if (!RELEASES.contains(function)) {
                    assertEquals(List.of(), gpu.leaks(), function + " call " + n);
                }
                gpu.takeReports();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void outOfMemoryAtAnyAllocation(int n) {
        gpu.faults().outOfMemoryAtAllocation(n);
        NativeException e = assertThrows(NativeException.class, CudaFaultTest::program);
        assertEquals("CUDA_ERROR_OUT_OF_MEMORY", e.statusName());
        assertTrue(e.arguments().startsWith("bytes="), e.getMessage());
        assertEquals(List.of(), gpu.leaks());
        assertArrayEquals(EXPECTED, program());
        gpu.close();
    }

    /// A kernel that dies is heard of at the next wait, and its context is dead.
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void launchFailureIsHeardOfAtTheNextWait(int n) {
        gpu.faults().launchFailureAt(n);
        NativeException e = assertThrows(NativeException.class, CudaFaultTest::program);
        assertEquals("cuStreamSynchronize: CUDA_ERROR_LAUNCH_FAILED (719)", e.getMessage());
        gpu.reset();
        assertArrayEquals(EXPECTED, program());
        gpu.close();
    }

    @Test
    void argumentsThatDoNotFitTheKernelAreRefused() {
        try (Arena owner = Arena.ofShared()) {
            CudaContext.open(0, owner);
            CudaStream stream = CudaStream.open(owner);
            CudaFunction bump =
                    CudaModule.load("contract.ptx", Gpu.ptx(), owner).function("bump");
            LaunchBlock block = LaunchBlock.of(owner);
            for (int surplus : new int[] {-1, 1, 2}) {
                block.clear();
                for (int i = 0; i <= surplus; i++) {
                    block.arg(i);
                }
                NativeException e =
                        assertThrows(NativeException.class, () -> bump.launch(LaunchShape.of(1, 1), block, stream));
                assertEquals(
                        "cuLaunchKernel: CUDA_ERROR_INVALID_VALUE (1); kernel=bump, "
                                + "grid=(1, 1, 1), block=(1, 1, 1), sharedBytes=0, parameterBytes="
                                + block.size(),
                        e.getMessage());
            }
        }
        gpu.close();
    }

    /// A context that is dead: everything fails with the one status, giving back included, and Java goes on.
    @Test
    void deadContextSaysSoAtEveryCall() {
        gpu.faults().stickyErrorAtCall("cuMemcpyDtoDAsync_v2", 1, 700);
        NativeException e = assertThrows(NativeException.class, CudaFaultTest::program);
        assertTrue(
                e.getMessage().startsWith("cuMemcpyDtoDAsync_v2: CUDA_ERROR_ILLEGAL_ADDRESS (700); to=0x"),
                e.getMessage());
        assertTrue(e.getSuppressed().length > 0, "what could not be given back is heard of, too");
        for (Throwable suppressed : e.getSuppressed()) {
            assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", ((NativeException) suppressed).statusName());
        }
        gpu.reset();
        assertArrayEquals(EXPECTED, program());
        gpu.close();
    }

    /// A driver of another version, in a process of its own.
    static final class OtherDriver {
        private OtherDriver() {}

        public static void main(String[] arguments) {
            Configuration configuration = Configuration.standard().driverVersion(Integer.getInteger("driver"));
            String without = System.getProperty("without", "");
            SimulatedGpu gpu =
                    SimulatedGpu.install(without.isEmpty() ? configuration : configuration.withoutSymbol(without));
            try {
                program();
                System.out.println("worked");
            } catch (NativeException e) {
                System.out.println(e.getMessage());
            }
            gpu.close();
        }
    }

    private static String inAProcessOfItsOwn(String... options) throws IOException, InterruptedException {
        ChildJvm.Outcome outcome = ChildJvm.run(OtherDriver.class, options);
        assertEquals(0, outcome.exit(), outcome.output());
        return outcome.output().strip();
    }

    /// 12.8 has `cuEventElapsedTime_v2`, 12.0 only the first; both names are gone through.
    @ParameterizedTest
    @ValueSource(ints = {12000, 12040, 12080, 13000})
    void driversOfEachVersionWork(int version) throws IOException, InterruptedException {
        assertEquals("worked", inAProcessOfItsOwn("-Ddriver=" + version));
    }

    @Test
    void driverBeforeCuda12IsRefused() throws IOException, InterruptedException {
        String said = inAProcessOfItsOwn("-Ddriver=11080");
        assertTrue(
                said.startsWith("cuInit: library refused; library=cuda, "
                        + "reason=driver too old; runs CUDA=11.8, needed=12.0, file="),
                said);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cuGraphUpload", "cuMemAllocAsync", "cuModuleLoadDataEx", "cuCtxSetCurrent"})
    void missingFunctionIsHeardOfWhenItIsCalled(String symbol) throws IOException, InterruptedException {
        String said = inAProcessOfItsOwn("-Ddriver=12080", "-Dwithout=" + symbol);
        assertTrue(said.startsWith(symbol + ": symbol missing; library=cuda, file="), said);
    }
}
