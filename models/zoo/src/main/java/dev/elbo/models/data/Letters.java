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
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// The OCR letters of Kassel and Taskar: words of handwritten letters, 16×8 binary pixels each, in ten folds.
///
/// ```
/// line = id · letter · id of the next letter or −1 · word · position · fold · 128 pixels       tabs between
/// ```
public final class Letters {
    /// Number of folds.
    public static final int FOLDS = 10;

    private static final int TESTED = 10_000;
    private static final long SEED = 1;
    private static final int PIXELS = 16 * 8;
    private static final int FIELDS = 6 + PIXELS;
    private static final List<String> CLASSES =
            IntStream.rangeClosed('a', 'z').mapToObj(Character::toString).toList();

    private Letters() {}

    /// The words; groups are the folds, 0 to 9.
    ///
    /// @param file  `letter.data`, packed or not
    /// @param owner holds the pixels
    public static Sequences read(Path file, Arena owner) {
        Lines lines = Lines.of(file, "get letter.data again");
        int rows = lines.lines().size();
        MemorySegment values = Examples.room(rows, List.of(16, 8), owner);
        int[] labels = new int[rows];
        List<Integer> starts = new ArrayList<>();
        List<Integer> folds = new ArrayList<>();
        boolean newWord = true;
        for (int row = 0; row < rows; row++) {
            String[] fields = lines.lines().get(row).strip().split("\t");
            if (fields.length != FIELDS) {
                throw lines.malformed(row, "other number of fields; expected=" + FIELDS + ", actual=" + fields.length);
            }
            labels[row] = CLASSES.indexOf(fields[1]);
            if (labels[row] < 0) {
                throw lines.malformed(row, "not a letter from a to z; letter=" + fields[1]);
            }
            int fold = lines.integer(row, fields[5], "fold", FOLDS);
            if (newWord) {
                starts.add(row);
                folds.add(fold);
            } else if (fold != folds.getLast()) {
                throw lines.malformed(row, "a word in two folds; fold=" + fold + ", first=" + folds.getLast());
            }
            newWord = fields[2].equals("-1");
            for (int pixel = 0; pixel < PIXELS; pixel++) {
                int value = lines.integer(row, fields[6 + pixel], "pixel", 2);
                values.setAtIndex(ValueLayout.JAVA_FLOAT, (long) row * PIXELS + pixel, value);
            }
        }
        if (!newWord) {
            throw lines.malformed(rows - 1, "the last word does not end");
        }
        starts.add(rows);
        return new Sequences(
                List.of(16, 8),
                DType.F32,
                values,
                starts.stream().mapToInt(i -> i).toArray(),
                labels,
                CLASSES,
                folds.stream().mapToInt(i -> i).toArray());
    }

    /// The letters one by one, in an order that is always the same: 10,000 to test on, the others to train on, of which
    /// the literature holds 10,000 back (32,152 / 10,000 / 10,000).
    ///
    /// Neighbours in the file are of one hand, and words come again and again, so the order is drawn.
    ///
    /// @param file  `letter.data`, packed or not
    /// @param owner holds the pixels
    public static Dataset oneByOne(Path file, Arena owner) {
        try (Arena whole = Arena.ofConfined()) {
            Sequences words = read(file, whole);
            int count = words.labels().length;
            if (count <= TESTED) {
                throw new BadInputException(
                        file.toString(),
                        "too few letters to test on 10,000; letters=" + count,
                        "get letter.data again");
            }
            Examples all = new Examples(words.item(), words.values(), words.labels(), words.classes());
            int[] order = shuffled(count);
            return new Dataset(
                    "letters",
                    all.select(Arrays.copyOfRange(order, TESTED, count), owner),
                    all.select(Arrays.copyOf(order, TESTED), owner));
        }
    }

    private static int[] shuffled(int count) {
        int[] order = IntStream.range(0, count).toArray();
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = count - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        return order;
    }
}
