package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// Mistakes planted in CUDA kernels: each is caught, at its line, with words that say what is wrong.
class MistakesTest {
    private final TestGpu gpu = TestGpu.resource("mistakes");

    /// Runs a kernel that is wrong in the line that ends with `// wrong`.
    private SimulatorFault caught(Kind kind, String kernel, int threads, Object... arguments) {
        SimulatorFault fault = assertThrows(
                SimulatorFault.class, () -> gpu.run(kernel, Dim3.of(1), Dim3.of(threads), arguments), kernel);
        String message = fault.getMessage();
        assertEquals(kind, fault.kind(), message);
        assertEquals(kernel, fault.site().kernel(), message);
        assertTrue(fault.site().line() > 0, message);
        String source = fault.site().source();
        assertTrue(source.startsWith("mistakes.cu:"), message);
        String line = lineOf(source);
        assertTrue(line.endsWith("// wrong"), message + "\n" + line);
        return fault;
    }

    private static String lineOf(String source) {
        int number = Integer.parseInt(source.substring(source.indexOf(':') + 1));
        try {
            return Files.readAllLines(Path.of("src", "test", "cuda", "mistakes.cu"))
                    .get(number - 1);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void assertSays(String words, SimulatorFault fault) {
        assertTrue(fault.getMessage().contains(words), fault.getMessage());
    }

    @Test
    void oneElementPastTheEnd() {
        Allocation x = gpu.empty("activations", 4 * 40);
        SimulatorFault fault = caught(Kind.OUT_OF_BOUNDS, "one_past_the_end", 64, x, 40);
        assertSays("store of 4 bytes 0 bytes past the end of allocation 'activations' of 160 bytes", fault);
        assertEquals(new Dim3(40, 0, 0), fault.site().thread());
        assertEquals(x.address() + 160, fault.address());
    }

    @Test
    void oneElementBeforeTheStart() {
        SimulatorFault fault =
                caught(Kind.OUT_OF_BOUNDS, "one_before_the_start", 32, gpu.ints("x", new int[32]), gpu.empty("y", 128));
        assertSays("4 bytes before allocation 'x'", fault);
        assertEquals(new Dim3(0, 0, 0), fault.site().thread());
    }

    @Test
    void pastASharedArrayIntoTheNext() {
        SimulatorFault fault = caught(Kind.OUT_OF_BOUNDS, "past_a_shared_array", 32, gpu.empty("y", 128));
        assertSays("0 bytes past the end of shared variable a of 128 bytes", fault);
        assertEquals(new Dim3(31, 0, 0), fault.site().thread());
    }

    @Test
    void beforeASharedArray() {
        SimulatorFault fault = caught(Kind.OUT_OF_BOUNDS, "before_a_shared_array", 32, gpu.empty("y", 128));
        assertSays("4 bytes before shared variable a of 128 bytes", fault);
    }

    @Test
    void pastDynamicSharedMemory() {
        Allocation y = gpu.ints("y", new int[64]);
        SimulatorFault none = caught(Kind.OUT_OF_BOUNDS, "past_dynamic_shared_memory", 64, y);
        assertSays("where no variable lies", none);
        SimulatorFault some = assertThrows(
                SimulatorFault.class,
                () -> gpu.runWithShared(4 * 63, "past_dynamic_shared_memory", Dim3.of(1), Dim3.of(64), y));
        assertEquals(new Dim3(63, 0, 0), some.site().thread());
    }

    @Test
    void aMissingBarrierBetweenWarps() {
        SimulatorFault fault =
                caught(Kind.SHARED_RACE, "missing_syncthreads", 128, gpu.ints("x", new int[128]), gpu.empty("y", 512));
        assertSays("race on shared memory", fault);
        assertSays("with no barrier between", fault);
    }

    @Test
    void aMissingBarrierBeforeTheNextRound() {
        SimulatorFault fault = caught(
                Kind.SHARED_RACE, "missing_second_syncthreads", 128, gpu.ints("x", new int[384]), gpu.empty("y", 1536));
        assertSays("race on shared memory", fault);
    }

    @Test
    void sharedMemoryReadBeforeOtherWarpsHaveFilledIt() {
        SimulatorFault fault = caught(
                Kind.UNINITIALISED_READ,
                "reads_before_others_write",
                128,
                gpu.ints("x", new int[128]),
                gpu.empty("y", 512));
        assertSays("never filled, or a barrier is missing before this read", fault);
    }

    @Test
    void aMissingBarrierInsideAWarp() {
        caught(Kind.SHARED_RACE, "missing_syncwarp", 32, gpu.ints("x", new int[32]), gpu.empty("y", 128));
    }

    @Test
    void twoThreadsThatWriteDifferentValuesToOnePlace() {
        caught(Kind.SHARED_RACE, "two_writers", 32, gpu.empty("y", 128));
    }

    @Test
    void anAtomicBesideAPlainRead() {
        SimulatorFault fault = caught(Kind.SHARED_RACE, "atomic_beside_plain", 64, gpu.empty("y", 4));
        assertEquals(new Dim3(40, 0, 0), fault.site().thread());
    }

    @Test
    void neighboursInOneWordOfSharedMemory() {
        caught(Kind.SHARED_RACE, "halves_race", 64, gpu.ints("x", new int[32]), gpu.empty("y", 128));
    }

    @Test
    void sharedMemoryThatOneThreadForgotToFill() {
        SimulatorFault fault = caught(Kind.UNINITIALISED_READ, "uninitialised_shared", 64, gpu.empty("y", 256));
        assertSays("at byte 252 of shared variable", fault);
        assertEquals(new Dim3(63, 0, 0), fault.site().thread());
    }

    @Test
    void globalMemoryNobodyWrote() {
        Allocation x = gpu.empty("gradients", 128);
        gpu.memory.fill(x.address(), 0, 4, 20);
        SimulatorFault fault = caught(Kind.UNINITIALISED_READ, "reads_global", 32, x, gpu.empty("y", 128));
        assertSays("read of memory never written: load of 4 bytes at byte 80 of gradients", fault);
        assertEquals(new Dim3(20, 0, 0), fault.site().thread());
    }

    @Test
    void memoryThatWasFreed() {
        Allocation x = gpu.ints("old weights", new int[32]);
        gpu.memory.free(x.address());
        SimulatorFault fault = caught(Kind.USE_AFTER_FREE, "reads_global", 32, x, gpu.empty("y", 128));
        assertSays("use after free: load of 4 bytes at byte 0 of freed allocation 'old weights'", fault);
    }

    @Test
    void anAddressThatIsNotAligned() {
        SimulatorFault fault =
                caught(Kind.MISALIGNED, "misaligned", 31, gpu.ints("x", new int[32]), gpu.empty("y", 128));
        assertSays("misaligned access: load of 4 bytes at byte 2 of x", fault);
    }

    @Test
    void aVectorLoadFromAnAddressAlignedForOneElement() {
        SimulatorFault fault =
                caught(Kind.MISALIGNED, "misaligned_vector", 8, gpu.ints("x", new int[64]), gpu.empty("y", 512));
        assertSays("no multiple of 16", fault);
        assertEquals(new Dim3(1, 0, 0), fault.site().thread());
    }

    @Test
    void aBarrierThatSomeThreadsMiss() {
        SimulatorFault fault = caught(Kind.BARRIER, "barrier_in_a_branch", 64, gpu.empty("y", 256));
        assertSays("barrier that some threads miss: barrier 0 has 40 of 64 threads, and no other can come", fault);
        assertSays("left the kernel=thread (40,0,0) and 23 more", fault);
        gpu.options = LaunchOptions.CHECKED.withMissedBarriers(false);
        gpu.run("barrier_in_a_branch", Dim3.of(1), Dim3.of(64), gpu.empty("y", 256));
    }

    @Test
    void warpsThatWaitAtDifferentBarriers() {
        SimulatorFault fault = caught(Kind.BARRIER, "two_barriers", 64, gpu.ints("x", 0, 1), gpu.empty("y", 256));
        assertSays("wait at different barriers", fault);
    }

    @Test
    void aFloatAtomicWhereOrderMustNotMatter() {
        Allocation sum = gpu.floats("sum", 0);
        gpu.run("float_atomic", Dim3.of(1), Dim3.of(32), sum);
        gpu.options = LaunchOptions.CHECKED.withDeterministic(true);
        caught(Kind.FLOAT_ATOMIC, "float_atomic", 32, sum);
    }

    @Test
    void pastALocalArray() {
        int[] index = new int[32];
        index[9] = 8;
        SimulatorFault fault =
                caught(Kind.OUT_OF_BOUNDS, "past_a_local_array", 32, gpu.ints("index", index), gpu.empty("y", 128));
        assertSays("past the end of local variable", fault);
        assertEquals(new Dim3(9, 0, 0), fault.site().thread());
    }

    @Test
    void localMemoryNobodyWrote() {
        SimulatorFault fault = caught(
                Kind.UNINITIALISED_READ,
                "uninitialised_local",
                8,
                gpu.ints("index", 0, 1, 2, 3, 4, 5, 6, 7),
                gpu.empty("y", 128));
        assertEquals(new Dim3(5, 0, 0), fault.site().thread());
    }

    @Test
    void aShuffleThatNamesLanesThatAreNotThere() {
        caught(Kind.WARP_MASK, "half_a_warp_shuffles", 32, gpu.empty("y", 128));
    }

    @Test
    void aTrap() {
        SimulatorFault fault = caught(Kind.TRAP, "a_trap", 4, gpu.ints("x", 0, 1, 2, 3));
        assertEquals(new Dim3(3, 0, 0), fault.site().thread());
    }

    @Test
    void aNullPointer() {
        SimulatorFault fault = caught(Kind.OUT_OF_BOUNDS, "null_pointer", 32, 0L);
        assertEquals(new Dim3(7, 0, 0), fault.site().thread());
    }

    @Test
    void aParameterBlockOfAnotherSize() {
        SimulatorFault fault =
                assertThrows(SimulatorFault.class, () -> gpu.run("one_past_the_end", Dim3.of(1), Dim3.of(1), 0L));
        assertEquals(Kind.PARAMETER_BLOCK, fault.kind());
        assertSays("the kernel takes 12 bytes, passed were 8; kernel=one_past_the_end", fault);
    }

    @Test
    void aBlockLargerThanTheDeviceOrTheKernelAllows() {
        assertEquals(
                Kind.LAUNCH_CONFIGURATION,
                assertThrows(SimulatorFault.class, () -> gpu.run("float_atomic", Dim3.of(1), Dim3.of(1025), 0L))
                        .kind());
        SimulatorFault fault = assertThrows(
                SimulatorFault.class,
                () -> TestGpu.resource("correct").run("product", Dim3.of(1), Dim3.of(16, 32), 0L, 0L, 0L, 1, 1, 1));
        assertSays("512 threads in a block of a kernel compiled for at most 256; kernel=product", fault);
        assertThrows(SimulatorFault.class, () -> gpu.run("float_atomic", new Dim3(0, 1, 1), Dim3.of(1), 0L));
        assertThrows(
                SimulatorFault.class, () -> gpu.runWithShared(1 << 20, "float_atomic", Dim3.of(1), Dim3.of(1), 0L));
    }

    @Test
    void memoryWrittenBeforeTheFaultStaysWritten() {
        Allocation x = gpu.empty("x", 4 * 33);
        caught(Kind.OUT_OF_BOUNDS, "one_past_the_end", 64, x, 33);
        MemorySegment first = gpu.memory.readable(x.address(), 4 * 32, "test");
        assertEquals(1f, first.get(ValueLayout.JAVA_FLOAT, 0));
    }
}
