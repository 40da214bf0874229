package dev.elbo.models.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.BadInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class SequenceDataTest {
    @TempDir
    Path folder;

    @Test
    void lettersAreWords() throws IOException {
        String blank = "\t0".repeat(127);
        String text = "1\to\t2\t1\t1\t0\t1" + blank + "\t\n2\tm\t-1\t1\t2\t0\t0" + blank + "\t\n3\ta\t-1\t2\t1\t9\t1"
                + blank + "\n";
        Path file = Files.writeString(folder.resolve("letter.data"), text);
        try (Arena arena = Arena.ofConfined()) {
            Sequences read = Letters.read(file, arena);
            assertEquals(2, read.count());
            assertArrayEquals(new int[] {0, 2, 3}, read.starts());
            assertArrayEquals(new int[] {14, 12, 0}, read.labels());
            assertArrayEquals(new int[] {0, 9}, read.groups());
            assertEquals(1, read.length(1));
        }
        refused(file, text.replace("\t-1\t1\t2\t0", "\t3\t1\t2\t0"), "a word in two folds; fold=9, first=0; line=3");
        refused(file, text.replace("\to\t", "\tO\t"), "not a letter from a to z; letter=O; line=1");
        refused(file, text.replace("9\t1", "9\t2"), "pixel is no integer in [0, 2); pixel=2; line=3");
        refused(file, text.replace("9\t1\t0", "9\t1"), "expected=134, actual=133; line=3");
        refused(file, text.replace("\ta\t-1", "\ta\t4"), "the last word does not end; line=3");
        refused(file, "\n\n", "holds no lines");
    }

    @Test
    void taggedTextIsCutAtEmptyLines() throws IOException {
        Path file = Files.writeString(folder.resolve("t.txt"), "He PRP B-NP\nruns VBZ B-VP\n\n\n. . O\n");
        TaggedText read = TaggedText.read(file);
        assertEquals(2, read.sentences().size());
        assertEquals(List.of("He", "runs"), read.sentences().getFirst().words());
        assertEquals(List.of("O"), read.sentences().getLast().tags());
        Files.writeString(file, "a b c\n\nd e\n");
        String message = message(() -> TaggedText.read(file));
        assertTrue(message.contains("expected=3, actual=2; line=3"), message);
    }

    @Test
    void chunkFeaturesKnowWhatTrainingShowsOftenEnough() throws IOException {
        Path file = Files.writeString(folder.resolve("t.txt"), "He PRP B-NP\nruns VBZ B-VP\n\nHe PRP B-NP\n");
        TaggedText train = TaggedText.read(file);
        ChunkFeatures features = ChunkFeatures.of(train, 2);
        assertEquals(List.of("B-NP", "B-VP"), features.tags());
        // Both sentences show the word and its tag, what stands before them, and nothing else twice.
        assertTrue(features.places().containsKey("2 He"), features.places().toString());
        assertTrue(features.places().containsKey("5 <-1 He"), features.places().toString());
        assertTrue(!features.places().containsKey("2 runs"), features.places().toString());
        Files.writeString(file, "He PRP B-NP\nwalks VBZ I-LST\n");
        try (Arena arena = Arena.ofConfined()) {
            Sequences test = features.of(TaggedText.read(file), arena);
            assertEquals(List.of("B-NP", "B-VP", "I-LST"), test.classes());
            assertArrayEquals(new int[] {0, 2}, test.labels());
            int he = test.values().getAtIndex(ValueLayout.JAVA_INT, 2);
            assertEquals(features.places().get("2 He"), he);
            assertEquals(-1, test.values().getAtIndex(ValueLayout.JAVA_INT, ChunkFeatures.EACH + 2));
        }
    }

    @Test
    void corporaCountTheirTerms() throws IOException {
        Path file = Files.writeString(folder.resolve("c.ldac"), "2 0:3 7:1\n0\n1 2:5\n");
        Corpus read = Corpus.read(file);
        assertEquals(8, read.vocabulary());
        assertEquals(4, read.documents().getFirst().length());
        assertEquals(0, read.documents().get(1).length());
        for (List<String> bad : List.of(
                List.of("2 0:1", "other number of terms; said=2, actual=1; line=1"),
                List.of("1 0", "not term:count; field=0; line=1"),
                List.of("1 -1:2", "term is no integer in [0, 16777216); term=-1; line=1"))) {
            Files.writeString(file, bad.getFirst());
            String message = message(() -> Corpus.read(file));
            assertTrue(message.contains(bad.getLast()), message);
        }
    }

    @Test
    void theLongestDocumentHasALength() throws IOException {
        String most = "%d:16777215 "
                .repeat(200)
                .formatted(IntStream.range(0, 200).boxed().toArray());
        Path file = Files.writeString(folder.resolve("long.ldac"), "200 " + most);
        assertEquals(200L * 16_777_215, Corpus.read(file).documents().getFirst().length());
    }

    @Test
    void recordingsAreNamedByDigitAndSpeaker() throws IOException {
        Path file = folder.resolve("r.tar");
        Files.write(file, tar(out -> {
            member(out, "fsdd/ABOUT.txt", "words".getBytes());
            member(out, "fsdd/recordings/7_theo_12.wav", wav(1, 16, 8000, (short) 16384, Short.MIN_VALUE));
            member(out, "fsdd/recordings/7_jackson_4.wav", wav(1, 16, 8000));
        }));
        List<SpokenDigits.Recording> read = SpokenDigits.read(file);
        assertEquals("jackson", read.getFirst().speaker());
        assertTrue(read.getFirst().held());
        assertEquals(7, read.getLast().digit());
        assertEquals(12, read.getLast().index());
        assertEquals(8000, read.getLast().sound().rate());
        assertArrayEquals(new float[] {0.5f, -1f}, read.getLast().sound().samples());

        Files.write(file, tar(out -> member(out, "1_a_1.wav", wav(2, 16, 8000))));
        String message = message(() -> SpokenDigits.read(file));
        assertTrue(message.startsWith(file + "!1_a_1.wav: "), message);
        assertTrue(message.contains("channels=2, bits=16"), message);
        Files.write(file, tar(out -> member(out, "readme", new byte[3])));
        assertTrue(message(() -> SpokenDigits.read(file)).contains("no member named like 7_jackson_32.wav"));
        Files.writeString(file, "x".repeat(600));
        assertTrue(message(() -> SpokenDigits.read(file)).contains("not a tar archive"));
    }

    /// Fifteen recordings of ten digits by three speakers, noise of several lengths.
    private static List<SpokenDigits.Recording> recordings() {
        SplittableRandom random = new SplittableRandom(4);
        List<SpokenDigits.Recording> recordings = new ArrayList<>();
        for (String speaker : List.of("ann", "ben", "cat")) {
            for (int i = 0; i < 150; i++) {
                float[] samples = new float[480 + 80 * random.nextInt(3)];
                for (int at = 0; at < samples.length; at++) {
                    samples[at] = (float) (random.nextGaussian() * 0.1);
                }
                recordings.add(new SpokenDigits.Recording(i % 10, speaker, i / 10, new Wav(8000, samples)));
            }
        }
        return recordings;
    }

    @Test
    void partsOfASplitShareNoRecording() {
        try (Arena arena = Arena.ofConfined()) {
            SpokenStrings.Parts own = SpokenStrings.of(recordings(), SpokenStrings::own, arena);
            assertEquals(30, own.train().count());
            assertEquals(30, own.development().count());
            assertEquals(30, own.test().count());
            SpokenStrings.Parts speakers = SpokenStrings.of(recordings(), SpokenStrings.without("cat", "ann"), arena);
            assertEquals(30, speakers.train().count());
            assertEquals(30, speakers.development().count());
            assertEquals(30, speakers.test().count());
            // Only the training part has variance 1 of itself: the others were not looked at.
            assertEquals(1, variance(speakers.train()), 1e-4);
            assertTrue(Math.abs(variance(speakers.test()) - 1) > 1e-6);
        }
        for (SpokenDigits.Recording recording : recordings()) {
            SpokenStrings.Part part = SpokenStrings.own(recording);
            assertEquals(recording.index() < 5, part == SpokenStrings.Part.TEST);
            assertEquals(recording.index() >= 10, part == SpokenStrings.Part.TRAIN);
            SpokenStrings.Part other = SpokenStrings.without("cat", "ann").apply(recording);
            assertEquals(recording.speaker().equals("cat"), other == SpokenStrings.Part.TEST);
            assertEquals(recording.speaker().equals("ann"), other == SpokenStrings.Part.DEVELOPMENT);
        }
    }

    /// Mean square of the first feature, whose mean over the training part is 0.
    private static double variance(Sequences of) {
        double sum = 0;
        for (int row = 0; row < of.labels().length; row++) {
            double x = of.values().getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * of.features());
            sum += x * x;
        }
        return sum / of.labels().length;
    }

    @Test
    void everyTruncatedSoundIsNoticed() {
        byte[] good = wav(1, 16, 8000, (short) 1, (short) 2);
        for (int length = 0; length < good.length; length++) {
            byte[] bad = Arrays.copyOf(good, length);
            assertThrows(BadInputException.class, () -> Wav.read("w", bad));
        }
    }

    private void refused(Path file, String text, String words) throws IOException {
        Files.writeString(file, text);
        try (Arena arena = Arena.ofConfined()) {
            String message = message(() -> Letters.read(file, arena));
            assertTrue(message.contains(words), message);
        }
    }

    private static String message(Executable reading) {
        return assertThrows(BadInputException.class, reading).getMessage();
    }

    private static byte[] wav(int channels, int bits, int rate, short... samples) {
        ByteBuffer out = ByteBuffer.allocate(54 + 2 * samples.length).order(ByteOrder.LITTLE_ENDIAN);
        out.put("RIFF".getBytes()).putInt(out.capacity() - 8).put("WAVE".getBytes());
        out.put("LIST".getBytes()).putInt(1).put((byte) 'x').put((byte) 0); // an odd chunk, padded
        out.put("fmt ".getBytes()).putInt(16).putShort((short) 1).putShort((short) channels);
        out.putInt(rate).putInt(2 * rate).putShort((short) 2).putShort((short) bits);
        out.put("data".getBytes()).putInt(2 * samples.length);
        for (short sample : samples) {
            out.putShort(sample);
        }
        return out.array();
    }

    private static byte[] tar(Consumer<ByteArrayOutputStream> members) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        members.accept(out);
        out.writeBytes(new byte[1024]);
        return out.toByteArray();
    }

    private static void member(ByteArrayOutputStream out, String name, byte[] content) {
        byte[] header = new byte[512];
        System.arraycopy(name.getBytes(), 0, header, 0, name.length());
        byte[] size = String.format("%011o", content.length).getBytes();
        System.arraycopy(size, 0, header, 124, size.length);
        out.writeBytes(header);
        out.writeBytes(content);
        out.writeBytes(new byte[-content.length & 511]);
    }
}
