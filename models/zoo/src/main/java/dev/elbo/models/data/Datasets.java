package dev.elbo.models.data;

import dev.elbo.runtime.file.BadInputException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Data sets by the words a person writes: `digits`, `mnist:DIR`, `csv:FILE`, …
///
/// A source of one file has no test part of its own: every tenth example is held out.
public final class Datasets {
    private static final int EVERY = 10;

    @FunctionalInterface
    private interface Reader {
        Dataset read(Path place, Arena owner);
    }

    /// One kind of source.
    ///
    /// @param name   the word before the colon
    /// @param place  what stands after it: `DIR`, `FILE`, or nothing
    /// @param what   for the help
    private record Source(String name, String place, String what, Reader reader) {
        String usage() {
            return place.isEmpty() ? name : name + ":" + place;
        }
    }

    private static final List<Source> SOURCES = List.of(
            new Source("digits", "", "1,797 digits of 8×8 in the jar", (_, owner) -> Digits.dataset(owner)),
            new Source("mnist", "DIR", "the four IDX files", (dir, owner) -> Idx.folder("mnist", dir, owner)),
            new Source("fashion", "DIR", "the four IDX files", (dir, owner) -> Idx.folder("fashion", dir, owner)),
            new Source("letters", "FILE", "letter.data, letters one by one; 10,000 of them test", Letters::oneByOne),
            new Source("gaussians", "SHAPE", "toys of two dimensions: grid, of 25, or ring, of 8", Gaussians::read),
            one("cifar10", "FILE", "binary records", Cifar10::read),
            one("idx", "FILE", "IDX, bytes", Idx::examples),
            one("csv", "FILE", "a table of numbers; a column `label` if there is one", Csv::read),
            one("npz", "FILE", "numpy arrays x and, if there is one, y", NpzExamples::read),
            one("ldac", "FILE", "documents in LDA-C's format; which terms each one has", Corpus::presence),
            one("png", "DIR", "pictures of one size; folders are classes", PngFolder::read),
            new Source(
                    "nudged-digits", "", "the digits five times, moved by a pixel", (_, owner) -> Digits.nudged(owner)),
            new Source("none", "SHAPE", "no examples: all that an imported model knows of its data", Datasets::none));

    private Datasets() {}

    /// Reads the data set that `text` names.
    ///
    /// @param text  `digits`, `mnist:DIR`, …
    /// @param owner holds the values
    /// @throws BadInputException when there is no such kind, or what it names is malformed
    public static Dataset open(String text, Arena owner) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        for (Source source : SOURCES) {
            if (source.name.equals(name)) {
                if (source.place.isEmpty() != (colon < 0)) {
                    throw new BadInputException(text, "incomplete data set", "write " + source.usage());
                }
                return source.reader.read(Path.of(text.substring(colon + 1)), owner);
            }
        }
        throw new BadInputException(text, "unknown data set", "use one of " + usages());
    }

    /// One line for each kind of source, for help texts.
    public static List<String> help() {
        return SOURCES.stream()
                .map(source -> "%-14s %s".formatted(source.usage(), source.what))
                .toList();
    }

    private static String usages() {
        return SOURCES.stream().map(Source::usage).collect(Collectors.joining(", "));
    }

    @FunctionalInterface
    private interface ExamplesReader {
        Examples read(Path file, Arena owner);
    }

    private static Source one(String name, String place, String what, ExamplesReader reader) {
        return new Source(name, place, what, (file, owner) -> {
            try (Arena whole = Arena.ofConfined()) {
                Examples all = reader.read(file, whole);
                if (all.count() < EVERY) {
                    throw new BadInputException(
                            file.toString(),
                            "too few examples to hold every tenth out; examples=" + all.count() + ", least=" + EVERY,
                            "name a file with more");
                }
                return new Dataset(
                        name, all.select(rows(all, false), owner), all.select(rows(all, true), owner), EVERY);
            }
        });
    }

    /// Extents without examples: `none:28x28`, `none:784`.
    private static Dataset none(Path shape, Arena owner) {
        if (!shape.toString().matches("[1-9]\\d{0,5}(x[1-9]\\d{0,5}){0,2}")) {
            throw new BadInputException("none:" + shape, "not a shape", "write none:28x28 or none:784");
        }
        List<Integer> item =
                Stream.of(shape.toString().split("x")).map(Integer::valueOf).toList();
        Examples nothing = new Examples(item, Examples.room(0, item, owner), new int[0], List.of());
        return new Dataset("none", nothing, nothing);
    }

    private static int[] rows(Examples all, boolean held) {
        return IntStream.range(0, all.count())
                .filter(row -> (row % EVERY == EVERY - 1) == held)
                .toArray();
    }
}
