package dev.elbo.models.data;

import dev.elbo.runtime.DType;
import dev.elbo.runtime.file.BadInputException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Documents as bags of words, in the format of LDA-C.
///
/// ```
/// line = number of different terms · term:count · term:count …        terms from 0
/// ```
///
/// No model of Elbo's is one of counts yet; [#presence] is what models of bits learn from.
///
/// @param documents  in the order of the file
/// @param vocabulary one more than the highest term
public record Corpus(List<Document> documents, int vocabulary) {
    private static final int TERM_LIMIT = 1 << 24;
    private static final long LARGEST = 1 << 30;

    /// One document: term `terms[i]` stands in it `counts[i]` times.
    public record Document(int[] terms, int[] counts) {
        /// Number of words.
        public long length() {
            return Arrays.stream(counts).asLongStream().sum();
        }
    }

    /// Copies the list.
    public Corpus {
        documents = List.copyOf(documents);
    }

    /// @param file packed or not
    public static Corpus read(Path file) {
        Lines lines = Lines.of(file, "give a line for each document: N term:count term:count …");
        List<Document> documents = new ArrayList<>();
        int vocabulary = 0;
        for (int i = 0; i < lines.lines().size(); i++) {
            String[] fields = lines.lines().get(i).strip().split("\\s+");
            int size = lines.integer(i, fields[0], "number of terms", TERM_LIMIT);
            if (size != fields.length - 1) {
                throw lines.malformed(i, "other number of terms; said=" + size + ", actual=" + (fields.length - 1));
            }
            int[] terms = new int[size];
            int[] counts = new int[size];
            for (int j = 0; j < size; j++) {
                String[] pair = fields[j + 1].split(":", -1);
                if (pair.length != 2) {
                    throw lines.malformed(i, "not term:count; field=" + fields[j + 1]);
                }
                terms[j] = lines.integer(i, pair[0], "term", TERM_LIMIT);
                counts[j] = lines.integer(i, pair[1], "count", TERM_LIMIT);
                vocabulary = Math.max(vocabulary, terms[j] + 1);
            }
            documents.add(new Document(terms, counts));
        }
        return new Corpus(documents, vocabulary);
    }

    /// Which terms each document has, as an example for each: 1 where a term stands in it at least once, else 0.
    ///
    /// @param file  packed or not
    /// @param owner holds them, as bytes
    public static Examples presence(Path file, Arena owner) {
        Corpus corpus = read(file);
        int rows = corpus.documents.size();
        if (corpus.vocabulary == 0) {
            throw new BadInputException(file.toString(), "no document has a word", "name a file with some");
        }
        if ((long) rows * corpus.vocabulary > LARGEST) {
            throw new BadInputException(
                    file.toString(),
                    "too large for a place for each term of each document; documents=" + rows + ", terms="
                            + corpus.vocabulary + ", most of both=" + LARGEST,
                    "leave out rare terms, and number the others anew");
        }
        List<Integer> item = List.of(corpus.vocabulary);
        MemorySegment values = Examples.room(rows, item, DType.U8, owner);
        for (int row = 0; row < rows; row++) {
            Document document = corpus.documents.get(row);
            for (int i = 0; i < document.terms.length; i++) {
                if (document.counts[i] > 0) {
                    values.set(ValueLayout.JAVA_BYTE, (long) row * corpus.vocabulary + document.terms[i], (byte) 255);
                }
            }
        }
        return new Examples(item, DType.U8, values, new int[0], List.of());
    }
}
