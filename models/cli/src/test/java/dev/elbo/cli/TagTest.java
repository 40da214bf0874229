package dev.elbo.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Models of sequences as a person uses them, on data small enough to wait for.
class TagTest {
    @TempDir
    Path folder;

    /// Words of three letters in ten folds: a, b and c in a circle, each a picture of its own with a tenth of its
    /// pixels flipped.
    private Path letters() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        StringBuilder text = new StringBuilder();
        int id = 1;
        for (int word = 0; word < 100; word++) {
            int first = random.nextInt(3);
            for (int t = 0; t < 3; t++) {
                int letter = (first + t) % 3;
                text.append("%d\t%c\t%d\t%d\t%d\t%d\t"
                        .formatted(id, 'a' + letter, t == 2 ? -1 : id + 1, word, t + 1, word % 10));
                for (int pixel = 0; pixel < 128; pixel++) {
                    boolean on = pixel % 3 == letter ^ random.nextInt(10) == 0;
                    text.append(on ? "1\t" : "0\t");
                }
                text.append('\n');
                id++;
            }
        }
        return Files.writeString(folder.resolve("letter.data"), text);
    }

    private Path chunks() throws IOException {
        Path place = Files.createDirectories(folder.resolve("conll"));
        String sentence = "the DT B-NP\ndog NN I-NP\nruns VBZ B-VP\n. . O\n\n";
        Files.writeString(place.resolve("train.txt"), sentence.repeat(6) + "a DT B-NP\ncat NN I-NP\n\n");
        Files.writeString(place.resolve("test.txt"), sentence + "1. CD I-LST\nthe DT B-NP\ndog NN I-NP\n");
        return place;
    }

    @Test
    void aNetworkWithAChainIsTrainedJudgedAndTags() throws IOException {
        Path run = folder.resolve("run");
        Session.Seen trained = Session.run(
                "train",
                "nn-crf",
                "--data",
                "letters:" + letters(),
                "--hidden",
                16,
                "--epochs",
                30,
                "--batch",
                10,
                "--lr",
                0.02,
                "--device",
                "cpu",
                "--out",
                run,
                "--json");
        assertEquals(0, trained.code(), trained.err());
        assertTrue(
                trained.out().contains("90 sequences of 270 positions to train on, 10 of 30 to test on"),
                trained.out());
        assertEquals(Json.of("nn-crf"), trained.lastLine().get("model"));
        double accuracy =
                ((Json.Number) trained.lastLine().get("test_accuracy")).value().doubleValue();
        assertTrue(accuracy > 0.95, trained.out());
        assertTrue(Files.readString(run.resolve("report.html")).contains("Transitions"));

        Session.Seen judged = Session.run("evaluate", run, "--device", "cpu", "--json");
        assertEquals(trained.lastLine().get("test_accuracy"), judged.lastLine().get("test_accuracy"));

        Session.Seen tagged = Session.run("tag", run, "--k-best", 2, "--marginals", "--device", "cpu");
        assertEquals(0, tagged.code(), tagged.err());
        String[] lines = tagged.out().strip().split("\n");
        assertEquals(10, lines.length);
        Map<String, Json> line = ((Json.Members) Json.parse(lines[3], "line")).values();
        assertEquals(Json.of(3), line.get("sequence"));
        assertEquals(3, ((Json.Elements) line.get("tags")).values().size());
        assertEquals(2, ((Json.Elements) line.get("best")).values().size());
        Json.Members first =
                (Json.Members) ((Json.Elements) line.get("marginals")).values().getFirst();
        double total = first.values().values().stream()
                .mapToDouble(p -> ((Json.Number) p).value().doubleValue())
                .sum();
        assertEquals(1, total, 0.003);
        double logProbability =
                ((Json.Number) line.get("log_probability")).value().doubleValue();
        assertTrue(logProbability <= 1e-4, lines[3]);

        Session.Seen sample = Session.run("sample", run);
        assertEquals(3, sample.code());
        assertTrue(sample.err().contains("its model is none of single examples"), sample.err());
    }

    @Test
    void convolutionsWithAChainAreTrainedAndTag() throws IOException {
        Path run = folder.resolve("run");
        String data = "letters:" + letters();
        Object[] words = {
            "train",
            "nn-crf",
            "--data",
            data,
            "--channels",
            "3,4",
            "--hidden",
            8,
            "--dropout",
            10,
            "--epochs",
            30,
            "--batch",
            10,
            "--lr",
            0.02,
            "--device",
            "cpu",
            "--out",
            run,
            "--json"
        };
        Session.Seen trained = Session.run(words);
        assertEquals(0, trained.code(), trained.err());
        double accuracy =
                ((Json.Number) trained.lastLine().get("test_accuracy")).value().doubleValue();
        assertTrue(accuracy > 0.95, trained.out());
        Session.Seen judged = Session.run("evaluate", run, "--device", "cpu", "--json");
        assertEquals(trained.lastLine().get("test_accuracy"), judged.lastLine().get("test_accuracy"));
        Session.Seen one =
                Session.run("train", "nn-crf", "--data", data, "--channels", 3, "--device", "cpu", "--out", run + "1");
        assertEquals(3, one.code());
        assertTrue(one.err().contains("two convolutions are over pictures; channels=[3]"), one.err());
    }

    @Test
    void chunksAreFoundInTextWithATagThatTrainingNeverShows() throws IOException {
        Path run = folder.resolve("run");
        Session.Seen trained =
                Session.run("train", "crf", "--data", "conll:" + chunks(), "--device", "cpu", "--out", run, "--json");
        assertEquals(0, trained.code(), trained.err());
        // Gold: two NP, one VP, one LST; all but the last can be found.
        double f1 = ((Json.Number) trained.lastLine().get("test_f1")).value().doubleValue();
        assertTrue(f1 > 0.5 && f1 < 1, trained.out());
        Session.Seen tagged = Session.run("tag", run, "--device", "cpu", "--out", folder.resolve("tags.jsonl"));
        assertEquals(0, tagged.code(), tagged.err());
        List<String> lines = Files.readAllLines(folder.resolve("tags.jsonl"));
        assertEquals(2, lines.size());
        assertTrue(lines.getFirst().contains("\"tags\":[\"B-NP\",\"I-NP\",\"B-VP\",\"O\"]"), lines.getFirst());
        assertTrue(lines.getLast().contains("\"gold\":[\"I-LST\""), lines.getLast());

        Path mine = Files.writeString(folder.resolve("mine.txt"), "a DT\ndog NN\n\nthe DT B-VP\n");
        Session.Seen own = Session.run("tag", run, "--input", mine, "--device", "cpu");
        assertEquals(0, own.code(), own.err());
        String[] ownLines = own.out().strip().split("\n");
        assertEquals(2, ownLines.length);
        assertTrue(ownLines[0].contains("\"tags\":[\"B-NP\",\"I-NP\"]"), ownLines[0]);
        assertTrue(ownLines[1].contains("\"tags\":[\"B-NP\"]") && !own.out().contains("gold"), ownLines[1]);
        Session.Seen broken = Session.run("tag", run, "--input", Files.writeString(mine, "a\n"), "--device", "cpu");
        assertEquals(3, broken.code());
        assertTrue(broken.err().contains("expected=2, actual=1; line=1"), broken.err());
    }

    /// Fifteen recordings of each digit, a tone of its own, in an archive.
    private Path spoken() throws IOException {
        Path archive = folder.resolve("recordings.tar");
        SplittableRandom random = new SplittableRandom(3);
        try (OutputStream tar = Files.newOutputStream(archive)) {
            for (int digit = 0; digit < 10; digit++) {
                for (int index = 0; index < 15; index++) {
                    byte[] wav = tone(200 + 300 * digit, random);
                    byte[] header = new byte[512];
                    byte[] name =
                            "recordings/%d_ann_%d.wav".formatted(digit, index).getBytes(US_ASCII);
                    System.arraycopy(name, 0, header, 0, name.length);
                    byte[] size = "%011o".formatted(wav.length).getBytes(US_ASCII);
                    System.arraycopy(size, 0, header, 124, size.length);
                    tar.write(header);
                    tar.write(wav);
                    tar.write(new byte[Math.floorMod(-wav.length, 512)]);
                }
            }
            tar.write(new byte[1024]);
        }
        return archive;
    }

    /// A fifth of a second that rises from a frequency to half as much again, with noise.
    private static byte[] tone(double hertz, SplittableRandom random) {
        int samples = 1600 + random.nextInt(400);
        ByteBuffer wav = ByteBuffer.allocate(44 + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
        wav.put("RIFF".getBytes(US_ASCII)).putInt(36 + 2 * samples).put("WAVEfmt ".getBytes(US_ASCII));
        wav.putInt(16).putShort((short) 1).putShort((short) 1).putInt(8000).putInt(16000);
        wav.putShort((short) 2)
                .putShort((short) 16)
                .put("data".getBytes(US_ASCII))
                .putInt(2 * samples);
        for (int i = 0; i < samples; i++) {
            double phase = 2 * Math.PI * hertz * i / 8000 * (1 + 0.25 * i / samples);
            wav.putShort((short) (8000 * Math.sin(phase) + 300 * random.nextGaussian()));
        }
        return wav.array();
    }

    @Test
    void stringsOfDigitsAreRecognised() throws IOException {
        Path run = folder.resolve("spoken");
        Session.Seen trained = Session.run(
                "train",
                "nn-hmm",
                "--data",
                "spoken-digits:" + spoken(),
                "--hidden",
                "24,6",
                "--epochs",
                40,
                "--batch",
                5,
                "--lr",
                0.02,
                "--device",
                "cpu",
                "--out",
                run,
                "--json");
        assertEquals(0, trained.code(), trained.err());
        double accuracy = ((Json.Number) trained.lastLine().get("test_word_accuracy"))
                .value()
                .doubleValue();
        assertTrue(accuracy > 0.8, trained.out());
        // A word that costs so much is said once: one word for each string of five.
        Session.Seen silent = Session.run("evaluate", run, "--word-penalty", -1e6, "--device", "cpu", "--json");
        assertEquals(0, silent.code(), silent.err());
        assertEquals(
                10,
                ((Json.Number) silent.lastLine().get("recognised")).value().intValue()
                        + ((Json.Number) silent.lastLine().get("substituted"))
                                .value()
                                .intValue());
        Session.Seen tagged = Session.run("tag", run, "--device", "cpu");
        Map<String, Json> line = ((Json.Members) Json.parse(tagged.out().strip().split("\n")[0], "line")).values();
        assertEquals(5, ((Json.Elements) line.get("said")).values().size());
        assertTrue(((Json.Elements) line.get("words")).values().size() >= 4, tagged.out());
    }

    @Test
    void aRunIsGoneOnWith() throws IOException {
        Path run = folder.resolve("run");
        String data = "letters:" + letters();
        Object[] words = {"train", "crf", "--data", data, "--epochs", 3, "--device", "cpu", "--out", run};
        assertEquals(0, Session.run(words).code());
        Session.Seen resumed = Session.run("train", "--resume", run, "--device", "cpu");
        assertEquals(0, resumed.code(), resumed.err());
        assertTrue(resumed.out().contains("going on after step 3"), resumed.out());
    }

    @Test
    void whatAPersonGotWrongIsNamed() throws IOException {
        Session.Seen kind = Session.run("train", "crf", "--data", "digits", "--out", folder.resolve("a"));
        assertEquals(3, kind.code());
        assertTrue(kind.err().contains("use letters:FILE, conll:DIR, spoken-digits:FILE or symbols:FILE"), kind.err());
        Session.Seen network =
                Session.run("train", "nn-crf", "--data", "conll:" + chunks(), "--out", folder.resolve("b"));
        assertEquals(3, network.code());
        assertTrue(network.err().contains("a network wants numbers — use crf"), network.err());
        String data = "letters:" + letters();
        assertEquals(
                2,
                Session.run("train", "crf", "--data", data, "--folds", "some", "--out", folder.resolve("c"))
                        .code());
        assertEquals(
                2,
                Session.run("train", "vae", "--folds", "all", "--out", folder.resolve("e"))
                        .code());
        assertEquals(
                3,
                Session.run("train", "crf", "--data", data, "--folds", "77", "--out", folder.resolve("d"))
                        .code());
    }

    @Test
    void hiddenMarkovModelsTagToo() throws IOException {
        String data = "letters:" + letters();
        Path run = folder.resolve("hmm");
        Session.Seen plain = Session.run(
                "train", "hmm", "--data", data, "--epochs", 4, "--diagonal", "--device", "cpu", "--out", run, "--json");
        assertEquals(0, plain.code(), plain.err());
        double accuracy =
                ((Json.Number) plain.lastLine().get("test_accuracy")).value().doubleValue();
        assertTrue(accuracy > 0.95, plain.out());
        assertTrue(Files.readString(run.resolve("report.html")).contains("probabilities, from row to column"));
        Session.Seen hybrid = Session.run(
                "train",
                "nn-hmm",
                "--data",
                data,
                "--hidden",
                "16,3",
                "--epochs",
                30,
                "--batch",
                10,
                "--lr",
                0.02,
                "--device",
                "cpu",
                "--out",
                folder.resolve("hybrid"),
                "--json");
        assertEquals(0, hybrid.code(), hybrid.err());
        double joint =
                ((Json.Number) hybrid.lastLine().get("test_accuracy")).value().doubleValue();
        assertTrue(joint > 0.9, hybrid.out());
    }

    /// A person's own sequences of numbers: the second letter of the first word was not observed, and the second word
    /// has two letters.
    @Test
    void ownNumbersAreTagged() throws IOException {
        Path run = folder.resolve("own");
        Object[] words = {"train", "hmm", "--data", "letters:" + letters(), "--epochs", 2, "--diagonal", "--out", run};
        assertEquals(0, Session.run(words).code());
        float[] x = new float[2 * 3 * 128];
        for (int e = 0; e < x.length; e++) {
            int letter = (e / 384 + e / 128) % 3; // abc, bca
            x[e] = e % 128 % 3 == letter ? 1 : 0;
        }
        x[128 + 7] = Float.NaN;
        Path mine = folder.resolve("mine.npz");
        StoredArray pictures = StoredArray.of(List.of(2L, 3L, 128L), x);
        StoredArray lengths = StoredArray.of(List.of(2L), 3L, 2L);
        new Npz(Map.of("x", pictures, "lengths", lengths)).write(mine);
        Session.Seen tagged = Session.run("tag", run, "--input", mine, "--device", "cpu");
        assertEquals(0, tagged.code(), tagged.err());
        String[] lines = tagged.out().strip().split("\n");
        assertTrue(lines[0].contains("\"tags\":[\"a\",\"b\",\"c\"]"), lines[0]);
        assertTrue(lines[1].contains("\"tags\":[\"b\",\"c\"]"), lines[1]);
        new Npz(Map.of("x", pictures, "lengths", StoredArray.of(List.of(2L), 3L, 4L))).write(mine);
        Session.Seen broken = Session.run("tag", run, "--input", mine, "--device", "cpu");
        assertEquals(3, broken.code());
        assertTrue(broken.err().contains("a length out of range; sequence=1, length=4, t=3"), broken.err());
    }

    /// What is not observed, and what training never showed, leaves the say to the neighbours.
    @Test
    void aHiddenMarkovModelOfSymbolsIsCountedAndTags() throws IOException {
        Path text = folder.resolve("symbols.txt");
        Files.writeString(
                text, "the/D dog/N sees/V a/D cat/N\n".repeat(9) + "the/D new/N sees/V ?/D dog/N\n\n".repeat(1));
        Path run = folder.resolve("symbols");
        Session.Seen trained =
                Session.run("train", "hmm", "--data", "symbols:" + text, "--device", "cpu", "--out", run, "--json");
        assertEquals(0, trained.code(), trained.err());
        assertEquals(Json.of(1.0), trained.lastLine().get("test_accuracy"));
        Session.Seen tagged = Session.run("tag", run, "--device", "cpu");
        assertTrue(tagged.out().contains("\"tags\":[\"D\",\"N\",\"V\",\"D\",\"N\"]"), tagged.out());
        // Without pseudo-counts a word that follows what it never followed is impossible, and so is its sentence.
        Path plain = folder.resolve("plain");
        Object[] words = {"train", "hmm", "--data", "symbols:" + text, "--pseudo-counts", 0, "--out", plain, "--json"};
        Session.Seen counted = Session.run(words);
        assertEquals(0, counted.code(), counted.err());
        assertTrue(Files.readString(plain.resolve("config.json")).contains("\"pseudo_counts\""));
        Files.writeString(text, "the/D dog\n");
        Session.Seen broken = Session.run("train", "hmm", "--data", "symbols:" + text, "--out", folder.resolve("x"));
        assertEquals(3, broken.code());
        assertTrue(broken.err().contains("no symbol/class; token=dog; line=1"), broken.err());
    }

    @Test
    void everyFoldTestsOnce() throws IOException {
        Path run = folder.resolve("all");
        Session.Seen all = Session.run(
                "train",
                "crf",
                "--data",
                "letters:" + letters(),
                "--epochs",
                2,
                "--folds",
                "all",
                "--device",
                "cpu",
                "--out",
                run,
                "--json");
        assertEquals(0, all.code(), all.err());
        assertEquals(Json.of(10), all.lastLine().get("folds"));
        assertTrue(Files.exists(run.resolve("fold-9").resolve("report.html")));
    }
}
