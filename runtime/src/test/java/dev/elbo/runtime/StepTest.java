package dev.elbo.runtime;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.ops.Fill;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StepTest {
    private final CpuDevice cpu = CpuDevice.open(2);
    private final Arena owner = Arena.ofShared();
    private final Memory memory = Memory.of(cpu, "test", owner);

    @AfterEach
    void close() {
        owner.close();
        cpu.close();
    }

    @Test
    void bodyRunsOnceAndItsLaunchesEveryTime() {
        Tensor sum = memory.floats(Shape.of(1), 0);
        int[] bodies = new int[1];
        try (Step<Tensor> step = Step.record(cpu, "add", _ -> {
            bodies[0]++;
            cpu.bind(
                    "raise",
                    1,
                    1,
                    (_, _) -> sum.data().set(JAVA_FLOAT, 0, sum.data().get(JAVA_FLOAT, 0) + 2));
            return sum;
        })) {
            for (int run = 2; run <= 5; run++) {
                step.run();
                assertEquals(2f * run, cpu.scalar(step.result()));
            }
            assertEquals(1, bodies[0]);
            assertEquals(5, step.runs());
            assertEquals(List.of("raise"), step.operations());
        }
    }

    @Test
    void theStepsBuffersLiveUntilItCloses() {
        Step<Tensor> step = Step.record(cpu, "own", m -> m.empty(Shape.of(10)));
        assertEquals(40, cpu.ledger().liveBytes());
        assertEquals("step own", cpu.ledger().live().getFirst().owner());
        step.close();
        assertEquals(0, cpu.ledger().liveBytes());
    }

    @Test
    void aBodyMayNotTalkToTheHost() {
        Tensor x = memory.floats(Shape.of(2), 1, 2);
        refused("read: the host is not part of a recorded step", () -> cpu.floats(x));
        refused("write: the host is not part of a recorded step", () -> cpu.write(new float[2], x));
        refused("synchronize: the host is not part of a recorded step", cpu::synchronize);
        refused("record: the host is not part of a recorded step", () -> Step.record(cpu, "inner", _ -> null));
        refused("close: the host is not part of a recorded step", cpu::close);
        refused("allocate: a buffer of a recorded step comes from the step's memory", () -> memory.empty(Shape.of(3)));
    }

    private void refused(String start, Runnable call) {
        Tensor x = memory.floats(Shape.of(1), 0);
        String message = assertThrows(
                        IllegalStateException.class,
                        () -> Step.record(cpu, "bad", _ -> {
                            Fill.bind(x, 1);
                            call.run();
                            return null;
                        }))
                .getMessage();
        assertTrue(message.startsWith(start), message);
        assertTrue(message.endsWith("after operation=fill"), message);
    }

    @Test
    void aBodyThatFailsLeavesTheDeviceUsable() {
        Tensor x = memory.floats(Shape.of(1), 0);
        assertThrows(
                ArithmeticException.class,
                () -> Step.record(cpu, "bad", m -> {
                    m.empty(Shape.of(100));
                    throw new ArithmeticException("planted");
                }));
        assertEquals(4, cpu.ledger().liveBytes());
        Fill.bind(x, 3);
        assertEquals(3, cpu.scalar(x));
    }

    @Test
    void aBufferFreedUnderTheStepIsNoticed() {
        Arena gone = Arena.ofShared();
        Tensor x = Memory.of(cpu, "gone", gone).floats(Shape.of(1), 0);
        try (Step<Void> step = Step.record(cpu, "dangling", _ -> {
            Fill.bind(x, 1);
            return null;
        })) {
            gone.close();
            assertThrows(IllegalStateException.class, step::run);
        }
    }
}
