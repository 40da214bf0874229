package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.Png;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The commands as a person uses them one after the other, on data small enough to wait for.
class TrainTest {
    @TempDir
    Path folder;

    private record Seen(int code, String out, String err) {
        Map<String, Json> lastLine() {
            String[] lines = out.strip().split("\n");
            return ((Json.Members) Json.parse(lines[lines.length - 1], "output")).values();
        }
    }

    private static Seen run(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        List<String> words = Stream.of(args).map(String::valueOf).toList();
        int code = Elbo.run(words, new PrintWriter(out, true), new PrintWriter(err, true));
        return new Seen(code, out.toString(), err.toString());
    }

    /// Two kinds of 3×3 pictures in a folder each.
    private Path pictures() throws IOException {
        Path place = folder.resolve("pictures");
        for (String kind : List.of("cross", "ring")) {
            Files.createDirectories(place.resolve(kind));
            for (int i = 0; i < 30; i++) {
                byte[] samples = new byte[9];
                for (int p = 0; p < 9; p++) {
                    boolean on = kind.equals("cross") ? p % 2 == 0 : p != 4;
                    samples[p] = (byte) (on ? 255 : 0);
                }
                Files.write(place.resolve(kind).resolve(i + ".png"), new Png(3, 3, 1, samples).bytes());
            }
        }
        return place;
    }

    @Test
    void aRunIsTrainedJudgedSampledAndReported() throws IOException {
        Path run = folder.resolve("run");
        Seen trained = run(
                "train",
                "vae",
                "--data",
                "png:" + pictures(),
                "--hidden",
                8,
                "--latent",
                2,
                "--batch",
                10,
                "--epochs",
                60,
                "--lr",
                0.02,
                "--out",
                run,
                "--json");
        assertEquals(0, trained.code, trained.err);
        assertTrue(trained.out.contains("54 to train on, 6 to test on, each 3×3"), trained.out);
        Map<String, Json> figures = trained.lastLine();
        assertEquals(Json.of("vae"), figures.get("model"));
        double elbo = ((Json.Number) figures.get("test_elbo")).value().doubleValue();
        // Two pictures that cannot be confused: log ½ is the best, nine fair coins −6.2.
        assertTrue(elbo > -2.5 && elbo < Math.log(0.5) + 1e-3, trained.out);

        Seen judged = run("evaluate", run, "--nll", 100, "--json");
        assertEquals(0, judged.code, judged.err);
        double nll = ((Json.Number) judged.lastLine().get("test_nll")).value().doubleValue();
        assertTrue(nll >= Math.log(2) - 0.05 && nll <= -elbo + 0.05, judged.out);

        assertEquals(0, run("sample", run, "--count", 5).code);
        Png grid = Png.read("samples", Files.readAllBytes(run.resolve("samples.png")));
        assertEquals(grid.width(), 3 * (3 * 19 + 1) + 1);

        String page = Files.readString(run.resolve("report.html"));
        assertTrue(page.contains("Reconstructions") && page.contains("Latent plane"), page);
        assertFalse(page.contains("http"), "an address in the page");
        assertEquals(0, run("report", run).code);
    }

    @Test
    void anRbmSaysItsExactLikelihood() throws IOException {
        Path run = folder.resolve("rbm");
        Seen trained = run(
                "train",
                "rbm",
                "--data",
                "png:" + pictures(),
                "--hidden",
                6,
                "--persistent",
                "--batch",
                10,
                "--epochs",
                60,
                "--lr",
                0.02,
                "--out",
                run,
                "--json");
        assertEquals(0, trained.code, trained.err);
        double mean = ((Json.Number) trained.lastLine().get("test_log_likelihood"))
                .value()
                .doubleValue();
        assertTrue(mean > -4 && mean < Math.log(0.5) + 1e-3, trained.out);
        assertTrue(Files.readString(run.resolve("report.html")).contains("Receptive fields"));
    }

    @Test
    void aFolderThatHoldsARunIsNotTrainedInto() throws IOException {
        Path run = folder.resolve("run");
        Object[] words = {
            "train", "iwae", "--data", "png:" + pictures(), "--hidden", 4, "--latent", 1, "--epochs", 2, "--out", run
        };
        assertEquals(0, run(words).code);
        Seen again = run(words);
        assertEquals(3, again.code);
        assertTrue(again.err.contains("holds a run already — name another folder, or go on with --resume"), again.err);
    }

    @Test
    void whatAPersonGotWrongIsNamed() {
        Seen data = run("train", "vae", "--data", "mnist:" + folder.resolve("none"), "--out", folder.resolve("a"));
        assertEquals(3, data.code);
        assertTrue(data.err.startsWith("elbo: ") && data.err.contains("no such file in it"), data.err);
        assertEquals(2, run("train", "vea").code);
        assertEquals(2, run("train").code);
        Seen device = run("train", "vae", "--device", "tpu", "--out", folder.resolve("b"));
        assertEquals(4, device.code);
        assertTrue(device.err.contains("no such device: tpu"), device.err);
        Seen gpu = run("train", "vae", "--device", "cuda:99", "--out", folder.resolve("c"));
        assertEquals(4, gpu.code);
        assertTrue(gpu.err.contains("no device cuda:99: "), gpu.err);
        Seen run = run("evaluate", folder);
        assertEquals(3, run.code);
        assertTrue(run.err.contains("holds no run: no config.json"), run.err);
        assertEquals(0, run("train", "--list-data").code);
    }
}
