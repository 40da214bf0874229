package dev.elbo.models.data;

import dev.elbo.runtime.DType;
import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// A folder of PNG pictures of one size, in the order of their names; folders inside it are classes.
public final class PngFolder {
    private static final String REMEDY = "make all pictures of one size and one kind";

    private PngFolder() {}

    /// @param folder pictures, or folders of pictures
    /// @param owner  holds the values, scaled to [0, 1]
    public static Examples read(Path folder, Arena owner) {
        List<Path> classes = entries(folder).stream().filter(Files::isDirectory).toList();
        List<Path> files = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        for (Path place : classes.isEmpty() ? List.of(folder) : classes) {
            for (Path file : entries(place)) {
                if (file.getFileName().toString().toLowerCase().endsWith(".png")) {
                    files.add(file);
                    labels.add(classes.indexOf(place));
                }
            }
        }
        if (files.isEmpty()) {
            throw new BadInputException(folder.toString(), "no .png file in it", "check the folder");
        }
        int[] known = classes.isEmpty()
                ? new int[0]
                : labels.stream().mapToInt(i -> i).toArray();
        List<String> names =
                classes.stream().map(place -> place.getFileName().toString()).toList();
        return pictures(files, known, names, owner);
    }

    private static Examples pictures(List<Path> files, int[] labels, List<String> classes, Arena owner) {
        Png first = Png.read(files.getFirst().toString(), InputFile.bytes(files.getFirst()));
        List<Integer> item = first.channels() == 1
                ? List.of(first.height(), first.width())
                : List.of(first.height(), first.width(), first.channels());
        MemorySegment values = Examples.room(files.size(), item, DType.U8, owner);
        long at = 0;
        for (Path file : files) {
            Png picture = Png.read(file.toString(), InputFile.bytes(file));
            if (picture.height() != first.height()
                    || picture.width() != first.width()
                    || picture.channels() != first.channels()) {
                throw new BadInputException(
                        file.toString(),
                        "another size than " + files.getFirst().getFileName() + "; expected=" + extents(first)
                                + ", actual=" + extents(picture),
                        REMEDY);
            }
            byte[] samples = picture.samples();
            MemorySegment.copy(samples, 0, values, ValueLayout.JAVA_BYTE, at, samples.length);
            at += samples.length;
        }
        return new Examples(item, DType.U8, values, labels, classes);
    }

    private static String extents(Png picture) {
        return picture.height() + "×" + picture.width() + "×" + picture.channels();
    }

    private static List<Path> entries(Path folder) {
        return InputFile.guarded(folder, () -> {
            try (Stream<Path> entries = Files.list(folder)) {
                return entries.sorted().toList();
            } catch (NotDirectoryException e) {
                throw new IOException("not a folder", e);
            }
        });
    }
}
