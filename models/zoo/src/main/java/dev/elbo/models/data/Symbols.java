package dev.elbo.models.data;

import dev.elbo.runtime.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Sequences of symbols with a class each, from a text.
///
/// ```
/// line = symbol/class symbol/class …        blanks between; the last slash is the one; an empty line is no sequence
/// ```
///
/// The symbol `?` was not observed, nor is one that training never shows. Every tenth sequence is held out.
final class Symbols {
    private static final int HELD = 10;
    private static final String UNSEEN = "?";

    private Symbols() {}

    /// @param file  the text, packed or not
    /// @param owner holds the places of the symbols
    static SequenceSet read(Path file, Arena owner) {
        Lines lines = Lines.of(file, "write symbol/class with blanks between, a line a sequence");
        List<List<String[]>> train = new ArrayList<>();
        List<List<String[]>> test = new ArrayList<>();
        int sequences = 0;
        for (int i = 0; i < lines.lines().size(); i++) {
            List<String[]> sequence = new ArrayList<>();
            for (String token : lines.lines().get(i).split("\\s+")) {
                int slash = token.lastIndexOf('/');
                if (!token.isEmpty() && (slash < 1 || slash == token.length() - 1)) {
                    throw lines.malformed(i, "no symbol/class; token=" + token);
                }
                if (!token.isEmpty()) {
                    sequence.add(new String[] {token.substring(0, slash), token.substring(slash + 1)});
                }
            }
            if (!sequence.isEmpty()) {
                (++sequences % HELD == 0 ? test : train).add(sequence);
            }
        }
        Map<String, Integer> symbols = new LinkedHashMap<>();
        Map<String, Integer> classes = new LinkedHashMap<>();
        for (List<String[]> sequence : train) {
            for (String[] token : sequence) {
                if (!token[0].equals(UNSEEN)) {
                    symbols.putIfAbsent(token[0], symbols.size());
                }
                classes.putIfAbsent(token[1], classes.size());
            }
        }
        Sequences trained = sequences(train, symbols, classes, owner);
        test.forEach(sequence -> sequence.forEach(token -> classes.putIfAbsent(token[1], classes.size())));
        return new SequenceSet("symbols", trained, sequences(test, symbols, classes, owner), symbols.size());
    }

    private static Sequences sequences(
            List<List<String[]>> all, Map<String, Integer> symbols, Map<String, Integer> classes, Arena owner) {
        int[] starts = new int[all.size() + 1];
        for (int q = 0; q < all.size(); q++) {
            starts[q + 1] = starts[q] + all.get(q).size();
        }
        int[] labels = new int[starts[all.size()]];
        MemorySegment values = Examples.room(labels.length, List.of(1), owner);
        int row = 0;
        for (List<String[]> sequence : all) {
            for (String[] token : sequence) {
                values.setAtIndex(ValueLayout.JAVA_INT, row, symbols.getOrDefault(token[0], -1));
                labels[row++] = classes.get(token[1]);
            }
        }
        int[] groups = IntStream.range(0, all.size()).toArray();
        return new Sequences(List.of(1), DType.I32, values, starts, labels, List.copyOf(classes.keySet()), groups);
    }
}
