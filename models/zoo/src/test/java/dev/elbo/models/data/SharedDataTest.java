package dev.elbo.models.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The readers on the real files, where a machine has them: `-Delbo.data=DIR`, else `shared/data` beside the checkout.
class SharedDataTest {
    private static Path data;

    @BeforeAll
    static void find() {
        String named = System.getProperty("elbo.data");
        data = named != null
                ? Path.of(named)
                : checkout().resolveSibling("shared").resolve("data");
        assumeTrue(Files.isDirectory(data), "no real data in " + data + "; name a folder with -Delbo.data=");
    }

    @Test
    void mnistHasItsPublishedCounts() {
        try (Arena arena = Arena.ofConfined()) {
            Dataset mnist = Datasets.open("mnist:" + data.resolve("mnist"), arena);
            assertEquals(60_000, mnist.train().count());
            assertEquals(10_000, mnist.test().count());
            assertEquals(List.of(28, 28), mnist.train().item());
            assertEquals(5923, mnist.train().classCounts()[0]);
            assertEquals(1009, mnist.test().classCounts()[9]);
        }
    }

    @Test
    void lettersHaveTheirPublishedCounts() {
        try (Arena arena = Arena.ofConfined()) {
            Sequences letters = Letters.read(data.resolve("ocr-letters/letter.data.gz"), arena);
            assertEquals(6877, letters.count());
            assertEquals(52_152, letters.labels().length);
            Dataset each = Datasets.open("letters:" + data.resolve("ocr-letters/letter.data.gz"), arena);
            assertEquals(42_152, each.train().count());
            assertEquals(10_000, each.test().count());
            int[] trained = each.train().classCounts();
            int[] tested = each.test().classCounts();
            for (int letter = 0; letter < 26; letter++) {
                int total = trained[letter] + tested[letter];
                assertEquals(10_000.0 / 52_152, (double) tested[letter] / total, 0.1, "letter " + letter);
            }
        }
    }

    /// CRF++ has 1,679,700 weights with the same features seen three times or more: 22 for each, and 22² transitions.
    @Test
    void chunkingHasThePublishedNumberOfFeatures() {
        try (Arena arena = Arena.ofConfined()) {
            SequenceSet set = SequenceSets.open("conll:" + data.resolve("conll2000"), Set.of(), arena);
            assertEquals(1_679_700, 22 * set.table() + 22 * 22);
            assertEquals(22, set.classes().size());
            assertEquals("I-LST", set.test().classes().getLast());
        }
    }

    @Test
    void foldsOfLettersAreHeldOut() {
        try (Arena arena = Arena.ofConfined()) {
            SequenceSet set =
                    SequenceSets.open("letters:" + data.resolve("ocr-letters/letter.data.gz"), Set.of(0), arena);
            assertEquals(626, set.test().count());
            assertEquals(4617, set.test().labels().length);
            assertEquals(52_152 - 4617, set.train().labels().length);
        }
    }

    @Test
    void spokenDigitsAreJoinedToStrings() {
        try (Arena arena = Arena.ofConfined()) {
            SequenceSet set =
                    SequenceSets.open("spoken-digits:" + data.resolve("fsdd/fsdd-recordings.tar.gz"), Set.of(), arena);
            assertEquals(540, set.train().count());
            assertEquals(60, set.test().count());
            assertEquals(40, set.classes().size());
        }
    }

    @Test
    void chunkingHasItsPublishedCounts() {
        TaggedText train = TaggedText.read(data.resolve("conll2000/train.txt.gz"));
        TaggedText test = TaggedText.read(data.resolve("conll2000/test.txt.gz"));
        assertEquals(8936, train.sentences().size());
        assertEquals(
                211_727,
                train.sentences().stream().mapToInt(s -> s.words().size()).sum());
        assertEquals(2012, test.sentences().size());
        assertEquals(
                22,
                train.sentences().stream()
                        .flatMap(s -> s.tags().stream())
                        .distinct()
                        .count());
    }

    @Test
    void corporaHaveTheirPublishedCounts() {
        assertEquals(
                395,
                Corpus.read(data.resolve("reuters-lda/reuters.ldac.gz"))
                        .documents()
                        .size());
        assertEquals(2246, Corpus.read(data.resolve("ap/ap.dat.gz")).documents().size());
        assertEquals(10_473, Corpus.read(data.resolve("ap/ap.dat.gz")).vocabulary());
    }

    @Test
    void spokenDigitsHaveTheirPublishedCounts() {
        List<SpokenDigits.Recording> read = SpokenDigits.read(data.resolve("fsdd/fsdd-recordings.tar.gz"));
        assertEquals(3000, read.size());
        assertEquals(300, read.stream().filter(SpokenDigits.Recording::held).count());
        assertEquals(
                6, read.stream().map(SpokenDigits.Recording::speaker).distinct().count());
    }

    @Test
    void cifarHasItsPublishedCounts() {
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(
                    1000,
                    Cifar10.read(data.resolve("cifar10/cifar10-test-first1000.bin.gz"), arena)
                            .count());
        }
    }

    private static Path checkout() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve(".ci/run"))) {
            folder = folder.getParent();
        }
        return folder;
    }
}
