package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.ffi.NativeException;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Moments;
import dev.elbo.runtime.ops.Window;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whose convolutions a GPU runs, within steps and without, and what is said when they fail.
@Tag("device")
class ConvolutionsOnCudaTest {
    private static final CudaOptions FIXED = CudaOptions.best().inFixedOrder();
    private static final Window HALF = Window.of(4, 2, 1);

    private static void on(CudaOptions options, Consumer<Memory> body) {
        try (CudaDevice gpu = Gpu.open(options);
                Arena owner = Arena.ofShared()) {
            body.accept(Memory.of(gpu, "test", owner));
        }
        Gpu.expectNothingLeft();
    }

    private static Tensor normals(Memory memory, int seed, int... extents) {
        Shape shape = Shape.of(extents);
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[(int) shape.size()];
        for (int e = 0; e < values.length; e++) {
            values[e] = (float) random.nextGaussian();
        }
        return memory.floats(shape, values);
    }

    private static SimulatedGpu simulated() {
        return SimulatedGpu.installed();
    }

    /// A layer down and a layer up, as the two halves of a DCGAN have them, with the gradients of all their weights.
    private static final class Layers {
        final Tensor x;
        final List<Tensor> parameters;
        final List<Tensor> gradients;
        final Moments running;

        Layers(Memory memory) {
            x = normals(memory, 1, 2, 8, 6, 3);
            parameters = List.of(
                    normals(memory, 2, 5, 4, 4, 3), // down
                    normals(memory, 3, 5), // scale
                    normals(memory, 4, 5), // shift
                    normals(memory, 5, 5, 4, 4, 2), // up
                    normals(memory, 6, 2)); // bias
            gradients =
                    parameters.stream().map(each -> memory.empty(each.shape())).toList();
            running = new Moments(memory.floats(Shape.of(5), new float[5]), memory.floats(Shape.of(5), new float[5]));
        }

        Tensor step(Memory memory) {
            Tape tape = new Tape(memory);
            for (int i = 0; i < parameters.size(); i++) {
                tape.watch(parameters.get(i), gradients.get(i));
            }
            Ops f = Ops.taped(memory, tape);
            Tensor down = f.convolution(x, parameters.get(0), HALF);
            Tensor normal = f.batchNormalise(
                    down, parameters.get(1), parameters.get(2), running, 0.1f, 1e-5f, Activation.leakyRelu(0.2f));
            Tensor up = f.transposedConvolution(normal, parameters.get(3), parameters.get(4), HALF, Activation.TANH);
            Tensor loss = f.mean(f.square(up));
            tape.pullback(loss, 1);
            return loss;
        }

        /// All that a step leaves behind.
        List<float[]> results(Device device) {
            List<float[]> results = new ArrayList<>();
            gradients.forEach(each -> results.add(device.floats(each)));
            results.add(device.floats(running.mean()));
            results.add(device.floats(running.variance()));
            return results;
        }

        static List<float[]> eager(Memory memory, int steps) {
            Layers layers = new Layers(memory);
            for (int i = 0; i < steps; i++) {
                layers.step(memory);
            }
            return layers.results(memory.device());
        }

        static List<float[]> recorded(Memory memory, int steps) {
            Layers layers = new Layers(memory);
            try (Step<Tensor> step = Step.record(memory.device(), "layers", layers::step)) {
                for (int i = 1; i < steps; i++) {
                    step.run();
                }
                return layers.results(memory.device());
            }
        }
    }

