package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.TrainingTest.Run;
import dev.elbo.runtime.TrainingTest.Vae;
import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.random.Purpose;
import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The training steps of [TrainingTest] on the GPU of this run: the bytes of the CPU, and one launch.
@Tag("device")
class TrainingOnCudaTest {
    private static final CudaOptions FIXED = CudaOptions.best().inFixedOrder();

    private static float[] onCpu(Function<Run, float[]> body) {
        try (CpuDevice cpu = CpuDevice.open(
                        CpuOptions.best().threads(1).math(CpuMath.plain()).fixedOrder());
                Arena owner = Arena.ofShared()) {
            return body.apply(Run.on(cpu, owner));
        }
    }

    private static float[] onGpu(CudaOptions options, Function<Run, float[]> body) {
        float[] result;
        try (CudaDevice gpu = Gpu.open(options);
                Arena owner = Arena.ofShared()) {
            result = body.apply(Run.on(gpu, owner));
        }
        Gpu.expectNothingLeft();
        return result;
    }

    private static float[] rbm(Run run) {
        return run.device().floats(TrainingTest.trainRbm(run, 100, false).values());
    }

    private static float[] vae(Run run, int steps, boolean eager) {
        return run.device().floats(TrainingTest.trainVae(run, steps, eager).values());
    }

    @Test
    void anRbmAfter100StepsHasTheSameBytesOnBothDevices() {
        assertArrayEquals(onCpu(TrainingOnCudaTest::rbm), onGpu(FIXED, TrainingOnCudaTest::rbm));
    }

    /// A recorded step is bound by the first run, captured by the second and replayed by the third; fixed-order
    /// products make the CPU a witness.
    @Test
    void eagerCapturedAndReplayedStepsGiveTheBytesOfTheCpu() {
        for (int steps : new int[] {2, 3, 12}) {
            float[] expected = onCpu(run -> vae(run, steps, true));
            assertArrayEquals(expected, onGpu(FIXED, run -> vae(run, steps, true)), "eager, steps " + steps);
            assertArrayEquals(expected, onGpu(FIXED, run -> vae(run, steps, false)), "replayed, steps " + steps);
            assertArrayEquals(
                    expected, onGpu(FIXED.waiting(), run -> vae(run, steps, false)), "one by one, steps " + steps);
        }
    }

    @Test
    @Tag("simulated")
    void gpusOfOtherGenerationsGiveTheSameBytes() {
        float[] expected = onCpu(run -> vae(run, 4, false));
        for (int capability : new int[] {75, 80, 100}) {
            SimulatedGpu.install(Configuration.standard().computeCapability(capability));
            try (CudaDevice gpu = CudaDevice.open(0, FIXED);
                    Arena owner = Arena.ofShared()) {
                assertEquals(capability, gpu.computeCapability());
                assertEquals(capability == 75 ? MatrixPrecision.FP32 : MatrixPrecision.TF32, gpu.trainingPrecision());
                assertArrayEquals(expected, vae(Run.on(gpu, owner), 4, false), "capability " + capability);
            }
            Gpu.expectNothingLeft();
        }
    }

    @Test
    void eagerAndReplayedStepsGiveEqualBytesWithLibraries() {
        assertArrayEquals(
                onGpu(CudaOptions.best(), run -> vae(run, 12, true)),
                onGpu(CudaOptions.best(), run -> vae(run, 12, false)));
    }

    /// What another order of summation does to the CPU's result is the measure of what a library may do to it.
    @Test
    void aVaeAfter100StepsIsAsCloseAsAnotherOrderOfSummation() {
        float[] expected = onCpu(run -> vae(run, 100, false));
        float[] reordered = onCpu(TrainingOnCudaTest::vaeOfReversedPixels);
        float[] actual = onGpu(CudaOptions.best(), run -> vae(run, 100, false));
        double measure = distance(expected, reordered);
        double found = distance(expected, actual);
        assertTrue(measure > 0, "both orders gave the same bytes");
        assertTrue(found <= 10 * measure, "GPU " + found + ", another order on the CPU " + measure);
    }

