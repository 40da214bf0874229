package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.Png;
import dev.elbo.models.training.RunFolder;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.StoredArray;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whatever a person names and however damaged it is: one line that says what is wrong, exit code 3, and soon.
class MalformedInputTest {
    private static final int AT_LEAST = 200;
    private static final long SECONDS = 60; // a machine that does a dozen things at once included

    @TempDir
    static Path folder;

    private static Path run;

    /// A command that must refuse what it is given.
    private record Case(String what, Object... words) {}

    private final List<Case> cases = new ArrayList<>();
    private int files;

    @BeforeAll
    static void train() {
        run = folder.resolve("run");
        Session.Seen seen = Session.run(
                "train", "vae", "--hidden", 4, "--latent", 2, "--epochs", 1, "--device", "cpu", "--out", run);
        assertEquals(0, seen.code(), seen.err());
    }

    @Test
    void everyMalformedInputIsNamedOnOneLine() throws Exception {
        idx();
        npz();
        png();
        cifar();
        csv();
        letters();
        chunks();
        spoken();
        chains();
        weights();
        checkpoints();
        configurations();
        List<String> wrong = new ArrayList<>();
        for (Case each : cases) {
            long began = System.nanoTime();
            Session.Seen seen;
            try {
                seen = Session.run(each.words);
            } catch (Throwable t) {
                wrong.add(each.what + ": " + t);
                continue;
            }
            long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
            boolean good = seen.code() == 3
                    && seen.err().strip().lines().count() == 1
                    && seen.err().startsWith("elbo: ")
                    && seen.err().contains(" — ")
                    && !seen.err().contains("Exception")
                    && seconds < SECONDS;
            if (!good) {
                wrong.add(each.what + ": code " + seen.code() + ", " + seconds + " s, " + seen.err());
            }
        }
        assertEquals(List.of(), wrong, String.join("\n", wrong));
        assertTrue(cases.size() >= AT_LEAST, "cases=" + cases.size());
        System.out.println("malformed inputs refused: " + cases.size());
    }

