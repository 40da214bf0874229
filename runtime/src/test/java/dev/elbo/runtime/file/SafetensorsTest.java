package dev.elbo.runtime.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
    @TempDir
    Path folder;

    private Safetensors sample() {
        Map<String, StoredArray> arrays = new LinkedHashMap<>();
        arrays.put("mask", new StoredArray(ElementType.U8, List.of(3L), MemorySegment.ofArray(new byte[] {1, 0, 1})));
        arrays.put("weight", StoredArray.of(List.of(2L, 2L), 1f, -0f, Float.NaN, Float.MIN_VALUE));
        arrays.put("step", StoredArray.of(List.of(), 1L << 62));
        arrays.put("empty", StoredArray.of(List.of(0L, 5L), new float[0]));
        return new Safetensors(Map.of("model", "vae", "note", "a \"quoted\" line\nand \"elbo.crc32c\":\" é"), arrays);
    }

    @Test
    void whatWasWrittenIsRead() throws IOException {
        Path file = folder.resolve("a.safetensors");
        sample().write(file);
        try (Arena arena = Arena.ofConfined()) {
            Safetensors read = Safetensors.read(file, arena);
            assertEquals(sample().metadata(), read.metadata());
            assertEquals("vae", read.metadata().get("model"));
            assertEquals(
                    "a \"quoted\" line\nand \"elbo.crc32c\":\" é",
                    read.metadata().get("note"));
            assertArrayEquals(
                    new float[] {1f, -0f, Float.NaN, Float.MIN_VALUE},
                    read.arrays().get("weight").toFloats());
            assertArrayEquals(new long[] {1L << 62}, read.arrays().get("step").toLongs());
            assertEquals(List.of(0L, 5L), read.arrays().get("empty").shape());
            assertEquals(1, read.arrays().get("mask").data().get(ValueLayout.JAVA_BYTE, 2));
        }
    }

    @Test
    void everyArrayIsAlignedForItsType() throws IOException {
        Path file = folder.resolve("a.safetensors");
        sample().write(file);
        try (Arena arena = Arena.ofConfined()) {
            for (StoredArray array : Safetensors.read(file, arena).arrays().values()) {
                assertEquals(0, array.data().address() % array.type().bytes());
            }
        }
    }

    /// Bytes made by hand from the format's description: another implementation's file.
    @Test
    void aFileOfAnotherToolIsRead() throws IOException {
        Path file = folder.resolve("other.safetensors");
        String header = """
                { "b" : {"dtype": "F32", "shape": [1, 2], "data_offsets": [8, 16]},
                  "a": {"dtype":"I64","shape":[1],"data_offsets":[0,8]} }  \s""";
        Files.write(
                file,
                bytes(
                        header,
                        ByteBuffer.allocate(16)
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .putLong(-7)
                                .putFloat(0.5f)
                                .putFloat(-2f)
                                .array()));
        try (Arena arena = Arena.ofConfined()) {
            Safetensors read = Safetensors.read(file, arena);
            assertArrayEquals(new long[] {-7}, read.arrays().get("a").toLongs());
            assertArrayEquals(new float[] {0.5f, -2f}, read.arrays().get("b").toFloats());
        }
    }

    /// Every single flipped bit of a small file is noticed: nothing is loaded in part.
    @Test
    void everyFlippedBitIsNoticed() throws IOException {
        Path file = folder.resolve("a.safetensors");
        sample().write(file);
        byte[] good = Files.readAllBytes(file);
        for (int at = 0; at < good.length; at++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] bad = good.clone();
                bad[at] ^= (byte) (1 << bit);
                Files.write(file, bad);
                int place = at;
                BadInputException refused =
                        assertThrows(BadInputException.class, () -> read(file), () -> "flipped byte " + place);
                assertTrue(refused.getMessage().startsWith(file + ": "), refused.getMessage());
            }
        }
    }

    @Test
    void everyTruncationIsNoticed() throws IOException {
        Path file = folder.resolve("a.safetensors");
        sample().write(file);
        byte[] good = Files.readAllBytes(file);
        for (int length = 0; length < good.length; length++) {
            Files.write(file, Arrays.copyOf(good, length));
            assertThrows(BadInputException.class, () -> read(file), "length " + length);
        }
    }

    @Test
    void randomBytesAreRefusedInWords() throws IOException {
        RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
        Path file = folder.resolve("noise");
        for (int i = 0; i < 500; i++) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            if (noise.length > 8) {
                ByteBuffer.wrap(noise).order(ByteOrder.LITTLE_ENDIAN).putLong(0, random.nextInt(noise.length));
            }
            Files.write(file, noise);
            assertThrows(BadInputException.class, () -> read(file));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}' | bytes do not fit the shape",
                "'{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}' | unknown dtype; array=a",
                "'{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}' | overlap or leave a hole; array=a",
                "'{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}' | the data ends elsewhere",
                "'{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}' | lies outside; array=a",
                "'{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}' | integer of at least 0; name=a",
                "'{\"a\":{\"dtype\":\"F32\",\"shape\":[2.5],\"data_offsets\":[0,8]}}' | integer of at least 0; name=a",
                "'{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}' | overflow",
                "'{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}' | expected a list of integers; name=a",
                "'[1]' | the header is not an object",
                "'{\"a\":' | not JSON",
            })
    void falseClaimsOfAHeaderAreNamed(String header, String words) throws IOException {
        Path file = folder.resolve("bad.safetensors");
        Files.write(file, bytes(header, new byte[8]));
        BadInputException refused = assertThrows(BadInputException.class, () -> read(file));
        assertTrue(refused.getMessage().contains(words), refused.getMessage());
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNoLitter() throws IOException {
        Path file = folder.resolve("a.safetensors");
        sample().write(file);
        byte[] before = Files.readAllBytes(file);
        MemorySegment closed;
        try (Arena arena = Arena.ofConfined()) {
            closed = arena.allocate(8);
        }
        assertThrows(
                IllegalStateException.class,
                () -> AtomicFile.write(file, out -> {
                    out.write(ByteBuffer.wrap(new byte[100]));
                    closed.fill((byte) 0);
                }));
        assertArrayEquals(before, Files.readAllBytes(file));
        try (Stream<Path> entries = Files.list(folder)) {
            assertEquals(List.of(file), entries.toList());
        }
    }

    @Test
    void equalContentsAreEqualBytes() throws IOException {
        sample().write(folder.resolve("a"));
        sample().write(folder.resolve("b"));
        assertArrayEquals(Files.readAllBytes(folder.resolve("a")), Files.readAllBytes(folder.resolve("b")));
        assertFalse(Files.size(folder.resolve("a")) == 0);
    }

    private static void read(Path file) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Safetensors.read(file, arena);
        }
    }

    private static byte[] bytes(String header, byte[] data) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + text.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length)
                .put(text)
                .put(data)
                .array();
    }
}
