package dev.elbo.models.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExamplesTest {
    private static Examples bytes(Arena owner) {
        MemorySegment values = Examples.room(3, List.of(2, 2), DType.U8, owner);
        for (int at = 0; at < 12; at++) {
            values.set(ValueLayout.JAVA_BYTE, at, (byte) (at * 23));
        }
        return new Examples(List.of(2, 2), DType.U8, values, new int[] {0, 1, 0}, List.of("a", "b"));
    }

    @Test
    void bytesStayBytesOnTheDeviceAndAreReadAsNumbers() {
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(cpu, "data", owner);
            Examples examples = bytes(owner);
            assertEquals(3, examples.count());
            assertEquals(253 / 255f, examples.value(2, 3));
            Tensor resident = examples.resident(memory);
            assertEquals(DType.U8, resident.dtype());
            assertEquals(12, resident.bytes());
            float[] numbers = new float[12];
            for (int at = 0; at < 12; at++) {
                numbers[at] = at * 23 / 255f;
            }
            assertArrayEquals(numbers, cpu.floats(examples.upload(memory)));
            Examples last = examples.select(new int[] {2}, owner);
            assertEquals(Shape.of(1, 4), last.resident(memory).shape());
            assertEquals(numbers[8], last.value(0, 0));
        }
    }

    @Test
    void otherElementsThanNumbersAndBytesAreRefused() {
        try (Arena owner = Arena.ofConfined()) {
            MemorySegment values = Examples.room(3, List.of(2), DType.I32, owner);
            assertEquals(
                    "Examples: numbers or bytes; dtype=I32",
                    assertThrows(
                                    IllegalArgumentException.class,
                                    () -> new Examples(List.of(2), DType.I32, values, new int[0], List.of()))
                            .getMessage());
        }
    }
}
