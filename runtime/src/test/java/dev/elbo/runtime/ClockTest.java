package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClockTest {
    private final Device device = open();
    private final Arena owner = Arena.ofShared();
    private final Memory memory = Memory.of(device, "test", owner);

    /// Where the tests run; another one elsewhere.
    Device open() {
        return CpuDevice.open(2);
    }

    @AfterEach
    void close() {
        owner.close();
        device.close();
    }

    @Test
    void theNthRunDrawsTheNoiseOfStepN() {
        Clock clock = Clock.of(99, 5, memory);
        try (Step<Tensor> step =
                Step.record(clock, "draw", m -> Ops.plain(m).normals(Shape.of(9), clock.next(Purpose.TRAIN)))) {
            for (long at = 5; at < 9; at++) {
                Noise noise = Noise.of(99, at, Purpose.TRAIN, 0);
                float[] expected = new float[9];
                for (int e = 0; e < 9; e++) {
                    expected[e] = noise.normal(e);
                }
                assertArrayEquals(expected, device.floats(step.result()), "step " + at);
                step.run();
            }
            assertEquals(10, clock.step());
            assertEquals(99, clock.seed());
        }
    }

    @Test
    void drawsOfOneStepAndOfTwoPurposesDiffer() {
        Clock clock = Clock.of(1, 0, memory);
        Ops f = Ops.plain(memory);
        float[] first = device.floats(f.uniforms(Shape.of(8), clock.next(Purpose.TRAIN)));
        float[] second = device.floats(f.uniforms(Shape.of(8), clock.next(Purpose.TRAIN)));
        float[] other = device.floats(f.uniforms(Shape.of(8), clock.next(Purpose.DATA)));
        assertFalse(Arrays.equals(first, second));
        assertFalse(Arrays.equals(first, other));
        clock.set(1, 0);
        assertArrayEquals(first, device.floats(f.uniforms(Shape.of(8), clock.next(Purpose.TRAIN))));
    }

    @Test
    void stepsBeyond32BitsAreCounted() {
        Clock clock = Clock.of(-1L, 0xFFFF_FFFFL, memory);
        clock.tick();
        assertEquals(0x1_0000_0000L, clock.step());
        assertEquals(-1L, clock.seed());
    }
}
