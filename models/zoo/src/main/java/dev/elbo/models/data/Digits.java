package dev.elbo.models.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.util.stream.IntStream;

/// The data in the jar: 1,797 handwritten digits of 8×8 pixels (scikit-learn's copy of the test part of the UCI set
/// "Optical Recognition of Handwritten Digits"; BSD licence beside the file).
public final class Digits {
    private static final String FILE = "digits.csv.gz";
    private static final float HIGHEST = 16;
    private static final int EVERY = 5;

    private Digits() {}

    /// All digits in the order of the file, pixels scaled to [0, 1].
    ///
    /// @param owner holds the values
    public static Examples all(Arena owner) {
        try (InputStream in = Digits.class.getResourceAsStream(FILE)) {
            return Csv.pixels(FILE, InputFile.bytes(in, FILE), 8, 8, HIGHEST, owner);
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
            return new Dataset("digits", all.select(rows(all, false), owner), all.select(rows(all, true), owner));
        }
    }

    private static int[] rows(Examples all, boolean held) {
        return IntStream.range(0, all.count())
                .filter(row -> (row % EVERY == EVERY - 1) == held)
                .toArray();
    }
}
