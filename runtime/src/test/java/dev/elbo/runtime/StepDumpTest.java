package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.ops.Assign;
import dev.elbo.runtime.random.Purpose;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A step that takes a logarithm of zero at its third run: p falls by 1, then by 1.5. Noise is drawn and summed, too.
class StepDumpTest {
    record Model(Tensor p, Statistic seen) {}

    @TempDir
    Path folder;

    private final Device device = open();
    private final Arena owner = Arena.ofShared();
    private final Memory memory = Memory.of(device, "test", owner);
    private final Parameters<Model> model = Parameters.of(
            device,
            "model",
            owner,
            m -> new Model(m.floats(Shape.of(2), 100, 2.5f), new Statistic(m.floats(Shape.of(2), 0, 0))));
    private final Clock clock = Clock.of(7, 0, memory);
    private final Optimizer optimizer =
            Optimizer.of(model, new UpdateRule.Sgd(0.5f), Schedule.constant(1), 0, NanPolicy.FREEZE, clock, memory);

    /// Where the tests run; another one elsewhere.
    Device open() {
        return CpuDevice.open(1);
    }

    @AfterEach
    void close() {
        owner.close();
        device.close();
    }

    private Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("p", model.model().p());
        state.put("seen", model.model().seen().value());
        state.put("velocity", optimizer.moments().getFirst());
        state.put("control", optimizer.control());
        state.put("clock", clock.words());
        return state;
    }

    private Tensor body(Memory made) {
        Tape tape = new Tape(made);
        model.watch(tape);
        Ops f = Ops.taped(made, tape);
        Tensor p = model.model().p();
        Tensor noise = f.uniforms(Shape.of(2), clock.next(Purpose.TRAIN));
        Assign.bindSum(noise, model.model().seen().value());
        Tensor logs = f.log(p);
        Tensor loss = f.plus(f.times(f.sum(logs), 0), f.sum(p));
        tape.pullback(loss, 1);
        optimizer.updateLast(loss);
        return loss;
    }

    @Test
    void theFirstOperationThatIsNotFiniteIsNamedAndTheStateIsLeftAlone() throws IOException {
        try (Step<Tensor> step = Step.record(clock, "train", this::body)) {
            for (int run = 0; run < 6; run++) {
                step.run();
            }
            assertTrue(optimizer.frozen());
            Map<String, float[]> before = new LinkedHashMap<>();
            state().forEach((name, tensor) -> before.put(name, floats(tensor)));
            Path file = folder.resolve("dump.safetensors");
            Optional<StepDump.Fault> fault = StepDump.write(file, step, Map.of("why", "test"), state());
            assertEquals("log", fault.orElseThrow().operation());
            assertEquals(step.operations().indexOf("log"), fault.orElseThrow().launch());
            state().forEach((name, tensor) -> assertArrayEquals(before.get(name), floats(tensor), name));
            Checkpoint dump = Checkpoint.read(file, owner);
            assertEquals("test", dump.facts().get("why"));
            assertEquals(fault.orElseThrow().toString(), dump.facts().get("first not finite"));
            assertArrayEquals(before.get("p"), dump.arrays().get("p").toFloats());
            float[] logs = dump.arrays().get(fault.orElseThrow().tensor()).toFloats();
            assertEquals(Math.log(before.get("p")[0]), logs[0], 1e-6);
            assertEquals(Float.NEGATIVE_INFINITY, logs[1]);
        }
    }

    /// And its clock and its counts stand where they stood.
    @Test
    void aStepThatIsFiniteHasNoFault() throws IOException {
        try (Step<Tensor> step = Step.record(clock, "train", this::body)) {
            assertEquals(Optional.empty(), StepDump.write(folder.resolve("dump"), step, Map.of(), state()));
            assertEquals(1, clock.step());
            assertEquals(1, optimizer.updates());
        }
    }

    @Test
    void whatWasNotFiniteBeforeIsSaid() throws IOException {
        try (Step<Tensor> step = Step.record(clock, "train", this::body)) {
            device.write(new float[] {1, Float.NaN}, model.model().p());
            assertEquals(
                    "p, before the step",
                    StepDump.write(folder.resolve("dump"), step, Map.of(), state())
                            .orElseThrow()
                            .toString());
        }
    }

    private float[] floats(Tensor tensor) {
        if (tensor.dtype() == DType.F32) {
            return device.floats(tensor);
        }
        int[] words = device.ints(tensor);
        float[] bits = new float[words.length];
        for (int i = 0; i < words.length; i++) {
            bits[i] = words[i];
        }
        return bits;
    }
}
