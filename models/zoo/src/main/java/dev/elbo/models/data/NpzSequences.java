package dev.elbo.models.data;

import dev.elbo.runtime.DType;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.StoredArray;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Sequences of numbers from numpy's `.npz`, without labels: `x` (n, t, features) f32, f64 or bytes, and, if there is
/// one, `lengths` (n) integers in [0, t].
///
/// Bytes are scaled to [0, 1]. A position with a NaN among its numbers was not observed; what lies beyond a sequence's
/// length is not read.
final class NpzSequences {
    private static final String REMEDY = "write it with numpy.savez(file, x=..., lengths=...)";

    private NpzSequences() {}

    /// @param like  sequences of the same kind; its classes are taken over, and every label is the first of them
    /// @param owner holds the values
    static Sequences read(Path file, Sequences like, Arena owner) {
        Map<String, StoredArray> arrays =
                InputFile.guarded(file, () -> Npz.read(file)).arrays();
        StoredArray x = arrays.get("x");
        int features = like.features();
        if (like.dtype() != DType.F32
                || x == null
                || x.shape().size() != 3
                || x.shape().getLast() != features) {
            throw malformed(
                    file,
                    "no array x (n, t, " + features + "); arrays=" + arrays.keySet() + ", x="
                            + (x == null ? null : x.shape()));
        }
        int n = Math.toIntExact(x.shape().get(0));
        int steps = Math.toIntExact(x.shape().get(1));
        int[] lengths = lengths(file, arrays.get("lengths"), n, steps);
        int[] starts = new int[n + 1];
        for (int q = 0; q < n; q++) {
            starts[q + 1] = starts[q] + lengths[q];
        }
        MemorySegment values = Examples.room(starts[n], like.item(), owner);
        for (int q = 0; q < n; q++) {
            for (long e = 0; e < (long) lengths[q] * features; e++) {
                float value = NpzExamples.number(file, x, (long) q * steps * features + e);
                if (Float.isInfinite(value)) {
                    throw malformed(file, "not a number; sequence=" + q + ", element=" + e + ", value=" + value);
                }
                values.setAtIndex(ValueLayout.JAVA_FLOAT, (long) starts[q] * features + e, value);
            }
        }
        int[] groups = IntStream.range(0, n).toArray();
        return new Sequences(like.item(), DType.F32, values, starts, new int[starts[n]], like.classes(), groups);
    }

    private static int[] lengths(Path file, StoredArray array, int n, int steps) {
        int[] lengths = new int[n];
        Arrays.fill(lengths, steps);
        if (array == null) {
            return lengths;
        }
        if (!array.shape().equals(List.of((long) n))) {
            throw malformed(file, "lengths are not (n); n=" + n + ", lengths=" + array.shape());
        }
        for (int q = 0; q < n; q++) {
            long length = switch (array.type()) {
                case I32 -> array.data().getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, q);
                case I64 -> array.data().getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, q);
                default -> throw malformed(file, "lengths are not integers; type=" + array.type());
            };
            if (length < 0 || length > steps) {
                throw malformed(file, "a length out of range; sequence=" + q + ", length=" + length + ", t=" + steps);
            }
            lengths[q] = (int) length;
        }
        return lengths;
    }

    private static BadInputException malformed(Path file, String what) {
        return new BadInputException(file.toString(), what, REMEDY);
    }
}
