package dev.elbo.models.data;

import dev.elbo.runtime.DType;
import dev.elbo.runtime.file.BadInputException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// The IDX format of MNIST and its relatives, packed or not.
///
/// ```
/// file = 0 0 type rank · rank extents (u32, big-endian) · elements          type 8: bytes
/// ```
public final class Idx {
    private static final int BYTES = 0x08;
    private static final int MAX_RANK = 4;
    private static final String REMEDY = "get the file again, or check that it is an IDX file of bytes";

    /// What a file holds.
    private record Content(List<Integer> extents, ByteBuffer elements) {}

    private Idx() {}

    /// The examples of one file, without labels.
    ///
    /// @param file  images: (n, height, width), or anything of rank at least 2
    /// @param owner holds the values
    public static Examples examples(Path file, Arena owner) {
        return examples(file, new int[0], List.of(), owner);
    }

    /// A folder with the four files of MNIST, under their usual names, packed or not.
    ///
    /// @param name  what to call the data
    /// @param owner holds the values
    public static Dataset folder(String name, Path folder, Arena owner) {
        return new Dataset(name, part(folder, "train", owner), part(folder, "t10k", owner));
    }

    private static Examples part(Path folder, String prefix, Arena owner) {
        Path images = find(folder, prefix + "-images-idx3-ubyte", prefix + "-images.idx3-ubyte");
        Path labels = find(folder, prefix + "-labels-idx1-ubyte", prefix + "-labels.idx1-ubyte");
        Content content = read(labels);
        if (content.extents.size() != 1) {
            throw malformed(labels, "labels have one extent; extents=" + content.extents);
        }
        int[] classes = new int[content.extents.getFirst()];
        int highest = 0;
        for (int i = 0; i < classes.length; i++) {
            classes[i] = Byte.toUnsignedInt(content.elements.get());
            highest = Math.max(highest, classes[i]);
        }
        List<String> names =
                IntStream.rangeClosed(0, highest).mapToObj(String::valueOf).toList();
        return examples(images, classes, names, owner);
    }

    private static Path find(Path folder, String... stems) {
        List<String> names = new ArrayList<>();
        for (String stem : stems) {
            names.add(stem);
            names.add(stem + ".gz");
        }
        return InputFile.find(folder, names.toArray(String[]::new));
    }

    private static Examples examples(Path file, int[] labels, List<String> classes, Arena owner) {
        Content content = read(file);
        if (content.extents.size() < 2) {
            throw malformed(file, "examples have at least two extents; extents=" + content.extents);
        }
        int count = content.extents.getFirst();
        if (labels.length != 0 && labels.length != count) {
            throw malformed(file, "other number of labels; examples=" + count + ", labels=" + labels.length);
        }
        List<Integer> item = content.extents.subList(1, content.extents.size());
        MemorySegment values = Examples.room(count, item, DType.U8, owner);
        values.copyFrom(MemorySegment.ofBuffer(content.elements));
        return new Examples(item, DType.U8, values, labels, classes);
    }

    private static Content read(Path file) {
        ByteBuffer in = ByteBuffer.wrap(InputFile.bytes(file));
        if (in.remaining() < 4 || in.get() != 0 || in.get() != 0) {
            throw malformed(file, "does not begin with two zero bytes; offset=0");
        }
        int type = in.get();
        int rank = in.get();
        if (type != BYTES) {
            throw malformed(file, "elements are not bytes; type=" + type + ", offset=2");
        }
        if (rank < 1 || rank > MAX_RANK || in.remaining() < 4 * rank) {
            throw malformed(file, "an impossible rank; rank=" + rank + ", offset=3");
        }
        List<Integer> extents = new ArrayList<>();
        long size = 1;
        for (int i = 0; i < rank; i++) {
            int extent = in.getInt();
            if (extent < 1 || (size *= extent) > InputFile.LIMIT) {
                throw malformed(
                        file,
                        "an impossible extent; extent=" + Integer.toUnsignedLong(extent) + ", offset=" + (4 + 4 * i));
            }
            extents.add(extent);
        }
        if (in.remaining() != size) {
            throw malformed(
                    file,
                    "other length than its extents say; extents=" + extents + ", expected=" + size + ", actual="
                            + in.remaining());
        }
        return new Content(extents, in);
    }

    private static BadInputException malformed(Path file, String what) {
        return new BadInputException(file.toString(), "not a whole IDX file: " + what, REMEDY);
    }
}
