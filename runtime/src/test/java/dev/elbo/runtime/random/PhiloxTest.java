package dev.elbo.runtime.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class PhiloxTest {
    private static int[] block(int c0, int c1, int c2, int c3, int k0, int k1) {
        int[] words = new int[4];
        Philox.block(c0, c1, c2, c3, k0, k1, words);
        return words;
    }

    /// The known answers for philox4x32-10 that come with the authors' Random123.
    @Test
    void knownAnswersAreMet() {
        assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, block(0, 0, 0, 0, 0, 0));
        assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, block(-1, -1, -1, -1, -1, -1));
        assertArrayEquals(
                new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
                block(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0));
    }

    @Test
    void anElementTakesItsWordOfItsBlock() {
        Noise noise = new Noise(0x1111111122222222L, 0x3333333344444444L, 0x55555555);
        for (long element : new long[] {0, 1, 2, 3, 4, 1001, (1L << 33) + 6}) {
            int[] expected = block((int) (element / 4), 0x55555555, 0x44444444, 0x33333333, 0x22222222, 0x11111111);
            assertEquals(expected[(int) (element % 4)], noise.word(element), "element " + element);
        }
    }

    @Test
    void purposesAndOrdersShareNoNoise() {
        Rng train = Rng.of(1, 2, Purpose.TRAIN);
        Rng evaluate = Rng.of(1, 2, Purpose.EVALUATE);
        Noise first = train.next();
        assertEquals(2 << 24, first.operation());
        assertEquals(2 << 24 | 1, train.next().operation());
        assertEquals(3 << 24, evaluate.next().operation());
        assertNotEquals(first.word(0), Noise.of(1, 2, Purpose.EVALUATE, 0).word(0));
        assertEquals(first, Noise.of(1, 9, Purpose.TRAIN, 0).at(2));
    }

    @Test
    void anOrderBeyondItsBitsIsRefused() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Noise.of(1, 2, Purpose.TRAIN, 1 << 24));
        assertEquals("draw order out of range: 24 bits; order=16777216", refused.getMessage());
    }
}
