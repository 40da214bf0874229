package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    @Test
    void cosineStartsHalvesAndStays() {
        Schedule cosine = Schedule.cosine(2, 1, 100);
        assertEquals(2, cosine.at(0));
        assertEquals(1.5f, cosine.at(50), 1e-6);
        assertEquals(1, cosine.at(100));
        assertEquals(1, cosine.at(1_000_000_000_000L));
    }

    @Test
    void stepsGoDownByTheirFactor() {
        Schedule step = Schedule.step(1, 0.5, 10, 3);
        assertEquals(1, step.at(9));
        assertEquals(0.5f, step.at(10));
        assertEquals(0.125f, step.at(30));
        assertEquals(0.125f, step.at(1000));
    }

    @Test
    void warmUpRisesToTheFirstValueAndGoesOnFromThere() {
        Schedule warm = Schedule.linear(4, 0, 100).warmUp(10);
        assertEquals(0, warm.at(0));
        assertEquals(2, warm.at(5));
        assertEquals(4, warm.at(10));
        assertEquals(2, warm.at(60));
        assertEquals(0, warm.at(110));
    }

    @Test
    void aLongScheduleSharesValuesBetweenNeighbours() {
        Schedule longer = Schedule.linear(0, 1, 1_000_000);
        assertEquals(16, longer.interval());
        assertEquals(0.5f, longer.at(500_000), 2e-5);
        assertEquals(1, longer.at(1_000_000));
    }

    @Test
    void theDeviceReadsWhatTheHostSays() {
        Schedule schedule = Schedule.cosine(1, 0.1, 7).warmUp(3);
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(cpu, "test", owner);
            Clock clock = Clock.of(1, 0, memory);
            Scheduled scheduled = Scheduled.of(schedule, memory);
            try (Step<Tensor> step = Step.record(clock, "rate", _ -> scheduled.at(clock))) {
                for (long t = 0; t < 15; t++) {
                    assertEquals(schedule.at(t), cpu.scalar(step.result()), "step " + t);
                    step.run();
                }
            }
        }
    }

    @Test
    void noValuesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Schedule.list(1));
        assertThrows(IllegalArgumentException.class, () -> Schedule.list(0, 1f));
    }
}
