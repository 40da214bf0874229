package dev.elbo.models.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// The data in the jar: 1,797 handwritten digits of 8×8 pixels (scikit-learn's copy of the test part of the UCI set
/// "Optical Recognition of Handwritten Digits"; BSD licence beside the file).
public final class Digits {
    private static final String FILE = "digits.csv.gz";
    private static final float HIGHEST = 16;
    private static final int SIDE = 8;
    private static final int EVERY = 5;
    private static final long NUDGED_SEED = 0;

    private Digits() {}

    /// All digits in the order of the file, pixels scaled to [0, 1].
    ///
    /// @param owner holds the values
    public static Examples all(Arena owner) {
        try (InputStream in = Digits.class.getResourceAsStream(FILE)) {
            return Csv.pixels(FILE, InputFile.bytes(in, FILE), SIDE, SIDE, HIGHEST, owner);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // the jar itself is broken: no file of the user's
        }
    }

    /// Every fifth digit is held out: 1,438 to train on, 359 to test on.
    ///
    /// @param owner holds the values
    public static Dataset dataset(Arena owner) {
        try (Arena whole = Arena.ofConfined()) {
            Examples all = all(whole);
            return new Dataset(
                    "digits", all.select(rows(all, false), owner), all.select(rows(all, true), owner), EVERY);
        }
    }

    /// Every digit five times, once as it is and once moved by a pixel in each of four directions, as in scikit-learn's
    /// example of RBM features; every fifth of the 8,985, in an order of their own, is held out.
    ///
    /// @param owner holds the values
    public static Dataset nudged(Arena owner) {
        try (Arena whole = Arena.ofConfined()) {
            Examples all = moved(all(whole), whole);
            int[] order = IntStream.range(0, all.count()).toArray();
            SplittableRandom random = new SplittableRandom(NUDGED_SEED);
            for (int i = order.length - 1; i > 0; i--) {
                int other = random.nextInt(i + 1);
                int swapped = order[i];
                order[i] = order[other];
                order[other] = swapped;
            }
            Examples shuffled = all.select(order, whole);
            return new Dataset(
                    "nudged-digits",
                    shuffled.select(rows(shuffled, false), owner),
                    shuffled.select(rows(shuffled, true), owner),
                    EVERY);
        }
    }

    /// The pictures themselves, then all of them moved up, left, right and down; what moves in is 0.
    private static Examples moved(Examples all, Arena owner) {
        int[][] moves = {{0, 0}, {-1, 0}, {0, -1}, {0, 1}, {1, 0}};
        int count = all.count();
        MemorySegment values = Examples.room((long) moves.length * count, all.item(), owner);
        int[] labels = new int[moves.length * count];
        for (int m = 0; m < moves.length; m++) {
            for (int row = 0; row < count; row++) {
                int to = m * count + row;
                labels[to] = all.labels()[row];
                for (int p = 0; p < SIDE * SIDE; p++) {
                    int y = p / SIDE - moves[m][0];
                    int x = p % SIDE - moves[m][1];
                    boolean inside = y >= 0 && y < SIDE && x >= 0 && x < SIDE;
                    float value = inside ? all.value(row, y * SIDE + x) : 0;
                    values.setAtIndex(ValueLayout.JAVA_FLOAT, (long) to * SIDE * SIDE + p, value);
                }
            }
        }
        return new Examples(all.item(), values, labels, all.classes());
    }

    private static int[] rows(Examples all, boolean held) {
        return IntStream.range(0, all.count())
                .filter(row -> (row % EVERY == EVERY - 1) == held)
                .toArray();
    }
}
