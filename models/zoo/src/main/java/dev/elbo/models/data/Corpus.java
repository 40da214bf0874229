package dev.elbo.models.data;

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
/// @param documents  in the order of the file
/// @param vocabulary one more than the highest term
public record Corpus(List<Document> documents, int vocabulary) {
    private static final int TERM_LIMIT = 1 << 24;

    /// One document: term `terms[i]` stands in it `counts[i]` times.
    public record Document(int[] terms, int[] counts) {
        /// Number of words.
        public int length() {
            return Arrays.stream(counts).sum();
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
}