    private static void assertSame(List<float[]> expected, List<float[]> actual, String what) {
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), what + ", result " + i);
        }
    }

    private static List<float[]> onCpu(Function<Memory, List<float[]>> body) {
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1).fixedOrder());
                Arena owner = Arena.ofShared()) {
            return body.apply(Memory.of(cpu, "test", owner));
        }
    }

    @Test
    void eagerCapturedAndReplayedStepsGiveTheBytesOfTheCpu() {
        List<float[]> expected = onCpu(memory -> Layers.eager(memory, 4));
        on(FIXED, memory -> {
            assertSame(expected, Layers.eager(memory, 4), "eager");
            assertSame(expected, Layers.recorded(memory, 4), "replayed");
        });
    }

    @Test
    void eagerAndReplayedStepsGiveEqualBytesWithCuDnn() {
        on(CudaOptions.best(), memory -> {
            List<float[]> eager = Layers.eager(memory, 4);
            assertSame(eager, Layers.recorded(memory, 4), "replayed");
            assertSame(eager, Layers.recorded(memory, 4), "recorded once more");
        });
    }

    @Test
    @Tag("simulated")
    void aStepOfConvolutionsIsOneGraphLaunchAndTheHostWaitsForNothing() {
        for (CudaOptions options : List.of(CudaOptions.best(), FIXED)) {
            on(options, memory -> {
                Layers layers = new Layers(memory);
                try (Step<Tensor> step = Step.record(memory.device(), "layers", layers::step)) {
                    step.run();
                    simulated().counters().reset();
                    step.run();
                    step.run();
                    assertEquals(
                            Set.of("cuCtxSetCurrent", "cuGraphLaunch"),
                            simulated().counters().calls().keySet());
                    assertEquals(2, simulated().counters().graphLaunches());
                    assertEquals(0, simulated().counters().launches());
                }
            });
        }
    }

    /// Batch normalisation is Elbo's own always.
    @Test
    @Tag("simulated")
    void cuDnnConvolvesUnlessTheFixedOrderIsAskedFor() {
        on(CudaOptions.best(), memory -> {
            CudaDevice gpu = (CudaDevice) memory.device();
            assertTrue(gpu.convolutions().startsWith("cuDNN: "), gpu.convolutions());
            Layers.eager(memory, 1);
            Set<String> launched = simulated().counters().launchesByName().keySet();
            assertTrue(launched.contains("cudnnBackendExecute"), launched.toString());
            assertTrue(launched.contains("batch_normalise_f32"), launched.toString());
            assertFalse(launched.stream().anyMatch(name -> name.startsWith("convolution")), launched.toString());
        });
        on(FIXED, memory -> {
            CudaDevice gpu = (CudaDevice) memory.device();
            assertEquals("Elbo's own kernels: the fixed order was asked for", gpu.convolutions());
            Layers.eager(memory, 1);
            Set<String> launched = simulated().counters().launchesByName().keySet();
            assertFalse(launched.stream().anyMatch(name -> name.startsWith("cudnn")), launched.toString());
        });
    }

    /// cuDNN reads whole words of 16 bytes; a part of a tensor may begin anywhere.
    @Test
    void operandsAtOddAddressesAreElbosOwn() {
        float[][] results = new float[2][];
        for (int past = 0; past < 2; past++) {
            int from = past;
            on(past == 0 ? FIXED : CudaOptions.best(), memory -> {
                Tensor buffer = normals(memory, 1, from + 5 * 4 * 3);
                float[] x = Arrays.copyOf(memory.device().floats(normals(memory, 7, 60)), 60 + from);
                System.arraycopy(x, 0, x, from, 60);
                memory.device().write(x, buffer);
                Tensor image = buffer.part(from, Shape.of(1, 5, 4, 3));
                Tensor y = Ops.plain(memory).convolution(image, normals(memory, 2, 2, 3, 3, 3), Window.of(3, 1, 1));
                results[from] = memory.device().floats(y);
            });
        }
        assertArrayEquals(results[0], results[1]);
    }

    @Test
    @Tag("simulated")
    void trainingConvolvesInItsPrecision() {
        on(CudaOptions.best(), memory -> {
            float beyondTf32 = 1 + 0x1p-11f + 0x1p-20f;
            Tensor x = memory.floats(Shape.of(1, 1, 1, 1), beyondTf32);
            Tensor one = memory.floats(Shape.of(1, 1, 1, 1), 1);
            Ops f = Ops.plain(memory);
            Device gpu = memory.device();
            assertEquals(beyondTf32, gpu.scalar(f.convolution(x, one, Window.of(1, 1, 0))));
            Tensor trained = gpu.in(gpu.trainingPrecision(), () -> f.convolution(x, one, Window.of(1, 1, 0)));
            assertEquals(1 + 0x1p-10f, gpu.scalar(trained));
        });
    }

    /// What is forgotten is ended, and the rest with the device.
    @Test
    @Tag("simulated")
    void moreShapesThanPlansAreKept() {
        try (CudaDevice gpu = Gpu.open(CudaOptions.best());
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(gpu, "test", owner);
            Ops f = Ops.plain(memory);
            Tensor one = memory.floats(Shape.of(1, 1, 1, 1), 1);
            Tensor x = memory.floats(Shape.of(300), new float[300]);
            for (int n = 1; n <= 300; n++) {
                f.convolution(x.part(0, Shape.of(n, 1, 1, 1)), one, Window.of(1, 1, 0));
            }
        }
        long made = simulated().counters().calls("cudnnBackendCreateDescriptor");
        assertTrue(made > 300, "made " + made);
        assertEquals(made, simulated().counters().calls("cudnnBackendDestroyDescriptor"));
        Gpu.expectNothingLeft();
    }

    private static void assertSays(List<String> parts, Runnable body) {
        String message = assertThrows(NativeException.class, body::run).getMessage();
        assertTrue(message.startsWith(parts.getFirst()), message);
        assertTrue(parts.stream().allMatch(message::contains), message);
    }

    @Test
    @Tag("simulated")
    void failuresNameTheOperation() {
        on(CudaOptions.best(), memory -> {
            Layers layers = new Layers(memory);
            Runnable convolution = () -> Ops.plain(memory).convolution(layers.x, layers.parameters.getFirst(), HALF);
            simulated().faults().failCall("cudnnBackendFinalize", 1, 4000);
            assertSays(
                    List.of(
                            "cudnnBackendFinalize: CUDNN_STATUS_INTERNAL_ERROR (4000); operation=convolution, ",
                            "pass=FORWARD, images=(2, 3, 8, 6), filters=(5, 3, 4, 4), stride=(2, 2)"),
                    convolution);
            // The first allocation is that of the result.
            simulated().faults().outOfMemoryAtAllocation(2);
            assertSays(
                    List.of(
                            "cuMemAllocAsync: CUDA_ERROR_OUT_OF_MEMORY (2); operation=convolution, workspace=",
                            "live=",
                            " by test, from "),
                    convolution);
            simulated().faults().failCall("cudnnBackendExecute", 1, 5000);
            assertSays(
                    List.of("cudnnBackendExecute: CUDNN_STATUS_EXECUTION_FAILED (5000); operation=convolution"),
                    convolution);
            convolution.run();
        });
    }
}