    /// The same as processes: the message on standard error, nothing on standard output.
    @Test
    void aProcessSaysTheSame() throws Exception {
        Path text = write("text.npz", "no numbers".getBytes(StandardCharsets.UTF_8));
        for (List<String> words : List.of(
                List.of(
                        "train",
                        "vae",
                        "--data",
                        "npz:" + text,
                        "--out",
                        folder.resolve("p1").toString()),
                List.of("evaluate", folder.resolve("nowhere").toString()),
                List.of("chain", text.toString(), "--want", "viterbi", "--out", "x.npz"))) {
            Process process = new ProcessBuilder(Session.process(words)).start();
            process.getOutputStream().close();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS), "hangs");
            assertEquals(3, process.exitValue(), err);
            assertEquals("", out);
            List<String> said =
                    err.lines().filter(line -> !line.startsWith("WARNING: ")).toList();
            assertEquals(1, said.size(), err);
            assertTrue(said.getFirst().startsWith("elbo: "), err);
        }
    }

    // --- the readers ---

    private void idx() throws IOException {
        byte[] images = idx(8, 3, new int[] {20, 2, 2}, 80);
        binary("idx", images, bytes -> "idx:" + bytes);
        Map<String, byte[]> headers = new LinkedHashMap<>();
        headers.put("floats", idx(0x0d, 3, new int[] {20, 2, 2}, 320));
        headers.put("rank 0", idx(8, 0, new int[0], 1));
        headers.put("rank 200", idx(8, 200, new int[] {1}, 1));
        headers.put("rank 1", idx(8, 1, new int[] {80}, 80));
        headers.put("extent 0", idx(8, 3, new int[] {0, 2, 2}, 0));
        headers.put("extent 2³² − 1", idx(8, 3, new int[] {-1, 2, 2}, 80));
        headers.put("extents that multiply to 0 in 32 bits", idx(8, 3, new int[] {1 << 16, 1 << 16, 1 << 16}, 16));
        headers.put("more bytes than extents", idx(8, 3, new int[] {20, 2, 2}, 81));
        headers.forEach((what, bytes) -> data("idx, " + what, "idx:" + write("idx", bytes)));
        bomb("idx bomb", path -> "idx:" + path);
        data("idx, too few to hold any out", "idx:" + write("idx", idx(8, 3, new int[] {9, 2, 2}, 36)));

        Path mnist = Files.createDirectories(folder.resolve("mnist"));
        data("mnist, empty folder", "mnist:" + mnist);
        for (String part : List.of("train", "t10k")) {
            Files.write(mnist.resolve(part + "-images-idx3-ubyte"), images);
            Files.write(mnist.resolve(part + "-labels-idx1-ubyte"), idx(8, 1, new int[] {4}, 4));
        }
        data("mnist, another number of labels", "mnist:" + mnist);
        data("mnist, a file", "mnist:" + write("file", images));
        data("fashion, nowhere", "fashion:" + folder.resolve("none"));
    }

    private void npz() throws IOException {
        Map<String, StoredArray> arrays = new LinkedHashMap<>();
        arrays.put("x", StoredArray.of(List.of(20L, 3L), new float[60]));
        arrays.put("y", StoredArray.of(List.of(20L), new long[20]));
        binary("npz", npz(arrays), bytes -> "npz:" + bytes);
        float[] holes = new float[60];
        for (float hole : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            holes[5] = hole;
            data("npz, x has " + hole, "npz:" + stored("x", StoredArray.of(List.of(20L, 3L), holes)));
        }
        data("npz, no x", "npz:" + stored("z", StoredArray.of(List.of(20L, 3L), new float[60])));
        data("npz, x of rank 1", "npz:" + stored("x", StoredArray.of(List.of(20L), new float[20])));
        data("npz, x without rows", "npz:" + stored("x", StoredArray.of(List.of(0L, 3L), new float[0])));
        data("npz, x without columns", "npz:" + stored("x", StoredArray.of(List.of(4L, 0L), new float[0])));
        arrays.put("y", StoredArray.of(List.of(19L), new long[19]));
        data("npz, too few y", "npz:" + write("npz", npz(arrays)));
        for (long label : new long[] {-1, 1L << 40}) {
            long[] labels = new long[20];
            labels[7] = label;
            arrays.put("y", StoredArray.of(List.of(20L), labels));
            data("npz, label " + label, "npz:" + write("npz", npz(arrays)));
        }
        data("npz bomb", "npz:" + write("npz", zipped("x.npy", new byte[1 << 20], 1025)));
        for (String header : List.of(
                "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999), }",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 300000000), }",
                "{'descr': '|O', 'fortran_order': False, 'shape': (4, 3), }",
                "{'descr': '<c8', 'fortran_order': False, 'shape': (4, 3), }",
                "{'descr': '<f4', 'shape': (4, -3), 'fortran_order': False}",
                "{'descr': '<f4'}",
                "not a dictionary",
                "")) {
            data("npz, header " + header, "npz:" + write("npz", zipped("x.npy", npy(header, 48), 1)));
        }
        data("npz, a member that is no array", "npz:" + write("npz", zipped("x.txt", new byte[4], 1)));
        data("npz, a zip of nothing", "npz:" + write("npz", npz(Map.of())));
        data(
                "npz, member of another version",
                "npz:" + write("npz", zipped("x.npy", new byte[] {(byte) 0x93, 'N'}, 1)));
    }

    private void png() throws IOException {
        byte[] picture = new Png(2, 2, 1, new byte[4]).bytes();
        binary("png", picture, path -> {
            try {
                Path place = Files.createDirectories(folder.resolve("png" + files++));
                if (Files.isRegularFile(path)) {
                    Files.move(path, place.resolve("a.png"));
                }
                return "png:" + place;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        for (int[] header : new int[][] {
            {0, 2, 8, 0, 0}, {2, 0, 8, 0, 0}, {1 << 30, 1 << 30, 8, 0, 0}, {-1, 2, 8, 0, 0}, {2, 2, 16, 0, 0},
            {2, 2, 8, 0, 1}, {2, 2, 8, 1, 0}, {2, 2, 8, 9, 0}, {2, 2, 8, 3, 0}, {2000, 2000, 8, 0, 0}
        }) {
            Path place = Files.createDirectories(folder.resolve("png" + files++));
            Files.write(place.resolve("a.png"), withHeader(picture, header));
            data("png, header " + Arrays.toString(header), "png:" + place);
        }
        Path sizes = Files.createDirectories(folder.resolve("sizes"));
        Files.write(sizes.resolve("a.png"), picture);
        Files.write(sizes.resolve("b.png"), new Png(2, 3, 1, new byte[6]).bytes());
        data("png, pictures of two sizes", "png:" + sizes);
    }

    private void cifar() {
        byte[] records = new byte[20 * 3073];
        binary("cifar10", records, path -> "cifar10:" + path);
        records[3073] = 10;
        data("cifar10, an eleventh class", "cifar10:" + write("cifar", records));
        data("cifar10, nine records", "cifar10:" + write("cifar", new byte[9 * 3073]));
    }

    private void csv() {
        for (String text : List.of(
                "",
                "\n",
                "\n\n\n",
                "a,b\n",
                "1,2\n1\n",
                "1,2\n1,2,3\n",
                "1,NaN\n1,2\n",
                "1,inf\n2,3\n",
                "1,-inf\n2,3\n",
                "a,b\n1,x\n",
                "1,1e400\n1,2\n",
                "1,2\n".repeat(12) + "1,\n",
                "label\n1\n",
                "a,label\n1\n",
                "1;2\n1,2\n",
                "1,2\n3 4,5\n",
                "\u0000\u0001\u0002",
                "x\n".repeat(50),
                "1,2\n\"1,2\n",
                "1,2\n")) {
            data("csv, " + text.replace('\n', '/'), "csv:" + write("csv", text.getBytes(StandardCharsets.UTF_8)));
        }
        data("csv, nowhere", "csv:" + folder.resolve("none.csv"));
        data("csv, a folder", "csv:" + folder);
        data("csv, without a name", "csv:");
        data("csv, no longer text", "csv:" + write("csv", new byte[] {(byte) 0xff, (byte) 0xfe, 0, (byte) 0x80}));
    }

    private void letters() {
        String good = letter(1, "a", -1, 0, "\t1".repeat(128));
        for (String text : List.of(
                "",
                "\n",
                good.substring(0, 100),
                good.replace("\ta\t", "\tA\t"),
                good.replace("\ta\t", "\t\t"),
                letter(1, "a", -1, 10, "\t1".repeat(128)),
                letter(1, "a", -1, -1, "\t1".repeat(128)),
                letter(1, "a", -1, 0, "\t1".repeat(127)),
                letter(1, "a", -1, 0, "\t1".repeat(129)),
                letter(1, "a", -1, 0, "\t2".repeat(128)),
                letter(1, "a", -1, 0, "\tx".repeat(128)),
                letter(1, "a", 2, 0, "\t1".repeat(128)),
                letter(1, "a", 2, 0, "\t1".repeat(128)) + letter(2, "b", -1, 1, "\t1".repeat(128)),
                good)) {
            Path file = write("letters", text.getBytes(StandardCharsets.UTF_8));
            cases.add(new Case(
                    "letters, " + text.substring(0, Math.min(30, text.length())), train("nn-crf", "letters:" + file)));
        }
        cases.add(new Case("letters, nowhere", train("nn-crf", "letters:" + folder.resolve("none"))));
        cases.add(new Case("letters, a folder", train("hmm", "letters:" + folder)));
    }

    private void chunks() throws IOException {
        for (String text : List.of("", "\n", "the DT\n", "the\n", "the DT B-NP more\n", "\u0000\n")) {
            Path place = Files.createDirectories(folder.resolve("conll" + files++));
            Files.writeString(place.resolve("train.txt"), text);
            Files.writeString(place.resolve("test.txt"), "the DT B-NP\n");
            cases.add(new Case("conll, " + text.strip(), train("crf", "conll:" + place)));
        }
        Path half = Files.createDirectories(folder.resolve("conll" + files++));
        Files.writeString(half.resolve("train.txt"), "the DT B-NP\n");
        cases.add(new Case("conll, no test part", train("crf", "conll:" + half)));
        cases.add(new Case("conll, nowhere", train("crf", "conll:" + folder.resolve("none"))));
    }

    private void spoken() throws IOException {
        byte[] tar = tar("0_anna_0.wav", wav(1, 8000, 16, 800));
        for (Map.Entry<String, byte[]> each : damaged(tar).entrySet()) {
            cases.add(new Case(
                    "spoken-digits, " + each.getKey(),
                    train("nn-hmm", "spoken-digits:" + write("tar", each.getValue()))));
        }
        Map<String, byte[]> members = new LinkedHashMap<>();
        members.put("stereo", tar("0_anna_0.wav", wav(2, 8000, 16, 800)));
        members.put("8 bits", tar("0_anna_0.wav", wav(1, 8000, 8, 800)));
        members.put("no samples", tar("0_anna_0.wav", Arrays.copyOf(wav(1, 8000, 16, 800), 36)));
        members.put("no sound", tar("0_anna_0.wav", "hello".getBytes(StandardCharsets.UTF_8)));
        members.put("another name", tar("anna.wav", wav(1, 8000, 16, 800)));
        byte[] size = tar.clone();
        Arrays.fill(size, 124, 135, (byte) '7');
        members.put("a member of 8 GB", size);
        size = tar.clone();
        size[124] = 'x';
        members.put("a size that is no number", size);
        members.forEach((what, bytes) ->
                cases.add(new Case("spoken-digits, " + what, train("nn-hmm", "spoken-digits:" + write("tar", bytes)))));
        cases.add(new Case("spoken-digits, nowhere", train("nn-hmm", "spoken-digits:" + folder.resolve("none"))));
    }

    private void chains() throws IOException {
        StoredArray unary = StoredArray.of(List.of(1L, 2L, 3L), new float[6]);
        StoredArray square = StoredArray.of(List.of(3L, 3L), new float[9]);
        for (Map.Entry<String, byte[]> each :
                damaged(npz(Map.of("unary", unary, "transitions", square))).entrySet()) {
            chain(each.getKey(), write("chain", each.getValue()));
        }
        chain("no unary", stored("transitions", square));
        chain("no transitions", stored("unary", unary));
        chain("unary of rank 2", write("chain", npz(Map.of("unary", square, "transitions", square))));
        StoredArray pair = StoredArray.of(List.of(2L, 2L), new float[4]);
        chain("transitions of other states", write("chain", npz(Map.of("unary", unary, "transitions", pair))));
        StoredArray none = StoredArray.of(List.of(1L, 2L, 0L), new float[0]);
        chain("no states", write("chain", npz(Map.of("unary", none, "transitions", square))));
        for (long length : new long[] {-1, 3, Long.MAX_VALUE}) {
            StoredArray lengths = StoredArray.of(List.of(1L), new long[] {length});
            chain(
                    "length " + length,
                    write("chain", npz(Map.of("unary", unary, "transitions", square, "lengths", lengths))));
        }
        chain("an array more", write("chain", npz(Map.of("unary", unary, "transitions", square, "more", pair))));
        chain("nowhere", folder.resolve("none.npz"));
        chain("a folder", folder);
    }

    private void weights() throws IOException {
        Map<String, StoredArray> arrays = new LinkedHashMap<>();
        arrays.put("weights", StoredArray.of(List.of(4L, 3L), new float[12]));
        arrays.put("visible_bias", StoredArray.of(List.of(4L), new float[4]));
        arrays.put("hidden_bias", StoredArray.of(List.of(3L), new float[3]));
        for (Map.Entry<String, byte[]> each : damaged(npz(arrays)).entrySet()) {
            weights(each.getKey(), "rbm", write("weights", each.getValue(), ".npz"));
        }
        for (Map.Entry<String, byte[]> each :
                damaged(Files.readAllBytes(latest())).entrySet()) {
            weights(each.getKey(), "vae", write("weights", each.getValue(), ".safetensors"));
        }
        weights("another model", "vae", write("weights", npz(arrays), ".npz"));
        arrays.put("hidden_bias", StoredArray.of(List.of(4L), new float[4]));
        weights("a bias too long", "rbm", write("weights", npz(arrays), ".npz"));
        arrays.put("hidden_bias", StoredArray.of(List.of(3L), new float[] {0, Float.NaN, 0}));
        weights("NaN", "rbm", write("weights", npz(arrays), ".npz"));
        arrays.remove("hidden_bias");
        weights("one missing", "rbm", write("weights", npz(arrays), ".npz"));
        weights("nowhere", "rbm", folder.resolve("none.npz"));
        weights("of no known kind", "rbm", write("weights", new byte[9], ".bin"));
        for (String header : List.of(
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4000]}}",
                "{\"a\":{\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,2],\"data_offsets\":[0,4]}}",
                "{\"a\":5}",
                "[]",
                "{",
                "{\"a\":" + "[".repeat(5000))) {
            byte[] text = header.getBytes(StandardCharsets.UTF_8);
            byte[] file = ByteBuffer.allocate(8 + text.length + 4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(text.length)
                    .put(text)
                    .array();
            String what = header.substring(0, Math.min(70, header.length()));
            weights("header " + what, "rbm", write("weights", file, ".safetensors"));
        }
    }

    private void checkpoints() throws IOException {
        byte[] good = Files.readAllBytes(latest());
        for (Map.Entry<String, byte[]> each : damaged(good).entrySet()) {
            Path copy = copyOfRun();
            Files.write(copy.resolve("checkpoints").resolve(latest().getFileName()), each.getValue());
            cases.add(new Case("checkpoint, " + each.getKey(), "evaluate", copy, "--device", "cpu"));
        }
        byte[] flipped = good.clone();
        flipped[good.length - 5] = (byte) (flipped[good.length - 5] ^ 1);
        Path copy = copyOfRun();
        Files.write(copy.resolve("checkpoints").resolve(latest().getFileName()), flipped);
        for (String command : List.of("evaluate", "sample", "report", "explore", "verify", "reconstruct")) {
            cases.add(new Case(command + ", a bit that flipped in the checkpoint", command, copy));
        }
        Path broken = copyOfRun();
        Files.writeString(broken.resolve("metrics.jsonl"), "{\"step\": 1}\n{{{\n{\"step\": 2}\n");
        cases.add(new Case("metrics that are no JSON", "report", broken));
        Path without = copyOfRun();
        Files.delete(without.resolve("metrics.jsonl"));
        cases.add(new Case("no metrics", "report", without));
        cases.add(new Case(
                "a folder that is not there", "export", run, "--to", "npz", "--out", folder.resolve("no/w.npz")));
    }

    private void configurations() throws IOException {
        String good = Files.readString(run.resolve("config.json"));
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("empty", "");
        texts.put("a list", "[]");
        texts.put("cut", good.substring(0, good.length() / 2));
        texts.put("deep", "{\"a\":" + "[".repeat(100_000));
        texts.put("no model", good.replace("\"model\"", "\"modell\""));
        texts.put("no such model", good.replace("\"vae\"", "\"vea\""));
        texts.put("twice", good.replace("{", "{\"model\": \"vae\","));
        for (String[] change : new String[][] {
            {"epochs", "\"x\""},
            {"epochs", "-1"},
            {"epochs", "0"},
            {"epochs", "1e300"},
            {"batch", "0"},
            {"batch", "-5"},
            {"batch", "1.5"},
            {"batch", "1e12"},
            {"lr", "-1"},
            {"lr", "null"},
            {"seed", "1.5"},
            {"seed", "1e40"},
            {"seed", "\"x\""},
            {"hidden", "[0]"},
            {"hidden", "[-3]"},
            {"hidden", "[1.5]"},
            {"hidden", "[99999999999]"},
            {"latent", "0"},
            {"latent", "\"2\""},
            {"samples", "0"},
            {"data", "5"},
            {"data", "\"nothing\""},
            {"data", "\"csv:\""},
            {"output", "\"bernoully\""},
            {"schedule", "\"fast\""},
            {"clip", "-1"},
            {"precision", "\"fp8\""},
            {"validation", "99999"},
            {"warm_up", "-2"},
            {"beta", "\"x\""}
        }) {
            texts.put(
                    change[0] + " " + change[1],
                    good.replaceAll(
                            "\"" + change[0] + "\": (\\[[^\\]]*\\]|[^,\\n]*)", "\"" + change[0] + "\": " + change[1]));
        }
        texts.forEach((what, text) -> {
            assertTrue(!text.equals(good), what + " changes nothing in " + good);
            Path file = write("config", text.getBytes(StandardCharsets.UTF_8));
            cases.add(new Case(
                    "config, " + what,
                    "train",
                    "--config",
                    file,
                    "--device",
                    "cpu",
                    "--out",
                    folder.resolve("o" + files++)));
        });
    }

    // --- how cases are made ---

    private Object[] train(String model, String data) {
        return new Object[] {
            "train", model, "--data", data, "--epochs", 1, "--device", "cpu", "--out", folder.resolve("o" + files++)
        };
    }

    private void data(String what, String data) {
        cases.add(new Case(what, train("vae", data)));
    }

    private void chain(String what, Path file) {
        cases.add(new Case(
                "chain, " + what,
                "chain",
                file,
                "--want",
                "viterbi",
                "--device",
                "cpu",
                "--out",
                folder.resolve("a.npz")));
    }

    private void weights(String what, String model, Path file) {
        cases.add(new Case("import, " + what, "import", model, file, "--out", folder.resolve("o" + files++)));
    }

    @FunctionalInterface
    private interface Naming {
        String of(Path path);
    }

    /// All that can be wrong with a file of any kind.
    private void binary(String kind, byte[] good, Naming naming) {
        for (Map.Entry<String, byte[]> each : damaged(good).entrySet()) {
            data(kind + ", " + each.getKey(), naming.of(write(kind, each.getValue())));
        }
        data(kind + ", nowhere", naming.of(folder.resolve("none")));
        if (!kind.equals("png")) {
            data(kind + ", a folder", naming.of(folder));
        }
        if (!System.getProperty("user.name").equals("root")) { // who may read everything
            Path closed = write(kind, good);
            try {
                Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            if (!kind.equals("png")) {
                data(kind + ", no permission", naming.of(closed));
            }
        }
    }

    private static Map<String, byte[]> damaged(byte[] good) {
        Map<String, byte[]> damaged = new LinkedHashMap<>();
        damaged.put("empty", new byte[0]);
        damaged.put("one byte", new byte[] {'P'});
        for (int part = 1; part <= 3; part++) {
            damaged.put(part + " fourths", Arrays.copyOf(good, good.length * part / 4 + 1));
        }
        damaged.put("all but a byte", Arrays.copyOf(good, good.length - 1));
        byte[] magic = good.clone();
        for (int i = 0; i < 4; i++) {
            magic[i] = (byte) ~magic[i];
        }
        damaged.put("another magic", magic);
        damaged.put("text", "what is this?\n".repeat(10).getBytes(StandardCharsets.UTF_8));
        byte[] packed = gzip(good);
        damaged.put("half of a gzip", Arrays.copyOf(packed, packed.length / 2));
        byte[] sum = packed.clone();
        sum[sum.length - 6] = (byte) (sum[sum.length - 6] ^ 1);
        damaged.put("gzip with another checksum", sum);
        return damaged;
    }

    /// A few kilobytes that unpack to more than a gigabyte.
    private void bomb(String what, Naming naming) throws IOException {
        Path file = folder.resolve("bomb.gz");
        if (!Files.exists(file)) {
            byte[] zeros = new byte[1 << 20];
            try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
                for (int i = 0; i <= 1024; i++) {
                    out.write(zeros);
                }
            }
        }
        data(what, naming.of(file));
    }

    private Path write(String name, byte[] bytes) {
        return write(name, bytes, "");
    }

    private Path write(String name, byte[] bytes, String ending) {
        try {
            return Files.write(folder.resolve(name + "-" + files++ + ending), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path stored(String name, StoredArray array) throws IOException {
        return write("npz", npz(Map.of(name, array)));
    }

    private static Path latest() throws IOException {
        return RunFolder.checkpoints(run).getLast();
    }

    private Path copyOfRun() throws IOException {
        Path copy = Files.createDirectories(folder.resolve("copy" + files++).resolve("checkpoints"))
                .getParent();
        for (String name : List.of("config.json", "metrics.jsonl", "checkpoints/" + latest().getFileName())) {
            Files.copy(run.resolve(name), copy.resolve(name));
        }
        return copy;
    }

    // --- files ---

    private static byte[] idx(int type, int rank, int[] extents, int elements) {
        ByteBuffer file = ByteBuffer.allocate(4 + 4 * extents.length + elements);
        file.put((byte) 0).put((byte) 0).put((byte) type).put((byte) rank);
        Arrays.stream(extents).forEach(file::putInt);
        return file.array();
    }

    private byte[] npz(Map<String, StoredArray> arrays) throws IOException {
        Path file = folder.resolve("arrays.npz");
        new Npz(arrays).write(file);
        return Files.readAllBytes(file);
    }

    private static byte[] npy(String header, int data) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(10 + text.length + data)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0x93)
                .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1)
                .put((byte) 0)
                .putShort((short) text.length)
                .put(text)
                .array();
    }

    private static byte[] zipped(String name, byte[] content, int times) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry(name));
            for (int i = 0; i < times; i++) {
                zip.write(content);
            }
        }
        return bytes.toByteArray();
    }

    private static byte[] gzip(byte[] content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /// Another width, height, depth, colour and interlacing.
    private static byte[] withHeader(byte[] picture, int[] header) {
        ByteBuffer file = ByteBuffer.wrap(picture.clone());
        file.putInt(16, header[0]).putInt(20, header[1]);
        file.put(24, (byte) header[2]).put(25, (byte) header[3]).put(28, (byte) header[4]);
        CRC32 crc = new CRC32();
        crc.update(file.array(), 12, 17);
        return file.putInt(29, (int) crc.getValue()).array();
    }

    private static String letter(int id, String name, int next, int fold, String pixels) {
        return "%d\t%s\t%d\t1\t1\t%d%s%n".formatted(id, name, next, fold, pixels);
    }

    private static byte[] wav(int channels, int rate, int bits, int samples) {
        int bytes = samples * channels * bits / 8;
        return ByteBuffer.allocate(44 + bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes(StandardCharsets.US_ASCII))
                .putInt(36 + bytes)
                .put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII))
                .putInt(16)
                .putShort((short) 1)
                .putShort((short) channels)
                .putInt(rate)
                .putInt(rate * channels * bits / 8)
                .putShort((short) (channels * bits / 8))
                .putShort((short) bits)
                .put("data".getBytes(StandardCharsets.US_ASCII))
                .putInt(bytes)
                .array();
    }

    private static byte[] tar(String name, byte[] content) {
        byte[] file = new byte[512 + Math.ceilDiv(content.length, 512) * 512 + 1024];
        byte[] title = name.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(title, 0, file, 0, title.length);
        byte[] size = "%011o".formatted(content.length).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(size, 0, file, 124, size.length);
        file[156] = '0';
        System.arraycopy(content, 0, file, 512, content.length);
        return file;
    }
}
