package dev.elbo.runtime.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NpzTest {
    @TempDir
    Path folder;

    @Test
    void whatWasWrittenIsRead() throws IOException {
        Map<String, StoredArray> arrays = new LinkedHashMap<>();
        arrays.put("weight", StoredArray.of(List.of(2L, 3L), 1f, 2f, 3f, 4f, 5f, Float.NEGATIVE_INFINITY));
        arrays.put("row", StoredArray.of(List.of(1L), 7L));
        arrays.put("scalar", StoredArray.of(List.of(), 0.5f));
        arrays.put("empty", StoredArray.of(List.of(0L), new float[0]));
        Path file = folder.resolve("a.npz");
        new Npz(arrays).write(file);
        Map<String, StoredArray> read = Npz.read(file).arrays();
        assertEquals(List.copyOf(arrays.keySet()), List.copyOf(read.keySet()));
        assertEquals(List.of(2L, 3L), read.get("weight").shape());
        assertArrayEquals(arrays.get("weight").toFloats(), read.get("weight").toFloats());
        assertArrayEquals(new long[] {7}, read.get("row").toLongs());
        assertEquals(List.of(), read.get("scalar").shape());
        assertEquals(0, read.get("empty").size());
    }

    /// The first bytes of a file, against numpy's description of the format: the data begin at a multiple of 64.
    @Test
    void theHeaderIsAsNumpyWritesIt() {
        byte[] npy = Npy.write(StoredArray.of(List.of(3L), 1f, 2f, 3f));
        String header = new String(npy, 10, 118, StandardCharsets.US_ASCII);
        assertEquals("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", header.strip());
        assertEquals(118, ByteBuffer.wrap(npy).order(ByteOrder.LITTLE_ENDIAN).getShort(8));
        assertEquals('\n', npy[127]);
        assertEquals(128 + 12, npy.length);
    }

    /// Column-major as numpy stores `np.asfortranarray([[1, 2, 3], [4, 5, 6]])`, made by hand, version 2.0.
    @Test
    void columnMajorArraysAreReadByRows() {
        byte[] data = floats(1, 4, 2, 5, 3, 6);
        StoredArray read = Npy.read("f.npy", npy(2, "{'shape': (2, 3), 'fortran_order': True, 'descr': '<f4'}", data));
        assertEquals(List.of(2L, 3L), read.shape());
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, read.toFloats());
    }

    @Test
    void compressedMembersAreRead() throws IOException {
        Path file = folder.resolve("c.npz");
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("x.npy"));
            zip.write(Npy.write(StoredArray.of(List.of(2L), 5f, 6f)));
        }
        assertArrayEquals(new float[] {5, 6}, Npz.read(file).arrays().get("x").toFloats());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{`descr`: `>f4`, `fortran_order`: False, `shape`: (1,)} | type that Elbo does not read; descr=>f4",
                "{`descr`: `<f4`, `fortran_order`: False, `shape`: (2,)} | data of another length",
                "{`descr`: `<f4`, `shape`: (1,)} | a header without fortran_order",
                "{`descr`: `<f4`, `fortran_order`: False, `shape`: (9999999999999999999,)} | extent that is no integer",
                "{`descr`: `<f4`, `fortran_order`: True, `shape`: (4294967296, 4294967296)} | data of another length",
            })
    void malformedHeadersAreNamed(String header, String words) {
        BadInputException refused = assertThrows(
                BadInputException.class, () -> Npy.read("a.npz!x.npy", npy(1, header.replace('`', '\''), floats(1))));
        assertTrue(refused.getMessage().startsWith("a.npz!x.npy: "), refused.getMessage());
        assertTrue(refused.getMessage().contains(words), refused.getMessage());
    }

    @Test
    void damageIsNoticed() throws IOException {
        Path file = folder.resolve("a.npz");
        new Npz(Map.of("x", StoredArray.of(List.of(100L), new float[100]))).write(file);
        byte[] good = Files.readAllBytes(file);
        byte[] bad = good.clone();
        bad[300] ^= 1; // inside the data
        Files.write(file, bad);
        assertThrows(BadInputException.class, () -> Npz.read(file));
        Files.write(file, Arrays.copyOf(good, good.length - 30));
        assertThrows(BadInputException.class, () -> Npz.read(file));
    }

    private static byte[] floats(float... values) {
        ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            data.putFloat(value);
        }
        return data.array();
    }

    private static byte[] npy(int version, String header, byte[] data) {
        byte[] text = header.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer out = ByteBuffer.allocate((version == 1 ? 10 : 12) + text.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0x93)
                .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
                .put((byte) version)
                .put((byte) 0);
        if (version == 1) {
            out.putShort((short) text.length);
        } else {
            out.putInt(text.length);
        }
        return out.put(text).put(data).array();
    }
}
