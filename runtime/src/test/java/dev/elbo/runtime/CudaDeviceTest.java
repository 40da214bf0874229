package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.ffi.CudaContext;
import dev.elbo.ffi.CudaStream;
import dev.elbo.ffi.DevicePointer;
import dev.elbo.ffi.NativeException;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Fill;
import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("device")
class CudaDeviceTest {
    private static final int LAUNCH_FAILED = 719;

    /// y[i] = x[i]³, one thread per element, as another project would write it.
    private static final PtxSource CUBE = new PtxSource("cube.ptx", """
            .version 7.0
            .target sm_75
            .address_size 64
            .visible .entry cube_f32(.param .u64 x, .param .u64 y, .param .u32 n)
            {
                .reg .pred %p<2>;
                .reg .f32 %f<4>;
                .reg .b32 %r<6>;
                .reg .b64 %rd<6>;
                ld.param.u64 %rd1, [x];
                ld.param.u64 %rd2, [y];
                ld.param.u32 %r1, [n];
                mov.u32 %r2, %ctaid.x;
                mov.u32 %r3, %ntid.x;
                mov.u32 %r4, %tid.x;
                mad.lo.s32 %r5, %r2, %r3, %r4;
                setp.ge.s32 %p1, %r5, %r1;
                @%p1 bra $done;
                cvta.to.global.u64 %rd1, %rd1;
                cvta.to.global.u64 %rd2, %rd2;
                mul.wide.s32 %rd3, %r5, 4;
                add.s64 %rd4, %rd1, %rd3;
                add.s64 %rd5, %rd2, %rd3;
                ld.global.f32 %f1, [%rd4];
                mul.f32 %f2, %f1, %f1;
                mul.f32 %f3, %f2, %f1;
                st.global.f32 [%rd5], %f3;
            $done:
                ret;
            }
            """);

    private static void on(CudaOptions options, BiConsumer<CudaDevice, Memory> body) {
        try (CudaDevice gpu = Gpu.open(options);
                Arena owner = Arena.ofShared()) {
            body.accept(gpu, Memory.of(gpu, "test", owner));
        }
        Gpu.expectNothingLeft();
    }

    @Test
    void copiesOfAnySizeComeBack() {
        on(CudaOptions.best(), (gpu, memory) -> {
            for (int size : new int[] {0, 1, 1000, 3 << 20}) {
                float[] x = new float[size];
                for (int e = 0; e < size; e++) {
                    x[e] = e;
                }
                Tensor tensor = memory.floats(Shape.of(size), x);
                assertArrayEquals(x, gpu.floats(tensor));
            }
            Tensor words = memory.ints(Shape.of(4), 1, 2, 3, 4);
            gpu.write(new int[] {7, 8}, words.part(1, Shape.of(2)));
            assertArrayEquals(new int[] {1, 7, 8, 4}, gpu.ints(words));
        });
    }

    @Test
    void theLedgerKnowsWhatLives() {
        on(CudaOptions.best(), (gpu, memory) -> {
            memory.empty(Shape.of(10));
            assertEquals(40, gpu.ledger().liveBytes());
            Step<Tensor> step = Step.record(gpu, "own", m -> m.empty(Shape.of(100)));
            assertEquals(440, gpu.ledger().liveBytes());
            step.close();
            assertEquals(40, gpu.ledger().liveBytes());
            assertEquals(440, gpu.ledger().highWaterBytes());
        });
    }

    @Test
    @Tag("simulated")
    void outOfMemoryNamesTheHighWaterMarkAndWhatHeldIt() {
        on(CudaOptions.best(), (gpu, memory) -> {
            memory.empty(Shape.of(1000));
            SimulatedGpu.installed().faults().outOfMemoryAtAllocation(1);
            String message = assertThrows(NativeException.class, () -> memory.empty(Shape.of(1 << 20)))
                    .getMessage();
            assertTrue(message.startsWith("cuMemAllocAsync: CUDA_ERROR_OUT_OF_MEMORY (2); "), message);
            assertTrue(message.contains("bytes=4194304"), message);
            assertTrue(message.contains("live=4000, high water=4000 bytes"), message);
            assertTrue(message.contains("4,000 bytes in 1 by test, from " + CudaDeviceTest.class.getName()), message);
            assertEquals(4000, gpu.ledger().liveBytes());
            memory.empty(Shape.of(1 << 20));
        });
    }

