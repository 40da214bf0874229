package dev.elbo.models.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetsTest {
    @TempDir
    Path folder;

    @Test
    void theDataInTheJarNeedNoPlace() {
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(1438, Datasets.open("digits", arena).train().count());
        }
        assertTrue(refusal("digits:x").contains("write digits"));
    }

    @Test
    void everyTenthExampleOfOneFileIsHeldOut() throws IOException {
        StringBuilder table = new StringBuilder("label,x\n");
        for (int i = 0; i < 20; i++) {
            table.append(i % 2).append(',').append(i).append('\n');
        }
        Path file = Files.writeString(folder.resolve("t.csv"), table);
        try (Arena arena = Arena.ofConfined()) {
            Dataset data = Datasets.open("csv:" + file, arena);
            assertEquals(18, data.train().count());
            assertEquals(9f, data.test().value(0, 0));
            assertEquals(19f, data.test().value(1, 0));
        }
    }

    @Test
    void unknownKindsAreAnsweredWithTheKnown() {
        String message = refusal("mnits:/data");
        assertTrue(message.startsWith("mnits:/data: unknown data set — use one of digits, mnist:DIR,"), message);
        assertTrue(refusal("mnist").contains("incomplete data set — write mnist:DIR"));
    }

    @Test
    void foldersOfPicturesAreClasses() throws IOException {
        for (String place : List.of("b", "a")) {
            Files.createDirectory(folder.resolve(place));
            for (int i = 0; i < 2; i++) {
                byte[] samples = {(byte) (place.charAt(0) + i), 0};
                Files.write(folder.resolve(place).resolve(i + ".PNG"), Pictures.png(2, 1, 0, new byte[0], samples, 0));
            }
        }
        try (Arena arena = Arena.ofConfined()) {
            Examples read = PngFolder.read(folder, arena);
            assertEquals(List.of("a", "b"), read.classes());
            assertArrayEquals(new int[] {0, 0, 1, 1}, read.labels());
            assertEquals(98 / 255f, read.value(1, 0));
            Files.write(folder.resolve("b/2.png"), Pictures.png(1, 1, 0, new byte[0], new byte[1], 0));
            BadInputException refused = assertThrows(BadInputException.class, () -> PngFolder.read(folder, arena));
            assertTrue(refused.getMessage().contains("expected=2×1×1, actual=1×1×1"), refused.getMessage());
        }
    }

    @Test
    void numpyArraysAreExamples() throws IOException {
        Path file = folder.resolve("d.npz");
        new Npz(Map.of(
                        "x", StoredArray.of(List.of(2L, 1L, 2L), 1f, 2f, 3f, 4f),
                        "y", StoredArray.of(List.of(2L), 1L, 0L)))
                .write(file);
        try (Arena arena = Arena.ofConfined()) {
            Examples read = NpzExamples.read(file, arena);
            assertEquals(List.of(1, 2), read.item());
            assertEquals(4f, read.value(1, 1));
            assertArrayEquals(new int[] {1, 0}, read.labels());
        }
        new Npz(Map.of("x", StoredArray.of(List.of(1L, 1L), Float.NaN))).write(file);
        assertTrue(refusal("npz:" + file).contains("not a finite number; array=x, element=0"));
        new Npz(Map.of("z", StoredArray.of(List.of(1L, 1L), 1f))).write(file);
        assertTrue(refusal("npz:" + file).contains("no array x (n, …)"));
        assertTrue(refusal("npz:" + folder.resolve("none")).contains("no such file"));
    }

    @Test
    void channelsOfACifarPixelLieSideBySide() throws IOException {
        byte[] record = new byte[2 * 3073];
        record[0] = 3;
        record[1 + 5] = (byte) 255; // red of pixel 5
        record[1 + 2048 + 5] = 51; // its blue
        record[3073] = 9;
        Path file = Files.write(folder.resolve("batch.bin"), record);
        try (Arena arena = Arena.ofConfined()) {
            Examples read = Cifar10.read(file, arena);
            assertEquals(List.of(32, 32, 3), read.item());
            assertEquals(1f, read.value(0, 15));
            assertEquals(0.2f, read.value(0, 17));
            assertArrayEquals(new int[] {3, 9}, read.labels());
        }
        record[3073] = 10;
        Files.write(file, record);
        assertTrue(refusal("cifar10:" + file).contains("an unknown class; class=10, offset=3073"));
        Files.write(file, new byte[100]);
        assertTrue(refusal("cifar10:" + file).contains("bytes=100, record=3073"));
    }

    /// Examples of one source keep their places in it; test parts of their own follow the train part.
    @Test
    void everyExampleHasItsPlace() {
        try (Arena arena = Arena.ofConfined()) {
            Examples all = Digits.all(arena);
            Dataset digits = Datasets.open("digits", arena);
            for (boolean held : new boolean[] {false, true}) {
                Examples part = held ? digits.test() : digits.train();
                for (int row : new int[] {0, 1, 5, part.count() - 1}) {
                    int place = digits.place(held, row);
                    assertEquals(all.labels()[place], part.labels()[row]);
                    assertEquals(all.value(place, 20), part.value(row, 20));
                }
            }
            Dataset apart = new Dataset("two", digits.train(), digits.test());
            assertEquals(7, apart.place(false, 7));
            assertEquals(1438 + 7, apart.place(true, 7));
        }
    }

    /// Five of each digit, with the ink of the digit but for what was pushed out of the frame.
    @Test
    void nudgedDigitsAreTheDigitsMoved() {
        try (Arena arena = Arena.ofConfined()) {
            Dataset nudged = Datasets.open("nudged-digits", arena);
            assertEquals(7188, nudged.train().count());
            assertEquals(1797, nudged.test().count());
            int[] counts = nudged.train().classCounts();
            int[] held = nudged.test().classCounts();
            int[] digits = Digits.all(arena).classCounts();
            for (int c = 0; c < 10; c++) {
                assertEquals(5 * digits[c], counts[c] + held[c]);
            }
            assertArrayEquals(
                    nudged.train().labels(),
                    Datasets.open("nudged-digits", arena).train().labels());
        }
    }

    @Test
    void documentsAreTheTermsThatTheyHave() throws IOException {
        Path file = folder.resolve("d.ldac");
        Files.writeString(file, "2 0:3 4:1\n0\n2 2:0 1:7\n" + "1 3:1\n".repeat(17));
        try (Arena arena = Arena.ofConfined()) {
            Dataset data = Datasets.open("ldac:" + file, arena);
            assertEquals(18, data.train().count());
            assertEquals(2, data.test().count());
            assertEquals(List.of(5), data.train().item());
            float[][] wanted = {{1, 0, 0, 0, 1}, {0, 0, 0, 0, 0}, {0, 1, 0, 0, 0}, {0, 0, 0, 1, 0}};
            for (int row = 0; row < wanted.length; row++) {
                for (int term = 0; term < 5; term++) {
                    assertEquals(
                            wanted[row][term], data.train().value(row, term), "document " + row + ", term " + term);
                }
            }
        }
        Files.writeString(file, "0\n".repeat(10));
        assertTrue(refusal("ldac:" + file).contains("no document has a word"), () -> refusal("ldac:" + file));
        Files.writeString(file, "1 16777215:1\n" + "0\n".repeat(99));
        assertTrue(refusal("ldac:" + file).contains("documents=100, terms=16777216"), () -> refusal("ldac:" + file));
    }

    @Test
    void noExamplesHaveAShapeAlone() {
        try (Arena arena = Arena.ofConfined()) {
            Dataset none = Datasets.open("none:3x4", arena);
            assertEquals(List.of(3, 4), none.train().item());
            assertEquals(0, none.train().count() + none.test().count());
            assertEquals("none: no examples, each 3×4", none.summary());
        }
        assertTrue(refusal("none:3x").contains("not a shape — write none:28x28 or none:784"));
    }

    private static String refusal(String text) {
        try (Arena arena = Arena.ofConfined()) {
            return assertThrows(BadInputException.class, () -> Datasets.open(text, arena))
                    .getMessage();
        }
    }
}
