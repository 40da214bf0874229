package org.example.cube;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.ffi.CudaContext;
import dev.elbo.ffi.CudaStream;
import dev.elbo.ffi.DevicePointer;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.GradientCheck;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class CubeTest {
    private static final int SIZE = 1000;

    private static float[] numbers() {
        float[] x = new float[SIZE];
        for (int e = 0; e < SIZE; e++) {
            x[e] = (e - 500) / 250f;
        }
        return x;
    }

    /// Σ x³ and its gradient, by a step that is replayed.
    private static float[] gradient(Device device) {
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "cube", owner);
            Tensor x = memory.floats(Shape.of(SIZE), numbers());
            Tensor dx = memory.empty(x.shape());
            try (Step<Tensor> step = Step.record(device, "cube", made -> {
                Tape tape = new Tape(made);
                tape.watch(x, dx);
                Ops f = Ops.taped(made, tape);
                Tensor loss = f.sum(f.plus(f.apply(new Cube(), x), f.apply(new Cube(), x)));
                tape.pullback(loss, 1);
                return loss;
            })) {
                step.run();
                step.run();
                assertEquals(2 * -8, device.scalar(step.result()), 1e-3); // all but the first cancel
            }
            return device.floats(dx);
        }
    }

    @Test
    void gradientMatchesDifferences() {
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena owner = Arena.ofShared()) {
            Tensor x = Memory.of(cpu, "x", owner).floats(Shape.of(4), -1, 0, 0.5f, 2);
            GradientCheck.Result result =
                    GradientCheck.of(cpu, (f, at) -> f.apply(new Cube(), at.getFirst()), List.of(x), List.of(x), 7);
            assertEquals(0, result.error(), 1e-3, result.toString());
        }
    }

    @Test
    void aReplayedStepGivesTheSameBitsOnBothDevices() {
        float[] expected = new float[SIZE];
        float[] x = numbers();
        for (int e = 0; e < SIZE; e++) {
            expected[e] = 2 * (3 * x[e] * x[e]);
        }
        try (CpuDevice cpu = CpuDevice.open(2)) {
            assertArrayEquals(expected, gradient(cpu));
        }
        try (SimulatedGpu _ = SimulatedGpu.install();
                CudaDevice gpu = CudaDevice.open(0)) {
            assertArrayEquals(expected, gradient(gpu));
        }
    }

    /// A context, a stream and memory that this library has made for itself.
    @Test
    void memoryAndStreamOfOthersAreWorkedOn() {
        try (SimulatedGpu _ = SimulatedGpu.install();
                Arena context = Arena.ofConfined();
                Arena foreign = Arena.ofConfined()) {
            CudaContext theirs = CudaContext.open(0, context);
            CudaStream stream = CudaStream.open(foreign);
            long address = DevicePointer.address(stream.allocate(3 * Float.BYTES, foreign));
            try (CudaDevice gpu = CudaDevice.over(0, theirs.handle(), stream.handle(), CudaOptions.best());
                    Arena owner = Arena.ofShared()) {
                Tensor x = new Tensor(Shape.of(3), DType.F32, MemorySegment.ofAddress(address), gpu);
                gpu.write(new float[] {1, 2, -3}, x);
                Tensor y = Ops.plain(Memory.of(gpu, "cube", owner)).apply(new Cube(), x);
                assertArrayEquals(new float[] {1, 8, -27}, gpu.floats(y));
            }
            assertTrue(stream.done());
        }
    }
}