    /// What is given back on a dead context fails, too, and must not stand in front of what happened.
    @Test
    @Tag("simulated")
    void whatFailsWhileAStepIsRecordedIsSaidFirst() {
        CudaDevice gpu = Gpu.open(CudaOptions.best());
        SimulatedGpu.installed().faults().stickyErrorAtCall("cuMemAllocAsync", 2, 700);
        NativeException failure = assertThrows(
                NativeException.class,
                () -> Step.record(
                        gpu, "step", memory -> List.of(memory.empty(Shape.of(1)), memory.empty(Shape.of(2)))));
        assertEquals("cuMemAllocAsync", failure.function());
        assertEquals("cuMemFreeAsync", ((NativeException) failure.getSuppressed()[0]).function());
        SimulatedGpu.installed().reset();
    }

    @Test
    @Tag("simulated")
    void stepsAreClosedThoughOneFails() {
        on(CudaOptions.best(), (gpu, memory) -> {
            List<Step<Tensor>> steps = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                steps.add(Step.record(gpu, "step " + i, own -> own.empty(Shape.of(1))));
            }
            SimulatedGpu.installed().faults().failCall("cuStreamSynchronize", 2, 999);
            NativeException failure = assertThrows(NativeException.class, () -> Step.closeAll(steps));
            assertEquals("cuStreamSynchronize", failure.function());
            assertEquals(0, gpu.ledger().liveBytes());
        });
    }

    @Test
    @Tag("simulated")
    void aRefusedLaunchNamesItsOperation() {
        on(CudaOptions.best(), (gpu, memory) -> {
            Tensor x = memory.floats(Shape.of(3), 1, 2, 3);
            SimulatedGpu.installed().faults().failCall("cuLaunchKernel", 1, 701);
            String message = assertThrows(
                            NativeException.class, () -> Ops.plain(memory).exp(x))
                    .getMessage();
            assertTrue(message.startsWith("cuLaunchKernel: CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (701); "), message);
            assertTrue(message.contains("operation=exp"), message);
        });
    }

    /// A kernel that dies is heard of later; one by one, at once.
    @Test
    @Tag("simulated")
    void aDeadKernelNamesItsOperation() {
        for (boolean waiting : new boolean[] {false, true}) {
            CudaOptions options = waiting ? CudaOptions.best().waiting() : CudaOptions.best();
            CudaDevice gpu = Gpu.open(options);
            Memory memory = Memory.of(gpu, "test", Arena.ofShared());
            Tensor x = memory.floats(Shape.of(3), 1, 2, 3);
            gpu.synchronize();
            SimulatedGpu.installed().faults().launchFailureAt(1);
            NativeException failure = assertThrows(NativeException.class, () -> {
                Tensor y = Ops.plain(memory).exp(x);
                if (!waiting) {
                    Fill.bind(y, 1);
                    gpu.synchronize();
                }
            });
            assertEquals(LAUNCH_FAILED, failure.status());
            String wanted = waiting ? "operation=exp" : "after operation=fill";
            assertTrue(failure.getMessage().contains(wanted), failure.getMessage());
            // The context is dead and all it had is gone with it.
            SimulatedGpu.installed().takeReports();
            SimulatedGpu.installed().reset();
        }
    }

    @Test
    void aBufferFreedUnderTheStepIsNamed() {
        on(CudaOptions.best(), (gpu, memory) -> {
            Arena gone = Arena.ofShared();
            Tensor x = Memory.of(gpu, "gone", gone).floats(Shape.of(1), 0);
            try (Step<Void> step = Step.record(gpu, "dangling", _ -> {
                Fill.bind(x, 1);
                return null;
            })) {
                step.run();
                step.run();
                gone.close();
                String message =
                        assertThrows(IllegalStateException.class, step::run).getMessage();
                assertEquals("replay: the owner of a buffer has closed; operation=fill, device=cuda:0", message);
            }
        });
    }

    @Test
    void aBodyMayNotTalkToTheHost() {
        on(CudaOptions.best(), (gpu, memory) -> {
            Tensor x = memory.floats(Shape.of(1), 0);
            String message = assertThrows(
                            IllegalStateException.class,
                            () -> Step.record(gpu, "bad", _ -> {
                                Fill.bind(x, 1);
                                return gpu.scalar(x);
                            }))
                    .getMessage();
            assertEquals("read: the host is not part of a recorded step; device=cuda:0, after operation=fill", message);
            Fill.bind(x, 3);
            assertEquals(3, gpu.scalar(x));
        });
    }

    @Test
    void argumentsThatDoNotFitTheKernelAreRefused() {
        on(CudaOptions.best(), (gpu, memory) -> {
            Tensor x = memory.floats(Shape.of(4), 1, 2, 3, 4);
            Tensor index = memory.ints(Shape.of(4), 1, 2, 3, 4);
            refused(
                    "kernel: arguments are missing; kernel=fill_f32, given=1, wanted=[y, n, value]",
                    () -> gpu.kernel("fill_f32").args(x).bind("fill"));
            refused(
                    "kernel: too many arguments; kernel=fill_f32, wanted=3",
                    () -> gpu.kernel("fill_f32").args(x, 4, 1f, 1f));
            refused(
                    "kernel: another argument is wanted; kernel=fill_f32, argument=value, given=Integer 1,"
                            + " wanted=FLOAT",
                    () -> gpu.kernel("fill_f32").args(x, 4, 1));
            refused(
                    "kernel: another argument is wanted; kernel=fill_f32, argument=y, given=pointer to I32,"
                            + " wanted=pointer to FLOAT",
                    () -> gpu.kernel("fill_f32").args(index, 4, 1f));
            refused(
                    "kernel: its launch follows from its arguments; kernel=fill_f32, blocks=1",
                    () -> gpu.kernel("fill_f32").over(1, 32));
            try (CpuDevice cpu = CpuDevice.open(1);
                    Arena owner = Arena.ofShared()) {
                Tensor there = Memory.of(cpu, "there", owner).floats(Shape.of(1), 0);
                refused(
                        "kernel: tensor of another device; kernel=fill_f32, tensor=(1) F32 on cpu",
                        () -> gpu.kernel("fill_f32").args(there, 1, 1f));
            }
        });
    }

    private static void refused(String message, Runnable call) {
        assertEquals(
                message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }

    /// A real library may multiply so small a matrix in more than it was allowed to.
    @Test
    @Tag("simulated")
    void precisionHoldsWithinABody() {
        on(CudaOptions.best().training(MatrixPrecision.BF16), (gpu, memory) -> {
            // 1 + 2⁻⁹ has 10 bits: bf16 rounds it to 1.
            Tensor a = memory.floats(Shape.of(1, 1), 1 + 0x1p-9f);
            Ops f = Ops.plain(memory);
            assertEquals(MatrixPrecision.FP32, gpu.precision());
            assertEquals(1 + 0x1p-8f + 0x1p-18f, gpu.scalar(f.product(a, a)));
            assertEquals(1, gpu.scalar(gpu.in(gpu.trainingPrecision(), () -> f.product(a, a))));
            assertEquals(MatrixPrecision.FP32, gpu.precision());
        });
    }

    @Test
    void aLayerIsTheSameWithAndWithoutLibraries() {
        float[][] results = new float[2][];
        for (int i = 0; i < 2; i++) {
            int at = i;
            on(i == 0 ? CudaOptions.best() : CudaOptions.best().inFixedOrder(), (gpu, memory) -> {
                Tensor x = memory.floats(Shape.of(2, 3), 1, 2, 3, 4, 5, Float.NaN);
                Tensor w = memory.floats(Shape.of(3, 2), 1, -1, 0.5f, 2, -1, 1);
                Tensor b = memory.floats(Shape.of(2), -4, 1);
                results[at] = gpu.floats(Ops.plain(memory).linear(x, w, b, Activation.RELU));
            });
        }
        assertArrayEquals(new float[] {0, 7, Float.NaN, Float.NaN}, results[0]);
        assertArrayEquals(results[1], results[0]);
    }

    /// What a library does that has a context, a stream and memory of its own, and an operation of its own.
    @Test
    void aForeignStreamPointerAndKernelWorkTogether() {
        Gpu.open(CudaOptions.best()).close();
        try (Arena theirs = Arena.ofConfined();
                Arena foreign = Arena.ofConfined()) {
            CudaContext context = CudaContext.open(0, theirs);
            CudaStream stream = CudaStream.open(foreign);
            MemorySegment pointer = stream.allocate(3 * Float.BYTES, foreign);
            long address = DevicePointer.address(pointer);
            try (CudaDevice gpu = CudaDevice.over(0, context.handle(), stream.handle(), CudaOptions.best());
                    Arena owner = Arena.ofShared()) {
                Tensor x = new Tensor(Shape.of(3), DType.F32, MemorySegment.ofAddress(address), gpu);
                gpu.write(new float[] {1, 2, -3}, x);
                Tensor y = Memory.of(gpu, "test", owner).empty(Shape.of(3));
                try (Step<Tensor> step = Step.record(gpu, "cube", _ -> {
                    gpu.kernel(CUBE, "cube_f32").over(1, 32).args(x, y, 3).bind("cube");
                    return y;
                })) {
                    step.run();
                    step.run();
                    assertArrayEquals(new float[] {1, 8, -27}, gpu.floats(y));
                }
            }
            stream.synchronize();
        }
        Gpu.expectNothingLeft();
    }

    /// Each call makes its own context current, so work on one device does not land on the other.
    @Test
    @Tag("simulated")
    void twoGpusOfOneThreadDoNotMix() {
        SimulatedGpu.install(Configuration.standard().devices(2));
        try (CudaDevice one = CudaDevice.open(0);
                CudaDevice other = CudaDevice.open(1, CudaOptions.best().inFixedOrder());
                Arena owner = Arena.ofShared()) {
            List<Step<Tensor>> steps = new ArrayList<>();
            for (CudaDevice gpu : List.of(one, other)) {
                Tensor x = Memory.of(gpu, "test", owner).floats(Shape.of(2, 2), 1, 2, 3, 4);
                steps.add(Step.record(gpu, "square", memory -> Ops.plain(memory).product(x, x)));
            }
            for (int run = 0; run < 3; run++) {
                steps.forEach(Step::run);
            }
            for (Step<Tensor> step : steps) {
                Device device = step.result().device();
                assertArrayEquals(new float[] {7, 10, 15, 22}, device.floats(step.result()), device.toString());
            }
            steps.forEach(Step::close);
        }
        Gpu.expectNothingLeft();
    }

    /// Many shapes, eager and recorded: what they took is given back with their arenas, graphs and descriptors
    /// included.
    @Test
    @Tag("simulated")
    void manyShapesLeaveTheDeviceAsItWas() {
        on(CudaOptions.best(), (gpu, memory) -> {
            layer(gpu, 1);
            int things = SimulatedGpu.installed().leaks().size();
            long bytes = gpu.ledger().liveBytes();
            for (int n = 2; n <= 40; n++) {
                layer(gpu, n);
            }
            assertEquals(bytes, gpu.ledger().liveBytes());
            assertEquals(things, SimulatedGpu.installed().leaks().size());
        });
    }

    private static void layer(CudaDevice gpu, int n) {
        Function<Memory, Tensor> body = memory -> {
            Ops f = Ops.plain(memory);
            Tensor ones = f.constant(Shape.of(n, n), 1);
            return f.sum(f.linear(ones, ones, f.constant(Shape.of(n), 0.5f), Activation.TANH));
        };
        float expected = (float) (n * n * Math.tanh(n + 0.5));
        try (Arena owner = Arena.ofShared()) {
            assertEquals(expected, gpu.scalar(body.apply(Memory.of(gpu, "eager", owner))), 1e-5 * expected);
        }
        try (Step<Tensor> step = Step.record(gpu, "layer", body)) {
            step.run();
            step.run();
            assertEquals(expected, gpu.scalar(step.result()), 1e-5 * expected);
        }
    }

    @Test
    @Tag("simulated")
    void aMissingGpuIsAValue() {
        on(CudaOptions.best(), (gpu, memory) -> {
            assertTrue(CudaDevice.missing(0).isEmpty());
            assertEquals(
                    "the driver shows 1 GPUs, numbered from 0; wanted=7",
                    CudaDevice.missing(7).orElseThrow());
        });
    }
}
