package dev.elbo.cli.explore;

import dev.elbo.models.data.Sequences;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Words whose every letter is somebody's: each is written as a held-out example of its class.
///
/// @param sequences to take letters from; every class is a single character
public record LetterKeyboard(Sequences sequences) implements Keyboard {
    private static final int LONGEST = 32;

    /// Whether classes are single characters, so that typing one names it.
    public static boolean suits(Sequences sequences) {
        return sequences.classes().stream().allMatch(name -> name.length() == 1);
    }

    @Override
    public String prompt() {
        return "Type a word: it is written in letters of people whom the model does not know";
    }

    @Override
    public String example() {
        return "handwriting";
    }

    @Override
    public Typed type(String text, int variant, Arena owner) {
        if (text.isEmpty() || text.length() > LONGEST) {
            throw Question.wrong("a word has 1 to " + LONGEST + " letters");
        }
        int[] labels = text.chars()
                .map(letter -> sequences.classes().indexOf(Character.toString(letter)))
                .toArray();
        long bytes = (long) Float.BYTES * sequences.features();
        MemorySegment values = owner.allocate(labels.length * bytes, Float.BYTES);
        for (int t = 0; t < labels.length; t++) {
            int row = row(labels[t], variant + t, text);
            MemorySegment.copy(sequences.values(), row * bytes, values, t * bytes, bytes);
        }
        Sequences one = new Sequences(
                sequences.item(),
                sequences.dtype(),
                values,
                new int[] {0, labels.length},
                labels,
                sequences.classes(),
                new int[1]);
        return new Typed(one, List.of());
    }

    /// A row of class `label`; other numbers pick other rows.
    private int row(int label, int number, String text) {
        List<Integer> rows = new ArrayList<>();
        IntStream.range(0, sequences.labels().length)
                .filter(row -> sequences.labels()[row] == label)
                .forEach(rows::add);
        if (rows.isEmpty()) {
            throw Question.wrong("nobody wrote one of these; text=" + text);
        }
        // Neighbours in the file are of one hand: a large odd step goes from hand to hand.
        return rows.get(Math.floorMod(number * 7919, rows.size()));
    }
}
