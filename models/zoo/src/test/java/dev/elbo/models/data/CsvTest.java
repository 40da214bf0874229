package dev.elbo.models.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CsvTest {
    @TempDir
    Path folder;

    @Test
    void aHeaderNamesTheLabels() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Examples read = Csv.read(file("x;Class;y\r\n1;cat;2.5\r\n-3e-1;ant;.5\r\n\r\n"), arena);
            assertEquals(List.of(2), read.item());
            assertEquals(-0.3f, read.value(1, 0));
            assertEquals(0.5f, read.value(1, 1));
            assertArrayEquals(new int[] {1, 0}, read.labels());
            assertEquals(List.of("ant", "cat"), read.classes());
        }
    }

    @Test
    void numberedClassesKeepTheirNumbers() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Examples read = Csv.read(file("\"label\",a\n3,1\n00,2\n"), arena);
            assertArrayEquals(new int[] {3, 0}, read.labels());
            assertEquals(List.of("0", "1", "2", "3"), read.classes());
        }
    }

    @Test
    void aTableWithoutHeaderIsAllNumbers() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Examples read = Csv.read(file("1,2\n3,4"), arena);
            assertEquals(2, read.count());
            assertEquals(4f, read.value(1, 1));
            assertEquals(0, read.labels().length);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1,2/3 | other number of fields; expected=2, actual=1; line=2",
                "a,b/1,x | not a finite number; column=2, field=x; line=2",
                "1,2/1,NaN | not a finite number; column=2, field=NaN; line=2",
                "1,2/1,1e99 | not a finite number; column=2, field=1e99; line=2",
                "1,2//3,4 | other number of fields; expected=2, actual=1; line=2",
                "label/1 | no column but the label; line=2",
                "a,label/1 | no label; column=2, fields=1; line=2",
                "a,b | holds no numbers; line=1",
                "'' | holds no numbers; line=1",
            })
    void malformedLinesAreNamed(String text, String words) throws IOException {
        Path file = file(text.replace('/', '\n'));
        try (Arena arena = Arena.ofConfined()) {
            BadInputException refused = assertThrows(BadInputException.class, () -> Csv.read(file, arena));
            assertTrue(refused.getMessage().contains(": " + words + " — "), refused.getMessage());
        }
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("t.csv"), text);
    }
}
