package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.Safetensors;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What one does with energy models from the command line: annealing, foreign weights, features.
class EnergyTest {
    @TempDir
    Path folder;

    private static Session.Seen good(Object... args) {
        Session.Seen seen = Session.run(args);
        assertEquals(0, seen.code(), seen.err());
        return seen;
    }

    private static float[] normals(int count, double strength) {
        SplittableRandom random = new SplittableRandom(count);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (strength * random.nextGaussian());
        }
        return values;
    }

    /// A machine of 9 visible and 4 hidden units, named as the command wants it.
    private static Map<String, StoredArray> machine(double strength) {
        Map<String, StoredArray> arrays = new LinkedHashMap<>();
        arrays.put("weights", StoredArray.of(List.of(9L, 4L), normals(36, strength)));
        arrays.put("visible_bias", StoredArray.of(List.of(9L), normals(9, strength)));
        arrays.put("hidden_bias", StoredArray.of(List.of(4L), normals(4, strength)));
        return arrays;
    }

    /// log Z of [#machine] by summing over all 2¹³ states.
    private static double logZ(Map<String, StoredArray> machine) {
        float[] w = machine.get("weights").toFloats();
        float[] a = machine.get("visible_bias").toFloats();
        float[] b = machine.get("hidden_bias").toFloats();
        double sum = 0;
        for (int state = 0; state < 1 << 13; state++) {
            double minusEnergy = 0;
            for (int i = 0; i < 9; i++) {
                for (int j = 0; j < 4; j++) {
                    minusEnergy += (state >> i & 1) * (state >> 9 + j & 1) * w[4 * i + j];
                }
                minusEnergy += (state >> i & 1) * a[i];
            }
            for (int j = 0; j < 4; j++) {
                minusEnergy += (state >> 9 + j & 1) * b[j];
            }
            sum += Math.exp(minusEnergy);
        }
        return Math.log(sum);
    }

    /// A data set of the machine's size, its labels the first bit.
    private Path data() throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        float[] x = new float[900];
        long[] y = new long[100];
        for (int row = 0; row < 100; row++) {
            boolean on = random.nextBoolean();
            y[row] = on ? 1 : 0;
            for (int i = 0; i < 9; i++) {
                x[9 * row + i] = random.nextInt(10) == 0 ^ on ? 1 : 0;
            }
        }
        Path file = folder.resolve("data.npz");
        new Npz(Map.of("x", StoredArray.of(List.of(100L, 3L, 3L), x), "y", StoredArray.of(List.of(100L), y)))
                .write(file);
        return file;
    }

    @Test
    void foreignWeightsAreJudgedSampledAndTrainedOn() throws IOException {
        Map<String, StoredArray> machine = machine(0.7);
        Path file = folder.resolve("theirs.npz");
        new Npz(machine).write(file);
        Path run = folder.resolve("run");
        assertTrue(good("import", "rbm", file, "--out", run).out().contains("9 visible and 4 hidden units"));

        Session.Seen judged = good("evaluate", run, "--ais", "--json");
        assertEquals(logZ(machine), judged.number("log_z"), 0.2, judged.out());
        assertEquals(logZ(machine), judged.number("log_z_exact"), 1e-4, judged.out());
        assertTrue(judged.number("log_z_error") < 0.2 && judged.number("ess") > 20, judged.out());
        assertFalse(judged.lastLine().containsKey("test_log_likelihood"), judged.out());

        Session.Seen onData = good("evaluate", run, "--ais", "--data", "npz:" + data(), "--json");
        double likelihood = onData.number("test_log_likelihood");
        assertTrue(likelihood < 0 && likelihood > -30, onData.out());

        good("sample", run, "--count", 4);
        good("report", run);
        String page = Files.readString(run.resolve("report.html"));
        for (String section : List.of("Receptive fields", "Gibbs chains", "Annealing", "effective chains forward")) {
            assertTrue(page.contains(section), section);
        }
        Session.Seen nothing = Session.run("train", "--resume", run);
        assertEquals(3, nothing.code());
        assertEquals(
                "elbo: data set none: no examples to train on — name others: --data digits",
                nothing.err().strip());

        good("train", "--resume", run, "--data", "npz:" + data(), "--epochs", 30);
        assertTrue(Files.readString(run.resolve("config.json")).contains("npz:"));
        good("report", run);
        String other = Files.readString(run.resolve("report.html"));
        assertFalse(other.contains("effective chains forward"), "an annealing of the weights before");
        Session.Seen after = good("evaluate", run, "--json");
        assertTrue(after.number("test_log_likelihood") > likelihood, after.out());
    }

    /// The same weights in either kind of file are the same run, to the last byte.
    @Test
    void eitherKindOfFileWillDo() throws IOException {
        Map<String, StoredArray> machine = machine(0.5);
        new Npz(machine).write(folder.resolve("a.npz"));
        new Safetensors(Map.of(), machine).write(folder.resolve("b.safetensors"));
        good("import", "rbm", folder.resolve("a.npz"), "--out", folder.resolve("a"));
        good("import", "rbm", folder.resolve("b.safetensors"), "--out", folder.resolve("b"));
        String a = good("evaluate", folder.resolve("a"), "--ais").out();
        assertEquals(a, good("evaluate", folder.resolve("b"), "--ais").out());
    }

    @Test
    void weightsMayLieTheOtherWayRound() throws IOException {
        Map<String, StoredArray> machine = machine(0.5);
        new Npz(machine).write(folder.resolve("a.npz"));
        float[] w = machine.get("weights").toFloats();
        float[] turned = new float[36];
        for (int at = 0; at < 36; at++) {
            turned[at] = w[4 * (at % 9) + at / 9];
        }
        machine.put("weights", StoredArray.of(List.of(4L, 9L), turned));
        new Npz(machine).write(folder.resolve("b.npz"));
        good("import", "rbm", folder.resolve("a.npz"), "--out", folder.resolve("a"));
        assertTrue(refusal("rbm", folder.resolve("b.npz")).endsWith("or add --transposed"));
        good("import", "rbm", folder.resolve("b.npz"), "--transposed", "--out", folder.resolve("b"));
        assertEquals(
                good("evaluate", folder.resolve("a")).out(),
                good("evaluate", folder.resolve("b")).out());
    }

    @Test
    void aRunWithoutDataIsShownSome() throws IOException {
        new Npz(machine(0.5)).write(folder.resolve("theirs.npz"));
        Path run = folder.resolve("run");
        good("import", "rbm", folder.resolve("theirs.npz"), "--out", run);
        for (String use : List.of("impute", "reconstruct")) {
            Session.Seen nothing = Session.run(use, run);
            assertEquals(3, nothing.code(), nothing.err());
            assertEquals(
                    "elbo: " + run + ": its data have no held-out examples — name some: --data digits",
                    nothing.err().strip());
        }
        good("reconstruct", run, "--data", "npz:" + data());
        Session.Seen seen = good("impute", run, "--data", "npz:" + data(), "--missing", "random:0.5", "--json");
        assertTrue(seen.out().contains("mean_error"), seen.out());
        // Where nothing is missing, nothing can be wrong: no number, and a line that programs can read.
        good("impute", run, "--data", "npz:" + data(), "--missing", "random:0.0001", "--examples", 1, "--json");
    }

    @Test
    void aRunThatCollapsesGivesTheReasonAndNoNumber() throws IOException {
        Path file = folder.resolve("strong.npz");
        Map<String, StoredArray> strong = new LinkedHashMap<>();
        strong.put("weights", StoredArray.of(List.of(60L, 24L), normals(1440, 3)));
        strong.put("visible_bias", StoredArray.of(List.of(60L), normals(60, 3)));
        strong.put("hidden_bias", StoredArray.of(List.of(24L), normals(24, 3)));
        new Npz(strong).write(file);
        good("import", "rbm", file, "--out", folder.resolve("run"));
        Session.Seen seen =
                good("evaluate", folder.resolve("run"), "--ais", "--betas", 30, "--start", "uniform", "--json");
        assertTrue(seen.out().startsWith("refused: "), seen.out());
        assertTrue(((Json.Text) seen.lastLine().get("refused")).value().contains("use more betas"), seen.out());
        assertFalse(seen.lastLine().containsKey("log_z"), seen.out());
    }

    @Test
    void whatDoesNotFitIsToldInOneLine() throws IOException {
        Path file = folder.resolve("bad.npz");
        Map<String, StoredArray> machine = machine(1);
        machine.put("visible_bias", StoredArray.of(List.of(4L), 1f, 2f, 3f, 4f));
        new Npz(machine).write(file);
        assertEquals(
                "elbo: " + file + ": tensor visible_bias does not fit; visible_bias=(4), wanted=(9) by weights=(9, 4)"
                        + " — store weights (visible, hidden), visible_bias (visible) and hidden_bias (hidden), or add"
                        + " --transposed",
                refusal("rbm", file));
        machine.remove("visible_bias");
        new Npz(machine).write(file);
        assertTrue(refusal("rbm", file).contains("no tensor visible_bias; tensors=[weights, hidden_bias]"));
        machine = machine(1);
        machine.put("weights", StoredArray.of(List.of(9L, 4L), normals(36, Float.POSITIVE_INFINITY)));
        new Npz(machine).write(file);
        assertTrue(refusal("rbm", file).contains("tensor weights has no finite number there; shape=(9, 4), element=0"));
        machine = machine(1);
        machine.put("sigma", StoredArray.of(List.of(1L), 1f));
        new Npz(machine).write(file);
        assertTrue(refusal("rbm", file).contains("tensors of another model; tensors=[sigma]"));
        machine = machine(1);
        machine.put("weights", StoredArray.of(List.of(9L, 4L), new long[36]));
        new Npz(machine).write(file);
        assertTrue(refusal("rbm", file).contains("tensor weights holds no floats; type=I64 — store it as float32"));
        Files.writeString(file, "no zip");
        assertTrue(refusal("rbm", file).contains("not a whole npz file"));
        assertTrue(refusal("rbm", folder.resolve("w.pt")).contains("no such file"));
        Files.writeString(folder.resolve("w.pt"), "");
        assertTrue(refusal("rbm", folder.resolve("w.pt")).contains("neither .npz nor .safetensors"));
        assertEquals(2, Session.run("import", "gan", file).code());
    }

    private String refusal(String model, Path file) {
        Session.Seen seen = Session.run("import", model, file, "--out", folder.resolve("refused"));
        assertEquals(3, seen.code(), seen.out() + seen.err());
        assertEquals(1, seen.err().strip().lines().count(), seen.err());
        assertFalse(Files.exists(folder.resolve("refused")));
        return seen.err().strip();
    }

    /// A network that rebuilds its input well enough to see that every weight is where it belongs: x → z = first two
    /// features → logits that tell those two again.
    @Test
    void aForeignVaeIsJudgedAndTrainedOn() throws IOException {
        Map<String, StoredArray> arrays = new LinkedHashMap<>();
        layer(arrays, "encoder.0", 9, 5);
        layer(arrays, "mean", 5, 2);
        layer(arrays, "log_variance", 5, 2);
        layer(arrays, "decoder.0", 2, 5);
        layer(arrays, "logits", 5, 9);
        Path file = folder.resolve("vae.npz");
        new Npz(arrays).write(file);
        Path run = folder.resolve("vae");
        good("import", "vae", file, "--out", folder.resolve("blank"));
        Session.Seen blank = Session.run("evaluate", folder.resolve("blank"));
        assertEquals(3, blank.code());
        assertTrue(blank.err().contains("no examples to judge it by — name others"), blank.err());
        good("import", "vae", file, "--out", run, "--data", "npz:" + data());
        double elbo = good("evaluate", run, "--nll", 0, "--json").number("test_elbo");
        assertTrue(elbo < 0 && elbo > -40, "elbo " + elbo);

        Map<String, StoredArray> turned = new LinkedHashMap<>();
        arrays.forEach((name, array) -> turned.put(name, name.endsWith("weight") ? transposed(array) : array));
        new Npz(turned).write(folder.resolve("turned.npz"));
        Path other = folder.resolve("turned");
        good("import", "vae", folder.resolve("turned.npz"), "--transposed", "--out", other, "--data", "npz:" + data());
        assertEquals(elbo, good("evaluate", other, "--nll", 0, "--json").number("test_elbo"));
        good("train", "--resume", run, "--epochs", 400);
        assertTrue(good("evaluate", run, "--nll", 0, "--json").number("test_elbo") > elbo);
        String refused = refusal("vae", folder.resolve("turned.npz"));
        assertTrue(refused.contains("encoder.0.bias=(5), wanted=(9) by a layer of 5 inputs and 9 outputs"), refused);
        assertTrue(refused.endsWith("or add --transposed"), refused);
    }

    private static void layer(Map<String, StoredArray> arrays, String name, int inputs, int outputs) {
        float[] weights = normals(inputs * outputs, 0.5);
        arrays.put(name + ".weight", StoredArray.of(List.of((long) inputs, (long) outputs), weights));
        arrays.put(name + ".bias", StoredArray.of(List.of((long) outputs), normals(outputs, 0.1)));
    }

    private static StoredArray transposed(StoredArray array) {
        int n = Math.toIntExact(array.shape().getFirst());
        int m = Math.toIntExact(array.shape().getLast());
        float[] values = array.toFloats();
        float[] turned = new float[values.length];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < m; j++) {
                turned[j * n + i] = values[i * m + j];
            }
        }
        return StoredArray.of(List.of((long) m, (long) n), turned);
    }

    /// Features lie in the order of the file, and tell the classes apart.
    @Test
    void featuresAreWrittenInTheOrderOfTheirSource() throws IOException {
        Path run = folder.resolve("run");
        good(
                "train",
                "rbm",
                "--data",
                "npz:" + data(),
                "--hidden",
                5,
                "--batch",
                10,
                "--momentum",
                0.5,
                "--decay",
                0.0001,
                "--sparsity",
                0.2,
                "--epochs",
                20,
                "--out",
                run);
        Session.Seen seen = good("features", run, "--out", folder.resolve("f.npz"), "--classify", "--json");
        assertEquals(1, seen.number("test_accuracy"), seen.out());
        Map<String, StoredArray> arrays = Npz.read(folder.resolve("f.npz")).arrays();
        assertEquals(List.of(100L, 5L), arrays.get("x").shape());
        long[] held = arrays.get("held_out").toLongs();
        long[] labels = Npz.read(folder.resolve("data.npz")).arrays().get("y").toLongs();
        for (int row = 0; row < 100; row++) {
            assertEquals(row % 10 == 9 ? 1 : 0, held[row]);
            assertEquals(labels[row], arrays.get("y").toLongs()[row]);
        }
    }

    /// Real units: trained, annealed and sampled, without coins for the data.
    @Test
    void realDataHaveRealUnits() throws IOException {
        Path run = folder.resolve("real");
        Session.Seen trained = good(
                "train",
                "rbm",
                "--real",
                "--data",
                "npz:" + data(),
                "--hidden",
                4,
                "--persistent",
                "--epochs",
                30,
                "--batch",
                10,
                "--out",
                run,
                "--json");
        Session.Seen annealed = good("evaluate", run, "--ais", "--json");
        assertEquals(annealed.number("log_z_exact"), annealed.number("log_z"), 0.3, annealed.out());
        assertEquals(trained.number("log_z"), annealed.number("log_z_exact"), 1e-9);
        good("sample", run, "--count", 4);
    }
}
