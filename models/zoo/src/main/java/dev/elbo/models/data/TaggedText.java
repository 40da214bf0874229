package dev.elbo.models.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Sentences of words with their parts of speech and chunk tags, in the format of the CoNLL-2000 shared task.
///
/// ```
/// line     = word · part of speech · chunk tag          single spaces between
/// sentence = lines, then an empty line
/// ```
///
/// @param sentences in the order of the file
public record TaggedText(List<Sentence> sentences) {
    /// One sentence; the three lists are of one length.
    ///
    /// @param words  as written
    /// @param speech part of speech of each word
    /// @param tags   chunk tag of each word: `B-NP`, `I-NP`, `O`, …
    public record Sentence(List<String> words, List<String> speech, List<String> tags) {
        /// Copies the lists.
        public Sentence {
            words = List.copyOf(words);
            speech = List.copyOf(speech);
            tags = List.copyOf(tags);
        }
    }

    /// Copies the list.
    public TaggedText {
        sentences = List.copyOf(sentences);
    }

    /// @param file `train.txt` or `test.txt`, packed or not
    public static TaggedText read(Path file) {
        return read(Lines.of(file, "give three fields a line: word, part of speech, chunk tag"), "");
    }

    /// Sentences whose tags nobody knows; where the file has some, they are passed over.
    ///
    /// @param file two or three fields a line
    /// @param tag  that every word is given
    static TaggedText untagged(Path file, String tag) {
        return read(Lines.of(file, "give two fields a line: word, part of speech"), tag);
    }

    /// @param tag of every word, or empty if the third field has it
    private static TaggedText read(Lines lines, String tag) {
        int least = tag.isEmpty() ? 3 : 2;
        List<Sentence> sentences = new ArrayList<>();
        List<String[]> sentence = new ArrayList<>();
        for (int i = 0; i < lines.lines().size(); i++) {
            String line = lines.lines().get(i).strip();
            if (!line.isEmpty()) {
                String[] fields = line.split(" +");
                if (fields.length < least || fields.length > 3) {
                    throw lines.malformed(i, "other number of fields; expected=" + least + ", actual=" + fields.length);
                }
                sentence.add(new String[] {fields[0], fields[1], tag.isEmpty() ? fields[2] : tag});
            }
            boolean last = i + 1 == lines.lines().size();
            if ((line.isEmpty() || last) && !sentence.isEmpty()) {
                sentences.add(new Sentence(column(sentence, 0), column(sentence, 1), column(sentence, 2)));
                sentence.clear();
            }
        }
        return new TaggedText(sentences);
    }

    private static List<String> column(List<String[]> sentence, int column) {
        return sentence.stream().map(fields -> fields[column]).toList();
    }
}
