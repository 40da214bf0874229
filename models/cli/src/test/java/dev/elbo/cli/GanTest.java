package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.Png;
import dev.elbo.models.training.RunFolder;
import dev.elbo.runtime.Checkpoint;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// GANs and the classifier that judges them, from the command line; small enough to wait for, so not good.
class GanTest {
    @TempDir
    Path folder;

    @Test
    void aGanOnAToySaysWhichModesItReaches() throws IOException {
        Path place = folder.resolve("gan");
        Session.Seen trained = Session.run(
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
        assertEquals(0, trained.code(), trained.err());
        assertEquals(8, trained.number("modes_of"));
        assertTrue(trained.number("modes_reached") <= 8);
        assertTrue(trained.number("near") >= 0 && trained.number("near") <= 1);
        String metrics = Files.readString(place.resolve("metrics.jsonl"));
        assertTrue(metrics.contains("discriminator_loss") && metrics.contains("generator_loss"), metrics);
        assertTrue(Files.readString(place.resolve("report.html")).contains("samples among the data"));
        assertEquals(3, Session.run("sample", place).code());
        assertEquals(
                3,
                Session.run("train", "gan", "--data", "gaussians:star", "--out", folder.resolve("x"))
                        .code());
        assertEquals(
                3,
                Session.run("train", "gan", "--objective", "luck", "--out", folder.resolve("y"))
                        .code());
    }

    @Test
    void aDcganIsTrainedSampledReportedAndJudged() throws IOException {
        Path place = folder.resolve("dcgan");
        Session.Seen trained =
                Session.run("train", "dcgan", "--width", 4, "--latent", 8, "--epochs", 0.5, "--out", place, "--json");
        assertEquals(0, trained.code(), trained.err());
        assertEquals(0, Session.run("sample", place, "--count", 9).code());
        Png.read("samples", Files.readAllBytes(place.resolve("samples.png")));

        Path judge = folder.resolve("classifier");
        Session.Seen learned = Session.run("train", "classifier", "--epochs", 2, "--out", judge, "--json");
        assertEquals(0, learned.code(), learned.err());
        assertTrue(learned.number("test_accuracy") > 0.5, learned.out());

        Session.Seen judged = Session.run("evaluate", place, "--classifier", judge, "--samples", 300, "--json");
        assertEquals(0, judged.code(), judged.err());
        assertTrue(judged.number("frechet") > judged.number("frechet_of_data"), judged.out());
        assertTrue(judged.number("confident") <= 1 && judged.number("least_class") <= 0.1, judged.out());
        assertEquals(0, Session.run("report", place).code());
        String page = Files.readString(place.resolve("report.html"));
        for (String section :
                List.of("Samples", "Latent walks", "Arithmetic", "Nearest training examples", "eyes of a classifier")) {
            assertTrue(page.contains(section), section);
        }
        assertFalse(page.contains("Reconstructions"));

        assertEquals(3, Session.run("evaluate", place, "--classifier", place).code());
        assertEquals(3, Session.run("sample", judge).code());
        assertEquals(0, Session.run("report", judge).code());
    }

    /// A folder of 64×64 pictures in colour: discs, red and blue.
    @Test
    void picturesInColourAreTrainedOnAndShown() throws IOException {
        Path discs = folder.resolve("discs");
        for (int i = 0; i < 20; i++) {
            Path file = discs.resolve(i % 2 == 0 ? "red" : "blue").resolve(i + ".png");
            Files.createDirectories(file.getParent());
            Files.write(file, disc(i).bytes());
        }
        Path place = folder.resolve("colour");
        Session.Seen trained = Session.run(
                "train", "dcgan", "--data", "png:" + discs, "--width", 4, "--batch", 6, "--epochs", 1, "--out", place);
        assertEquals(0, trained.code(), trained.err());
        assertEquals(0, Session.run("sample", place, "--count", 4).code());
        Png samples = Png.read("samples", Files.readAllBytes(place.resolve("samples.png")));
        assertEquals(
                List.of(2 * 65 + 1, 2 * 65 + 1, 3), List.of(samples.height(), samples.width(), samples.channels()));
        String page = Files.readString(place.resolve("report.html"));
        for (String section : List.of("Samples", "Latent walks", "Arithmetic", "Nearest training examples")) {
            assertTrue(page.contains(section), section);
        }
    }

    private static Png disc(int i) {
        byte[] samples = new byte[64 * 64 * 3];
        for (int pixel = 0; pixel < 64 * 64; pixel++) {
            int down = pixel / 64 - 20 - i;
            int right = pixel % 64 - 32;
            boolean inside = down * down + right * right < 150;
            samples[3 * pixel] = (byte) (inside && i % 2 == 1 ? 30 : 220);
            samples[3 * pixel + 1] = (byte) (inside ? 40 : 220);
            samples[3 * pixel + 2] = (byte) (inside && i % 2 == 0 ? 30 : 200);
        }
        return new Png(64, 64, 3, samples);
    }

    /// Ended after one of two epochs and gone on with: the bytes of the run that never stopped.
    @Test
    void aResumedRunEndsInTheSameBytes() throws IOException {
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        Object[] same = {"train", "dcgan", "--width", 2, "--latent", 4, "--batch", 200, "--schedule", "constant"};
        assertEquals(0, Session.run(all(same, "--epochs", 2, "--out", whole)).code());
        assertEquals(0, Session.run(all(same, "--epochs", 1, "--out", parts)).code());
        assertEquals(0, Session.run("train", "--resume", parts, "--epochs", 2).code());
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
