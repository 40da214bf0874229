package dev.elbo.runtime.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files go both ways between Elbo and Python's standard library, which knows the formats from their descriptions
/// alone: `struct`, `json` and `zipfile`, without numpy. Where there is no `python3` the tests abort and say so; the
/// tests of each format hold bytes made by hand.
class PythonInterchangeTest {
    /// Values that have one spelling in both languages.
    private static final float[] WEIGHTS = {0.5f, -2, 1e30f, 3, Float.NEGATIVE_INFINITY, 0};

    private static final long[] LABELS = {-7, 1L << 40};

    @TempDir
    Path folder;

    @BeforeEach
    void findPython() throws InterruptedException {
        boolean found;
        try {
            found = new ProcessBuilder("python3", "--version")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException _) {
            found = false;
        }
        assumeTrue(found, "no python3 on the path");
    }

    private String python(String program, Path file) throws IOException, InterruptedException {
        Process run = new ProcessBuilder("python3", "-c", program, file.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(run.getInputStream().readAllBytes());
        assertEquals(0, run.waitFor(), said);
        return said.strip();
    }

    private static Map<String, StoredArray> arrays() {
        Map<String, StoredArray> arrays = new LinkedHashMap<>();
        arrays.put("layers.0.weight", StoredArray.of(List.of(2L, 3L), WEIGHTS));
        arrays.put("labels", StoredArray.of(List.of(2L), LABELS));
        return arrays;
    }

    private static void assertHolds(Map<String, StoredArray> arrays) {
        assertEquals(List.of(2L, 3L), arrays.get("layers.0.weight").shape());
        assertArrayEquals(WEIGHTS, arrays.get("layers.0.weight").toFloats());
        assertArrayEquals(LABELS, arrays.get("labels").toLongs());
    }

    @Test
    void safetensorsOfPythonAreRead() throws Exception {
        Path file = folder.resolve("python.safetensors");
        python("""
                import json, struct, sys
                weights = struct.pack('<6f', 0.5, -2, 1e30, 3, float('-inf'), 0)
                labels = struct.pack('<2q', -7, 1 << 40)
                header = json.dumps({
                    '__metadata__': {'made by': 'Python \\u00e4'},
                    'layers.0.weight': {'dtype': 'F32', 'shape': [2, 3], 'data_offsets': [0, 24]},
                    'labels': {'dtype': 'I64', 'shape': [2], 'data_offsets': [24, 40]},
                }).encode()
                header += b' ' * (-len(header) % 8)
                with open(sys.argv[1], 'wb') as file:
                    file.write(struct.pack('<Q', len(header)) + header + weights + labels)
                """, file);
        try (Arena arena = Arena.ofConfined()) {
            Safetensors read = Safetensors.read(file, arena);
            assertEquals("Python ä", read.metadata().get("made by"));
            assertHolds(read.arrays());
        }
    }

    @Test
    void safetensorsOfElboAreReadByPython() throws Exception {
        Path file = folder.resolve("elbo.safetensors");
        new Safetensors(Map.of("made by", "Elbo ä"), arrays()).write(file);
        assertEquals(
                "Elbo ä (0.5, -2.0, 1.0000000150474662e+30, 3.0, -inf, 0.0) [2, 3] (-7, 1099511627776) [2]",
                python("""
                import json, struct, sys
                sys.stdout.reconfigure(encoding='utf-8')
                data = open(sys.argv[1], 'rb').read()
                length, = struct.unpack_from('<Q', data)
                header = json.loads(data[8:8 + length])
                def array(name, code):
                    begin, end = header[name]['data_offsets']
                    values = data[8 + length + begin:8 + length + end]
                    return struct.unpack('<%d%s' % (len(values) // struct.calcsize(code), code), values)
                ends = [a['data_offsets'][1] for n, a in header.items() if n != '__metadata__']
                assert max(ends) == len(data) - 8 - length
                print(header['__metadata__']['made by'],
                      array('layers.0.weight', 'f'), header['layers.0.weight']['shape'],
                      array('labels', 'q'), header['labels']['shape'])
                """, file));
    }

    @Test
    void npzOfPythonIsRead() throws Exception {
        for (String compression : List.of("ZIP_STORED", "ZIP_DEFLATED")) {
            Path file = folder.resolve(compression + ".npz");
            python("""
                    import struct, sys, zipfile
                    def npy(descr, shape, data):
                        text = "{'descr': '%%s', 'fortran_order': False, 'shape': %%s, }" %% (descr, shape)
                        text += ' ' * (-(len(text) + 11) %% 64) + '\\n'
                        return b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(text)) + text.encode() + data
                    with zipfile.ZipFile(sys.argv[1], 'w', zipfile.%s) as file:
                        file.writestr('layers.0.weight.npy',
                                      npy('<f4', '(2, 3)', struct.pack('<6f', 0.5, -2, 1e30, 3, float('-inf'), 0)))
                        file.writestr('labels.npy', npy('<i8', '(2,)', struct.pack('<2q', -7, 1 << 40)))
                    """.formatted(compression), file);
            assertHolds(Npz.read(file).arrays());
        }
    }

    @Test
    void npzOfElboIsReadByPython() throws Exception {
        Path file = folder.resolve("elbo.npz");
        new Npz(arrays()).write(file);
        List<String> expected = new ArrayList<>();
        expected.add("layers.0.weight.npy <f4 False (2, 3) (0.5, -2.0, 1.0000000150474662e+30, 3.0, -inf, 0.0)");
        expected.add("labels.npy <i8 False (2,) (-7, 1099511627776)");
        assertEquals(expected, python("""
                import ast, struct, sys, zipfile
                with zipfile.ZipFile(sys.argv[1]) as file:
                    assert file.testzip() is None
                    for name in file.namelist():
                        data = file.read(name)
                        assert data[:8] == b'\\x93NUMPY\\x01\\x00'
                        length, = struct.unpack_from('<H', data, 8)
                        head = ast.literal_eval(data[10:10 + length].decode())
                        code = {'<f4': 'f', '<i8': 'q'}[head['descr']]
                        values = data[10 + length:]
                        values = struct.unpack('<%d%s' % (len(values) // struct.calcsize(code), code), values)
                        print(name, head['descr'], head['fortran_order'], head['shape'], values)
                """, file).lines().toList());
    }
}
