package dev.elbo.models.data;

import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.ElementType;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.StoredArray;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Examples from numpy's `.npz`: `x` (n, …) f32, f64 or bytes, and, if there is one, `y` (n) integers from 0.
///
/// Bytes are scaled to [0, 1]; other numbers are taken as they are and must be finite.
public final class NpzExamples {
    private static final String REMEDY = "write it with numpy.savez(file, x=..., y=...)";

    private NpzExamples() {}

    /// @param file  the archive
    /// @param owner holds the values
    public static Examples read(Path file, Arena owner) {
        Map<String, StoredArray> arrays =
                InputFile.guarded(file, () -> Npz.read(file)).arrays();
        StoredArray x = arrays.get("x");
        if (x == null || x.shape().size() < 2 || x.size() == 0) {
            throw malformed(file, "no array x (n, …) with numbers in it; arrays=" + arrays.keySet());
        }
        List<Integer> item = x.shape().subList(1, x.shape().size()).stream()
                .map(Math::toIntExact)
                .toList();
        MemorySegment values = Examples.room(x.shape().getFirst(), item, owner);
        for (long i = 0; i < x.size(); i++) {
            float value = number(file, x, i);
            if (!Float.isFinite(value)) {
                throw malformed(file, "not a finite number; array=x, element=" + i + ", value=" + value);
            }
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
        int[] labels = labels(file, arrays.get("y"), x.shape().getFirst());
        int classes = 1 + IntStream.of(labels).max().orElse(-1);
        return new Examples(
                item,
                values,
                labels,
                IntStream.range(0, classes).mapToObj(String::valueOf).toList());
    }

    static float number(Path file, StoredArray x, long i) {
        return switch (x.type()) {
            case F32 -> x.data().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
            case F64 -> (float) x.data().getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i);
            case U8 -> Byte.toUnsignedInt(x.data().get(ValueLayout.JAVA_BYTE, i)) / 255f;
            case BOOL -> x.data().get(ValueLayout.JAVA_BYTE, i) == 0 ? 0 : 1;
            case I32, I64, U32 -> throw malformed(file, "x holds integers; type=" + x.type());
        };
    }

    private static int[] labels(Path file, StoredArray y, long count) {
        if (y == null) {
            return new int[0];
        }
        boolean integers = y.type() == ElementType.I64 || y.type() == ElementType.I32 || y.type() == ElementType.U8;
        if (!integers || !y.shape().equals(List.of(count))) {
            throw malformed(file, "y is not (n) integers; n=" + count + ", y=" + y.shape() + " " + y.type());
        }
        int[] labels = new int[Math.toIntExact(count)];
        for (int i = 0; i < labels.length; i++) {
            long label = switch (y.type()) {
                case I64 -> y.data().getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i);
                case I32 -> y.data().getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i);
                default -> Byte.toUnsignedInt(y.data().get(ValueLayout.JAVA_BYTE, i));
            };
            if (label < 0 || label > 65_535) {
                throw malformed(file, "a label out of range; element=" + i + ", label=" + label);
            }
            labels[i] = (int) label;
        }
        return labels;
    }

    private static BadInputException malformed(Path file, String what) {
        return new BadInputException(file.toString(), what, REMEDY);
    }
}
