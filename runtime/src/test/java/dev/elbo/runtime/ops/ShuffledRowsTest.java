package dev.elbo.runtime.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShuffledRowsTest {
    private final CpuDevice cpu = CpuDevice.open(1);
    private Arena arena;
    private Memory memory;

    @BeforeEach
    void open() {
        arena = Arena.ofShared();
        memory = Memory.of(cpu, "test", arena);
    }

    @AfterEach
    void close() {
        arena.close();
        cpu.close();
    }

    /// The rows of `batches` batches from batch `first` on.
    private int[] rows(int rows, int count, boolean shuffle, long seed, long first, int batches) {
        return IntStream.range(0, batches)
                .mapToObj(i -> Draw.of(Noise.of(seed, first + i, Purpose.DATA, 0), memory))
                .flatMapToInt(draw -> Arrays.stream(cpu.ints(ShuffledRows.of(rows, count, shuffle, draw, memory))))
                .toArray();
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 7", "7, 7", "5, 33", "33, 5", "100, 1000", "128, 1797"})
    void everyEpochTakesEachRowOnce(int rows, int count) {
        int epochs = 3;
        int[] all = rows(rows, count, true, 4, 0, Math.ceilDiv(epochs * count, rows));
        for (int epoch = 0; epoch < epochs; epoch++) {
            int[] one = Arrays.copyOfRange(all, epoch * count, (epoch + 1) * count);
            Arrays.sort(one);
            assertArrayEquals(IntStream.range(0, count).toArray(), one, "epoch " + epoch);
        }
    }

    @Test
    void epochsAndSeedsHaveOrdersOfTheirOwn() {
        int[] two = rows(100, 100, true, 4, 0, 2);
        assertFalse(Arrays.equals(Arrays.copyOf(two, 100), Arrays.copyOfRange(two, 100, 200)));
        assertFalse(Arrays.equals(Arrays.copyOf(two, 100), rows(100, 100, true, 5, 0, 1)));
        assertArrayEquals(two, rows(100, 100, true, 4, 0, 2));
        assertArrayEquals(Arrays.copyOfRange(two, 100, 200), rows(100, 100, true, 4, 1, 1));
    }

    @Test
    void withoutShufflingTheOrderIsThatOfTheData() {
        assertArrayEquals(new int[] {0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1}, rows(4, 5, false, 9, 0, 3));
    }

    /// Over 2,000 epochs of six rows, each row stands in each place about 333 times: χ² with 25 degrees of freedom.
    @Test
    void everyRowStandsInEveryPlaceAlikeOften() {
        int[] all = rows(6, 6, true, 11, 0, 2000);
        double[][] seen = new double[6][6];
        for (int i = 0; i < all.length; i++) {
            seen[i % 6][all[i]]++;
        }
        double chiSquare = 0;
        for (double[] place : seen) {
            for (double times : place) {
                chiSquare += (times - 2000 / 6.0) * (times - 2000 / 6.0) / (2000 / 6.0);
            }
        }
        assertTrue(chiSquare < 60, "χ² = " + chiSquare);
    }

    @Test
    void anEmptyDataSetIsRefused() {
        Draw draw = Draw.of(Noise.of(1, 0, Purpose.DATA, 0), memory);
        assertEquals(
                "shuffledRows: a batch and a data set have rows; rows=4, count=0",
                assertThrows(IllegalArgumentException.class, () -> ShuffledRows.of(4, 0, true, draw, memory))
                        .getMessage());
    }
}