    /// The same images and the same model with the pixels in the other order: every sum over pixels runs backwards.
    private static float[] vaeOfReversedPixels(Run run) {
        Device device = run.device();
        Parameters<Vae> model = TrainingTest.vae(run);
        device.write(reversedRows(device.floats(run.data())), run.data());
        reversePixels(device, model);
        TrainingTest.trainVae(run, model, 100, false);
        reversePixels(device, model);
        return device.floats(model.values());
    }

    private static void reversePixels(Device device, Parameters<Vae> model) {
        Vae vae = model.model();
        Tensor encoder = vae.encoder().weight();
        device.write(reversedBlocks(device.floats(encoder), encoder.shape().cols()), encoder);
        for (Tensor each : List.of(vae.logits().weight(), vae.logits().bias())) {
            device.write(reversedRows(device.floats(each)), each);
        }
    }

    /// Each row of PIXELS numbers backwards.
    private static float[] reversedRows(float[] x) {
        float[] y = new float[x.length];
        int pixels = TrainingTest.PIXELS;
        for (int e = 0; e < x.length; e++) {
            y[e / pixels * pixels + pixels - 1 - e % pixels] = x[e];
        }
        return y;
    }

    /// The blocks of `size` numbers in the other order.
    private static float[] reversedBlocks(float[] x, int size) {
        float[] y = new float[x.length];
        for (int e = 0; e < x.length; e++) {
            y[x.length - size - e / size * size + e % size] = x[e];
        }
        return y;
    }

    private static double distance(float[] a, float[] b) {
        double most = 0;
        for (int e = 0; e < a.length; e++) {
            most = Math.max(most, Math.abs((double) a[e] - b[e]));
        }
        return most;
    }

    @Test
    @Tag("simulated")
    void aTrainingStepIsOneGraphLaunchAndTheHostWaitsForNothing() {
        for (CudaOptions options : List.of(CudaOptions.best(), FIXED)) {
            onGpu(
                    options,
                    run -> recorded(run, step -> {
                        step.run();
                        step.run();
                        SimulatedGpu gpu = SimulatedGpu.installed();
                        gpu.counters().reset();
                        for (int i = 0; i < 5; i++) {
                            step.run();
                        }
                        assertEquals(5, gpu.counters().graphLaunches());
                        assertEquals(0, gpu.counters().launches());
                        assertEquals(0, gpu.counters().synchronizations());
                        assertEquals(
                                0,
                                gpu.counters().bytesToDevice() + gpu.counters().bytesToHost());
                        assertEquals(
                                Set.of("cuCtxSetCurrent", "cuGraphLaunch"),
                                gpu.counters().calls().keySet());
                    }));
        }
    }

    /// Noise, schedule and updates count on the device, so several runs in one graph are what they are one by one.
    @Test
    void severalRunsAtOnceEndInTheBytesOfRunsOneByOne() {
        int runs = 2 * CudaReplay.TOGETHER + 3;
        float[] expected = onCpu(run -> recorded(run, step -> {
            for (int i = 0; i < runs; i++) {
                step.run();
            }
        }));
        assertArrayEquals(expected, onCpu(run -> recorded(run, step -> step.run(runs))));
        assertArrayEquals(expected, onGpu(FIXED, run -> recorded(run, step -> step.run(runs))));
        assertArrayEquals(
                expected,
                onGpu(
                        FIXED,
                        run -> recorded(run, step -> {
                            step.run(1);
                            step.run(runs - 1);
                        })));
    }

    /// The simulated device runs what no edge of a graph orders in the other order.
    @Test
    void noTuningChangesAByte() {
        int runs = CudaReplay.TOGETHER + 2;
        for (CudaOptions options : List.of(FIXED, CudaOptions.best())) {
            float[] expected = onGpu(options.tuned(CudaTuning.none()), run -> recorded(run, step -> step.run(runs)));
            for (String tuning : List.of("overlapping", "branches=2", "overlapping,branches=4")) {
                float[] actual =
                        onGpu(options.tuned(CudaTuning.of(tuning)), run -> recorded(run, step -> step.run(runs)));
                assertArrayEquals(expected, actual, tuning);
            }
        }
    }

