package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.Png;
import dev.elbo.models.training.RunFolder;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// GANs and the classifier that judges them, from the command line; small enough to wait for, so not good.
class GanTest {
    @TempDir
    Path folder;

    private record Seen(int code, String out, String err) {
        double figure(String name) {
            String[] lines = out.strip().split("\n");
            Map<String, Json> all = ((Json.Members) Json.parse(lines[lines.length - 1], "output")).values();
            return ((Json.Number) all.get(name)).value().doubleValue();
        }
    }

    private static Seen run(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        List<String> words = Stream.of(args).map(String::valueOf).toList();
        int code = Elbo.run(words, new PrintWriter(out, true), new PrintWriter(err, true));
        return new Seen(code, out.toString(), err.toString());
    }

    @Test
    void aGanOnAToySaysWhichModesItReaches() throws IOException {
        Path place = folder.resolve("gan");
        Seen trained = run(
                "train",
                "gan",
                "--data",
                "gaussians:ring",
                "--hidden",
                16,
                "--epochs",
                0.3,
                "--objective",
                "hinge",
                "--spectral",
                "--out",
                place,
                "--json");
        assertEquals(0, trained.code, trained.err);
        assertEquals(8, trained.figure("modes_of"));
        assertTrue(trained.figure("modes_reached") <= 8);
        assertTrue(trained.figure("near") >= 0 && trained.figure("near") <= 1);
        String metrics = Files.readString(place.resolve("metrics.jsonl"));
        assertTrue(metrics.contains("discriminator_loss") && metrics.contains("generator_loss"), metrics);
        assertTrue(Files.readString(place.resolve("report.html")).contains("samples among the data"));
        assertEquals(3, run("sample", place).code);
        assertEquals(3, run("train", "gan", "--data", "gaussians:star", "--out", folder.resolve("x")).code);
        assertEquals(3, run("train", "gan", "--objective", "luck", "--out", folder.resolve("y")).code);
    }

    @Test
    void aDcganIsTrainedSampledReportedAndJudged() throws IOException {
        Path place = folder.resolve("dcgan");
        Seen trained = run("train", "dcgan", "--width", 4, "--latent", 8, "--epochs", 0.5, "--out", place, "--json");
        assertEquals(0, trained.code, trained.err);
        assertEquals(0, run("sample", place, "--count", 9).code);
        Png.read("samples", Files.readAllBytes(place.resolve("samples.png")));

        Path judge = folder.resolve("classifier");
        Seen learned = run("train", "classifier", "--epochs", 2, "--out", judge, "--json");
        assertEquals(0, learned.code, learned.err);
        assertTrue(learned.figure("test_accuracy") > 0.5, learned.out);

        Seen judged = run("evaluate", place, "--classifier", judge, "--samples", 300, "--json");
        assertEquals(0, judged.code, judged.err);
        assertTrue(judged.figure("frechet") > judged.figure("frechet_of_data"), judged.out);
        assertTrue(judged.figure("confident") <= 1 && judged.figure("least_class") <= 0.1, judged.out);
        assertEquals(0, run("report", place).code);
        String page = Files.readString(place.resolve("report.html"));
        for (String section :
                List.of("Samples", "Latent walks", "Arithmetic", "Nearest training examples", "eyes of a classifier")) {
            assertTrue(page.contains(section), section);
        }
        assertFalse(page.contains("Reconstructions"));

        assertEquals(3, run("evaluate", place, "--classifier", place).code);
        assertEquals(3, run("sample", judge).code);
        assertEquals(0, run("report", judge).code);
    }

    /// Ended after one of two epochs and gone on with: the bytes of the run that never stopped.
    @Test
    void aResumedRunEndsInTheSameBytes() throws IOException {
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        Object[] same = {"train", "dcgan", "--width", 2, "--latent", 4, "--batch", 200, "--schedule", "constant"};
        assertEquals(0, run(all(same, "--epochs", 2, "--out", whole)).code);
        assertEquals(0, run(all(same, "--epochs", 1, "--out", parts)).code);
        assertEquals(0, run("train", "--resume", parts, "--epochs", 2).code);
        try (Arena arena = Arena.ofConfined()) {
            Checkpoint one = RunFolder.latest(whole, arena);
            Checkpoint other = RunFolder.latest(parts, arena);
            assertEquals(one.arrays().keySet(), other.arrays().keySet());
            one.arrays()
                    .forEach((name, array) -> assertArrayEquals(
                            array.data().toArray(ValueLayout.JAVA_BYTE),
                            other.arrays().get(name).data().toArray(ValueLayout.JAVA_BYTE),
                            name));
        }
    }

    private static Object[] all(Object[] first, Object... more) {
        return Stream.concat(Stream.of(first), Stream.of(more)).toArray();
    }
}
