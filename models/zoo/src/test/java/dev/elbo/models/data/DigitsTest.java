package dev.elbo.models.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

class DigitsTest {
    /// Class counts as scikit-learn documents them, and the first pixel row of the first digit.
    @Test
    void theDataInTheJarAreScikitLearns() {
        try (Arena arena = Arena.ofConfined()) {
            Examples all = Digits.all(arena);
            assertEquals(1797, all.count());
            assertEquals(List.of(8, 8), all.item());
            assertArrayEquals(new int[] {178, 182, 177, 183, 181, 182, 181, 179, 174, 180}, all.classCounts());
            float[] expected = {0, 0, 5 / 16f, 13 / 16f, 9 / 16f, 1 / 16f, 0, 0};
            for (int i = 0; i < 8; i++) {
                assertEquals(expected[i], all.value(0, i));
            }
        }
    }

    @Test
    void baseRatesAreLogOddsOfMeans() {
        try (Arena arena = Arena.ofConfined()) {
            Examples all = Digits.all(arena);
            double sum = 0;
            for (int row = 0; row < all.count(); row++) {
                sum += all.value(row, 10);
            }
            double p = sum / all.count();
            assertEquals(p, all.means()[10], 1e-6);
            assertEquals(Math.log(p / (1 - p)), all.logOdds()[10], 1e-6);
            assertEquals(Math.log(0.05 / 0.95), all.logOdds()[0], 1e-6); // a pixel that is never on
        }
    }

    @Test
    void everyDigitIsInOnePart() {
        try (Arena arena = Arena.ofConfined()) {
            Dataset digits = Digits.dataset(arena);
            assertEquals(1438, digits.train().count());
            assertEquals(359, digits.test().count());
            assertEquals(Digits.all(arena).labels()[4], digits.test().labels()[0]);
            assertEquals(
                    "digits: 1,438 to train on, 359 to test on, each 8×8, values 0.0 to 1.0, class counts "
                            + "[151, 161, 143, 131, 147, 154, 150, 136, 127, 138]",
                    digits.summary());
        }
    }
}
