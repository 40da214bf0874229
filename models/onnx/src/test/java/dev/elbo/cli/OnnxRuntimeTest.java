package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.elbo.models.energy.Rbm;
import dev.elbo.models.latent.Coder;
import dev.elbo.models.latent.Vae;
import dev.elbo.models.layers.Normal;
import dev.elbo.models.recipe.RbmRecipe;
import dev.elbo.models.sequence.Crf;
import dev.elbo.models.sequence.Hmm;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.Safetensors;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Exported parts give in ONNX Runtime what they give in Elbo.
class OnnxRuntimeTest {
    private static final int ROWS = 7;

    @TempDir
    Path folder;

    /// What Elbo makes of rows.
    @FunctionalInterface
    private interface Own {
        Tensor of(Ops f, Object model, Tensor x);
    }

    private static void elbo(Object... words) {
        StringWriter err = new StringWriter();
        List<String> line = Stream.of(words).map(String::valueOf).toList();
        assertEquals(
                0, Elbo.run(line, new PrintWriter(new StringWriter()), new PrintWriter(err, true)), err.toString());
    }

    /// The largest difference between Elbo and ONNX Runtime on random rows.
    private void compare(Path run, String part, String in, String out, int width, Own own) throws Exception {
        elbo("export", run, "--to", "onnx", "--part", part);
        float[][] x = new float[ROWS][width];
        SplittableRandom random = new SplittableRandom(width);
        for (float[] row : x) {
            for (int i = 0; i < width; i++) {
                row[i] = (float) random.nextDouble(-1, 1);
            }
        }
        float[][] theirs;
        OrtEnvironment runtime = OrtEnvironment.getEnvironment();
        try (OrtSession session =
                        runtime.createSession(run.resolve(part + ".onnx").toString());
                OnnxTensor given = OnnxTensor.createTensor(runtime, x);
                OrtSession.Result result = session.run(Map.of(in, given))) {
            assertEquals("elbo", session.getMetadata().getProducerName());
            assertTrue(
                    session.getMetadata().getCustomMetadataValue("elbo.config").isPresent());
            theirs = (float[][]) result.get(out).orElseThrow().getValue();
        }
        try (Device cpu = RunOptions.device("cpu");
                Arena owner = Arena.ofShared()) {
            OpenRun opened = OpenRun.of(run, cpu, owner);
            Memory memory = Memory.of(cpu, "own", owner);
            float[] flat = new float[ROWS * width];
            for (int i = 0; i < ROWS; i++) {
                System.arraycopy(x[i], 0, flat, i * width, width);
            }
            Tensor y = own.of(
                    Ops.plain(memory),
                    opened.experiment().parameters().model(),
                    memory.floats(Shape.of(ROWS, width), flat));
            float[] ours = cpu.floats(y);
            for (int i = 0; i < ROWS; i++) {
                float[] row = new float[theirs[i].length];
                System.arraycopy(ours, i * row.length, row, 0, row.length);
                assertArrayEquals(row, theirs[i], 2e-5f, part + " of " + run.getFileName() + ", row " + i);
            }
        }
    }

    @Test
    void aVaeIsComputedByOnnxRuntime() throws Exception {
        Path run = folder.resolve("vae");
        elbo("train", "vae", "--hidden", "24,12", "--latent", 3, "--epochs", 2, "--device", "cpu", "--out", run);
        compare(run, "decoder", "z", "x", 3, (f, model, z) -> ((Vae) model).decode(f, z));
        compare(run, "encoder", "x", "mean", 64, (f, model, x) -> ((Vae) model).code(f, x));
        compare(run, "encoder", "x", "log_variance", 64, (f, model, x) -> logVariance((Vae) model, f, x));
        Path plain = folder.resolve("autoencoder");
        elbo("train", "autoencoder", "--hidden", 12, "--latent", 3, "--epochs", 2, "--device", "cpu", "--out", plain);
        compare(plain, "encoder", "x", "z", 64, (f, model, x) -> ((Coder) model).code(f, x));
        compare(plain, "decoder", "z", "x", 3, (f, model, z) -> ((Coder) model).decode(f, z));
    }

