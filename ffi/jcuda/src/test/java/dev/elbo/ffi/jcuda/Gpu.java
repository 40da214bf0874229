package dev.elbo.ffi.jcuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.ffi.Cuda;
import dev.elbo.ffi.CudaBinding;
import dev.elbo.ffi.CudaContext;
import dev.elbo.ffi.CudaStream;
import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;

/// The device that a run of the tests was asked to use, `-Delbo.test.device=simulated|cuda`, with a stream and memory.
///
/// @param arena owns everything
record Gpu(Arena arena, CudaContext context, CudaStream stream) implements AutoCloseable {
    static final boolean SIMULATED = !"cuda".equals(System.getProperty("elbo.test.device"));

    /// Enough for every algorithm of the tests' small shapes.
    static final long WORKSPACE = 1 << 20;

    static Gpu open() {
        if (SIMULATED) {
            SimulatedGpu.install(Configuration.standard());
        }
        assumeTrue(Cuda.library().present(), () -> "asked for a GPU: " + Cuda.library());
        return ofProcess();
    }

    /// The first device of whatever driver this process finds.
    static Gpu ofProcess() {
        Arena arena = Arena.ofShared();
        CudaContext context = CudaContext.open(0, arena);
        return new Gpu(arena, context, CudaStream.open(arena));
    }

    /// Goes on if the binding serves here. On the simulated device it has to.
    static void require(CudaBinding.Support support) {
        assumeTrue(SIMULATED || support.available(), support::why);
        assertTrue(support.available(), support::why);
    }

    /// Device memory that holds `values`.
    MemorySegment upload(float... values) {
        MemorySegment memory = stream.allocate(4L * values.length, arena);
        stream.upload(arena.allocateFrom(JAVA_FLOAT, values), memory);
        return memory;
    }

    /// Device memory of which no element may be left as it is.
    MemorySegment notANumber(long floats) {
        float[] nan = new float[Math.toIntExact(floats)];
        Arrays.fill(nan, Float.NaN);
        return upload(nan);
    }

    /// Device memory that holds `values`, which bf16 has.
    MemorySegment uploadBf16(float... values) {
        MemorySegment host = arena.allocate(JAVA_SHORT, values.length);
        for (int i = 0; i < values.length; i++) {
            host.setAtIndex(JAVA_SHORT, i, (short) (Float.floatToRawIntBits(values[i]) >>> 16));
        }
        MemorySegment memory = stream.allocate(host.byteSize(), arena);
        stream.upload(host, memory);
        return memory;
    }

    float[] downloadBf16(MemorySegment memory, int count) {
        MemorySegment host = arena.allocate(JAVA_SHORT, count);
        stream.download(memory, host);
        stream.synchronize();
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Float.intBitsToFloat(host.getAtIndex(JAVA_SHORT, i) << 16);
        }
        return values;
    }

    float[] download(MemorySegment memory, long floats) {
        MemorySegment host = arena.allocate(JAVA_FLOAT, floats);
        stream.download(memory, host);
        stream.synchronize();
        return host.toArray(JAVA_FLOAT);
    }

    MemorySegment workspace() {
        return stream.allocate(WORKSPACE, arena);
    }

    /// Multiples of 1/8 between -2 and 2: short sums of their products are exact in every precision and order.
    static float[] eighths(long seed, long size) {
        Random random = new Random(seed);
        float[] values = new float[Math.toIntExact(size)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (random.nextInt(33) - 16) / 8f;
        }
        return values;
    }

    /// What `work` throws in another thread.
    static RuntimeException inAnotherThread(Runnable work) throws InterruptedException {
        AtomicReference<RuntimeException> thrown = new AtomicReference<>();
        Thread other = new Thread(() -> thrown.set(assertThrows(RuntimeException.class, work::run)), "another");
        other.start();
        other.join();
        return thrown.get();
    }

    /// Fails if anything is left on the device, or was done to it that a real one would have kept to itself.
    @Override
    public void close() {
        arena.close();
        if (SIMULATED) {
            SimulatedGpu.installed().close();
        }
    }

    /// Forgets what the simulator noticed of mistakes that were made on purpose.
    static void forgiveReports() {
        SimulatedGpu simulated = SimulatedGpu.installed(); // it may pose as a real one
        if (simulated != null) {
            simulated.takeReports();
        }
    }
}
