package dev.elbo.models.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.BadInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdxTest {
    @TempDir
    Path folder;

    @Test
    void aFolderOfFourFilesIsADataset() throws IOException {
        Files.write(folder.resolve("train-images-idx3-ubyte.gz"), gzip(idx(3, 2, 1, 0, 255, 51, 102, 153, 204)));
        Files.write(folder.resolve("train-labels-idx1-ubyte"), idx(new int[] {3}, 2, 0, 1));
        Files.write(folder.resolve("t10k-images.idx3-ubyte"), idx(1, 2, 1, 7, 8));
        Files.write(folder.resolve("t10k-labels-idx1-ubyte.gz"), gzip(idx(new int[] {1}, 2)));
        try (Arena arena = Arena.ofConfined()) {
            Dataset data = Idx.folder("mine", folder, arena);
            assertEquals(List.of(2, 1), data.train().item());
            assertEquals(1f, data.train().value(0, 1));
            assertEquals(0.8f, data.train().value(2, 1));
            assertArrayEquals(new int[] {2, 0, 1}, data.train().labels());
            assertEquals(List.of("0", "1", "2"), data.test().classes());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'1 2 3' | does not begin with two zero bytes; offset=0",
                "'0 0 13 1 0 0 0 1 5' | elements are not bytes; type=13, offset=2",
                "'0 0 8 0' | an impossible rank; rank=0, offset=3",
                "'0 0 8 3 0 0 0 1' | an impossible rank; rank=3, offset=3",
                "'0 0 8 2 0 0 0 2 255 255 255 255' | an impossible extent; extent=4294967295, offset=8",
                "'0 0 8 3 127 0 0 0 127 0 0 0 127 0 0 0' | an impossible extent; extent=2130706432, offset=4",
                "'0 0 8 2 0 0 0 2 0 0 0 2 1 2 3' | extents=[2, 2], expected=4, actual=3",
                "'0 0 8 2 0 0 0 1 0 0 0 2 1 2 3' | extents=[1, 2], expected=2, actual=3",
                "'0 0 8 1 0 0 0 1 9' | at least two extents; extents=[1]",
            })
    void malformedFilesAreNamedWithTheirPlace(String bytes, String words) throws IOException {
        Path file = folder.resolve("x");
        Files.write(
                file,
                bytes(Arrays.stream(bytes.split(" "))
                        .mapToInt(Integer::parseInt)
                        .toArray()));
        String message = refusal(file);
        assertTrue(message.startsWith(file + ": not a whole IDX file: "), message);
        assertTrue(message.contains(words), message);
    }

    @Test
    void whatIsNoFileIsSaid() throws IOException {
        assertTrue(refusal(folder.resolve("none")).contains("no such file — check the path"));
        assertTrue(refusal(folder).contains("a folder, not a file"));
        Path cut = folder.resolve("cut.gz");
        byte[] packed = gzip(idx(1, 2, 1, 7, 8));
        Files.write(cut, Arrays.copyOf(packed, packed.length - 9));
        assertTrue(refusal(cut).contains("damaged gzip"), refusal(cut));
    }

    private static String refusal(Path file) {
        try (Arena arena = Arena.ofConfined()) {
            return assertThrows(BadInputException.class, () -> Idx.examples(file, arena))
                    .getMessage();
        }
    }

    private static byte[] idx(int count, int height, int width, int... elements) {
        return idx(new int[] {count, height, width}, elements);
    }

    private static byte[] idx(int[] extents, int... elements) {
        ByteBuffer out = ByteBuffer.allocate(4 + 4 * extents.length + elements.length);
        out.putInt(0x0800 | extents.length);
        Arrays.stream(extents).forEach(out::putInt);
        return out.put(bytes(elements)).array();
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(plain);
        }
        return out.toByteArray();
    }
}