    private static Tensor logVariance(Vae vae, Ops f, Tensor x) {
        return ((Normal.Diagonal) vae.encode(f, x)).logVariance();
    }

    @Test
    void aBoltzmannMachineIsComputedByOnnxRuntime() throws Exception {
        Path run = folder.resolve("rbm");
        elbo("train", "rbm", "--hidden", 20, "--epochs", 2, "--device", "cpu", "--out", run);
        compare(run, "encoder", "v", "h", 64, (f, model, v) -> rbm(model).hiddenGivenVisible(f, v));
        compare(run, "decoder", "h", "v", 20, (f, model, h) -> rbm(model).visibleGivenHidden(f, h));
    }

    private static Rbm rbm(Object model) {
        return ((RbmRecipe.Machine) model).rbm();
    }

    @Test
    void theNetworksOfSequencesAreComputedByOnnxRuntime() throws Exception {
        Object[] brief = {"--data", "letters:" + letters(), "--epochs", 1, "--device", "cpu", "--out"};
        Path crf = folder.resolve("nn-crf");
        elbo(Stream.concat(
                        Stream.of("train", "nn-crf", "--hidden", "10"), Stream.concat(Stream.of(brief), Stream.of(crf)))
                .toArray());
        compare(
                crf,
                "encoder",
                "x",
                "scores",
                128,
                (f, model, x) -> ((Crf) model).unary().scores(f, x));
        Path hmm = folder.resolve("nn-hmm");
        elbo(Stream.concat(
                        Stream.of("train", "nn-hmm", "--hidden", "9,4"),
                        Stream.concat(Stream.of(brief), Stream.of(hmm)))
                .toArray());
        compare(
                hmm,
                "encoder",
                "x",
                "observed",
                128,
                (f, model, x) -> ((Hmm) model).network().apply(f, x));
    }

    @Test
    void weightsGoByTheirNames() throws Exception {
        Path run = folder.resolve("vae");
        elbo("train", "vae", "--hidden", 8, "--latent", 2, "--epochs", 1, "--device", "cpu", "--out", run);
        elbo("export", run, "--to", "npz");
        elbo("export", run, "--to", "safetensors");
        elbo("export", run, "--to", "npz", "--part", "decoder");
        Map<String, ?> all = Npz.read(run.resolve("weights.npz")).arrays();
        try (Arena owner = Arena.ofConfined()) {
            Safetensors same = Safetensors.read(run.resolve("weights.safetensors"), owner);
            assertEquals(all.keySet(), same.arrays().keySet());
            assertTrue(
                    same.metadata().get("elbo.config").contains("\"latent\":2"),
                    same.metadata().toString());
        }
        assertTrue(all.containsKey("encoder.layers.0.weight"), all.keySet().toString());
        assertEquals(
                Set.of(
                        "decoder.layers.0.weight",
                        "decoder.layers.0.bias",
                        "output.logits.weight",
                        "output.logits.bias"),
                Npz.read(run.resolve("decoder.npz")).arrays().keySet());
    }

    /// Twenty words of two letters.
    private Path letters() throws Exception {
        StringBuilder text = new StringBuilder();
        for (int word = 0; word < 20; word++) {
            for (int t = 0; t < 2; t++) {
                text.append("%d\t%c\t%d\t%d\t%d\t%d"
                        .formatted(2 * word + t, 'a' + t, t == 1 ? -1 : 2 * word + 1, word, t + 1, word % 10));
                for (int pixel = 0; pixel < 128; pixel++) {
                    text.append((pixel + word + t) % 3 == 0 ? "\t1" : "\t0");
                }
                text.append('\n');
            }
        }
        return Files.writeString(folder.resolve("letter.data"), text);
    }
}
