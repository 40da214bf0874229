package dev.elbo.models.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.BadInputException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PngTest {
    private static final byte[] NO_PALETTE = {};

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void everyFilterIsUndone(int filter) {
        byte[] samples = noise(7 * 5 * 3);
        Png read = Png.read("p", Pictures.png(7, 5, 2, NO_PALETTE, samples, filter));
        assertEquals(3, read.channels());
        assertArrayEquals(samples, read.samples());
    }

    @Test
    void filtersMayChangeFromRowToRow() {
        byte[] samples = noise(12 * 9);
        assertArrayEquals(
                samples,
                Png.read("p", Pictures.png(12, 9, 0, NO_PALETTE, samples, 4, 3, 2, 1, 0))
                        .samples());
    }

    @Test
    void alphaIsDropped() {
        Png grey = Png.read("p", Pictures.png(1, 2, 4, NO_PALETTE, new byte[] {7, 99, 8, 99}, 1));
        assertArrayEquals(new byte[] {7, 8}, grey.samples());
        Png colour = Png.read("p", Pictures.png(1, 1, 6, NO_PALETTE, new byte[] {1, 2, 3, 99}, 0));
        assertArrayEquals(new byte[] {1, 2, 3}, colour.samples());
    }

    @Test
    void paletteIndicesBecomeColours() {
        byte[] palette = {10, 20, 30, (byte) 200, 0, 1};
        Png read = Png.read("p", Pictures.png(2, 1, 3, palette, new byte[] {1, 0}, 0));
        assertArrayEquals(new byte[] {(byte) 200, 0, 1, 10, 20, 30}, read.samples());
        byte[] outside = Pictures.png(1, 1, 3, palette, new byte[] {2}, 0);
        assertTrue(refusal(outside).contains("outside of the palette; index=2"), refusal(outside));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void whatIsWrittenIsRead(int channels) {
        Png picture = new Png(5, 7, channels, noise(5 * 7 * channels));
        Png read = Png.read("p", picture.bytes());
        assertEquals(5, read.height());
        assertEquals(channels, read.channels());
        assertArrayEquals(picture.samples(), read.samples());
    }

    /// Each flipped bit is caught by a chunk's checksum, by its length, or by the signature; none gets through.
    @Test
    void everyFlippedBitIsNoticed() {
        byte[] good = Pictures.png(3, 3, 0, NO_PALETTE, noise(9), 4);
        for (int at = 0; at < good.length; at++) {
            byte[] bad = good.clone();
            bad[at] ^= 0x10;
            int place = at;
            assertThrows(BadInputException.class, () -> Png.read("p", bad), () -> "byte " + place);
        }
    }

    @Test
    void everyTruncationIsNoticed() {
        byte[] good = Pictures.png(3, 3, 0, NO_PALETTE, noise(9), 2);
        for (int length = 0; length < good.length; length++) {
            byte[] bad = Arrays.copyOf(good, length);
            assertThrows(BadInputException.class, () -> Png.read("p", bad));
        }
    }

    @Test
    void whatIsNotReadIsNamed() {
        byte[] type = Pictures.png(1, 1, 5, NO_PALETTE, new byte[1], 0);
        assertTrue(refusal(type).contains("depth=8, colour=5, interlaced=false"), refusal(type));
    }

    @Test
    void aBombIsNeverUnpacked() {
        byte[] huge = Pictures.png(1, 1, 0, NO_PALETTE, new byte[1], 0);
        byte[] header = Pictures.chunk("IHDR", new byte[] {0x7f, -1, -1, -1, 0x7f, -1, -1, -1, 8, 0, 0, 0, 0});
        System.arraycopy(header, 0, huge, 8, header.length);
        assertTrue(refusal(huge).contains("an impossible size; width=2147483647"), refusal(huge));
    }

    private static String refusal(byte[] file) {
        return assertThrows(BadInputException.class, () -> Png.read("p", file)).getMessage();
    }

    private static byte[] noise(int size) {
        byte[] bytes = new byte[size];
        new Random(1).nextBytes(bytes);
        return bytes;
    }
}
