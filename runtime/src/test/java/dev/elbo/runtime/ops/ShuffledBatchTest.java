package dev.elbo.runtime.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// One launch gives what the index, the rows at it, and coins of them would.
class ShuffledBatchTest {
    private Device device;
    private Arena arena;
    private Memory memory;

    Device opened() {
        return CpuDevice.open(2);
    }

    @BeforeEach
    void open() {
        device = opened();
        arena = Arena.ofShared();
        memory = Memory.of(device, "test", arena);
    }

    @AfterEach
    void close() {
        arena.close();
        device.close();
    }

    private Tensor bytes(int count, int cols) {
        Tensor data = memory.empty(Shape.of(count, cols), DType.U8);
        byte[] values = new byte[count * cols];
        for (int e = 0; e < values.length; e++) {
            values[e] = (byte) (e * 7);
        }
        device.write(MemorySegment.ofArray(values), data);
        return data;
    }

    private Tensor numbers(int count, int cols) {
        float[] values = new float[count * cols];
        for (int e = 0; e < values.length; e++) {
            values[e] = (e * 7 & 255) / 255f;
        }
        return memory.floats(Shape.of(count, cols), values);
    }

    private Draw draw(long step, int order) {
        return Draw.of(Noise.of(4, step, Purpose.DATA, order), memory);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "5, 33, 7", "33, 5, 16", "128, 1797, 64"})
    void theBatchIsThatOfTheIndex(int rows, int count, int cols) {
        Ops f = Ops.plain(memory);
        for (long step : new long[] {0, 1, 700}) {
            for (boolean shuffle : new boolean[] {true, false}) {
                Tensor index = ShuffledRows.of(rows, count, shuffle, draw(step, 0), memory);
                Tensor grey = f.gatherRows(numbers(count, cols), index);
                Tensor bits = f.bernoullis(grey, draw(step, 1));
                for (Tensor data : new Tensor[] {numbers(count, cols), bytes(count, cols)}) {
                    assertArrayEquals(
                            device.floats(grey),
                            device.floats(ShuffledBatch.of(data, rows, shuffle, draw(step, 0), memory)));
                    assertArrayEquals(
                            device.floats(bits),
                            device.floats(
                                    ShuffledBatch.bits(data, rows, shuffle, draw(step, 0), draw(step, 1), memory)));
                }
                assertArrayEquals(device.floats(grey), device.floats(f.gatherRows(bytes(count, cols), index)));
            }
        }
    }

    @Test
    void whatIsNotADataSetIsRefused() {
        Tensor none = memory.empty(Shape.of(0, 3));
        assertEquals(
                "shuffledBatch: a batch and a data set have rows; rows=4, count=0",
                assertThrows(IllegalArgumentException.class, () -> ShuffledBatch.of(none, 4, true, draw(0, 0), memory))
                        .getMessage());
        Tensor indices = memory.ints(Shape.of(2, 1), 1, 2);
        assertEquals(
                "shuffledBatch: numbers or bytes; data=(2, 1) I32 on " + device,
                assertThrows(
                                IllegalArgumentException.class,
                                () -> ShuffledBatch.of(indices, 4, true, draw(0, 0), memory))
                        .getMessage());
    }
}
