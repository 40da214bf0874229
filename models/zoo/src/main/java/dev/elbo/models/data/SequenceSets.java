package dev.elbo.models.data;

import dev.elbo.runtime.file.BadInputException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// Data sets of sequences by the words a person writes: `letters:FILE`, `conll:DIR`, `spoken-digits:FILE`,
/// `symbols:FILE`.
public final class SequenceSets {
    private static final int LEAST = 3;

    private SequenceSets() {}

    /// Whether `text` names sequences rather than single examples.
    public static boolean names(String text) {
        return List.of("letters", "conll", "spoken-digits", "symbols").contains(text.replaceAll(":.*", ""));
    }

    /// Reads the data set that `text` names.
    ///
    /// @param text  `letters:FILE`, `conll:DIR`, `spoken-digits:FILE` or `symbols:FILE`
    /// @param held  groups to test on, where the data has groups: folds
    /// @param owner holds the values
    public static SequenceSet open(String text, Set<Integer> held, Arena owner) {
        SequenceSet set = read(text, held, owner);
        if (set.train().count() == 0 || set.test().count() == 0) {
            throw new BadInputException(
                    text,
                    "no sequence in one of its parts; to train on="
                            + set.train().count() + ", to test on=" + set.test().count(),
                    "get the data set again");
        }
        return set;
    }

    private static SequenceSet read(String text, Set<Integer> held, Arena owner) {
        int colon = text.indexOf(':');
        Path place = Path.of(text.substring(colon + 1));
        return switch (colon < 0 ? "" : text.substring(0, colon)) {
            case "letters" -> letters(place, held, owner);
            case "conll" -> chunks(place, owner);
            case "spoken-digits" -> SpokenStrings.of(SpokenDigits.read(place), owner);
            case "symbols" -> Symbols.read(place, owner);
            default ->
                throw new BadInputException(
                        text,
                        "no data set of sequences",
                        "use letters:FILE, conll:DIR, spoken-digits:FILE or symbols:FILE");
        };
    }

    /// A person's own sequences, for a model that was trained on `set`. Labels mean nothing.
    ///
    /// @param text  what `set` was opened by
    /// @param file  a text of word and part of speech for `conll`, else a numpy file of x (n, t, features)
    /// @param owner holds the values
    public static Sequences own(String text, Path file, SequenceSet set, Arena owner) {
        if (!text.startsWith("conll:")) {
            return NpzSequences.read(file, set.train(), owner);
        }
        Path folder = Path.of(text.substring("conll:".length()));
        TaggedText train = TaggedText.read(InputFile.find(folder, "train.txt", "train.txt.gz"));
        return ChunkFeatures.of(train, LEAST)
                .of(TaggedText.untagged(file, set.classes().getFirst()), owner);
    }

    /// One line for each kind of source, for help texts.
    public static List<String> help() {
        return List.of(
                "letters:FILE   words of handwritten letters, in ten folds; --folds says which of them test",
                "conll:DIR      train.txt and test.txt: word, part of speech, chunk tag",
                "spoken-digits:FILE   recordings in a tar archive, joined to strings of five",
                "symbols:FILE   a line a sequence of symbol/class; ? is a symbol not observed; every tenth line tests");
    }

    private static SequenceSet letters(Path file, Set<Integer> held, Arena owner) {
        try (Arena whole = Arena.ofConfined()) {
            Sequences all = Letters.read(file, whole);
            Sequences test = all.inGroups(held::contains, owner);
            Sequences train = all.inGroups(group -> !held.contains(group), owner);
            if (test.count() == 0 || train.count() == 0) {
                throw new BadInputException("--folds " + held, "nothing to test or to train on", "use folds 0 to 9");
            }
            return new SequenceSet("letters", train, test, 0);
        }
    }

    private static SequenceSet chunks(Path folder, Arena owner) {
        Chunked text = chunked(folder);
        return new SequenceSet(
                "conll",
                text.features.of(text.train, owner),
                text.features.of(text.test, owner),
                text.features.places().size());
    }

    /// The text behind a data set of chunks, and what a chunker looks at in it.
    ///
    /// @param features that the training part shows often enough
    public record Chunked(TaggedText train, TaggedText test, ChunkFeatures features) {}

    /// The text of a data set of chunks.
    ///
    /// @param text `conll:DIR`
    public static Chunked chunked(String text) {
        return chunked(Path.of(text.substring(text.indexOf(':') + 1)));
    }

    private static Chunked chunked(Path folder) {
        TaggedText train = TaggedText.read(InputFile.find(folder, "train.txt", "train.txt.gz"));
        TaggedText test = TaggedText.read(InputFile.find(folder, "test.txt", "test.txt.gz"));
        return new Chunked(train, test, ChunkFeatures.of(train, LEAST));
    }
}