    @Test
    @Tag("simulated")
    void severalRunsShareOneGraphLaunch() {
        onGpu(
                CudaOptions.best(),
                run -> recorded(run, step -> {
                    int runs = 2 * CudaReplay.TOGETHER + 3;
                    step.run(runs); // captures both graphs
                    SimulatedGpu gpu = SimulatedGpu.installed();
                    gpu.counters().reset();
                    step.run(runs);
                    step.run(0);
                    assertEquals(2 + 3, gpu.counters().graphLaunches());
                    assertEquals(0, gpu.counters().launches() + gpu.counters().synchronizations());
                    assertEquals(1 + 2 * runs, step.runs());
                }));
    }

    /// The parameters after a step was recorded and `body` was done with it.
    private static float[] recorded(Run run, Consumer<Step<Tensor>> body) {
        Parameters<Vae> model = TrainingTest.vae(run);
        Schedule rate = Schedule.cosine(0.03, 0.003, 100).warmUp(5);
        Optimizer optimizer =
                Optimizer.of(model, new UpdateRule.Adam(), rate, 5, NanPolicy.FREEZE, run.clock(), run.memory());
        try (Step<Tensor> step = Step.record(run.clock(), "train", memory -> {
            Tape tape = new Tape(memory);
            model.watch(tape);
            Ops f = Ops.taped(memory, tape);
            Tensor loss = f.mean(model.model().elbo(f, run.data(), run.clock().next(Purpose.TRAIN)));
            tape.pullback(loss, -1);
            optimizer.updateLast(loss);
            return loss;
        })) {
            body.accept(step);
            return run.device().floats(model.values());
        }
    }

    /// Ten steps on one device, saved, ten more on the other: the bytes of twenty on the CPU.
    @Test
    void aCheckpointOfOneDeviceGoesOnOnTheOther(@TempDir Path folder) {
        Path fromCpu = folder.resolve("cpu.safetensors");
        Path fromGpu = folder.resolve("gpu.safetensors");
        float[] unbroken = onCpu(run -> trained(run, null, 20, null));
        onCpu(run -> trained(run, null, 10, fromCpu));
        onGpu(FIXED, run -> trained(run, null, 10, fromGpu));
        assertArrayEquals(unbroken, onGpu(FIXED, run -> trained(run, fromCpu, 10, null)));
        assertArrayEquals(unbroken, onCpu(run -> trained(run, fromGpu, 10, null)));
    }

    private static float[] trained(Run run, Path from, int steps, Path to) {
        Parameters<Vae> model = TrainingTest.vae(run);
        Schedule rate = Schedule.cosine(0.03, 0.003, 20);
        Optimizer optimizer =
                Optimizer.of(model, new UpdateRule.Adam(), rate, 1, NanPolicy.SKIP, run.clock(), run.memory());
        Map<String, Tensor> state = new LinkedHashMap<>();
        model.all().forEach(each -> state.put(each.name(), each.value()));
        List<Tensor> moments = new ArrayList<>(optimizer.moments());
        moments.forEach(each -> state.put("moment." + state.size(), each));
        state.put("control", optimizer.control());
        state.put("clock", run.clock().words());
        try (Arena files = Arena.ofConfined()) {
            if (from != null) {
                Checkpoint.read(from, files).restore(state);
            }
            TrainingTest.train(run, steps, false, memory -> {
                Tape tape = new Tape(memory);
                model.watch(tape);
                Ops f = Ops.taped(memory, tape);
                Tensor loss =
                        f.mean(model.model().elbo(f, run.data(), run.clock().next(Purpose.TRAIN)));
                tape.pullback(loss, -1);
                optimizer.updateLast(loss);
                return loss;
            });
            if (to != null) {
                Checkpoint.write(to, Map.of(), state);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return run.device().floats(model.values());
    }
}
