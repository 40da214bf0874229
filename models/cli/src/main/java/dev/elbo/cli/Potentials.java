package dev.elbo.cli;

import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.LinearChain;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Scores of linear chains in a numpy file, whoever wrote it.
///
/// ```
/// unary        (n, t, s)                            natural logarithms, −∞ where forbidden
/// transitions  (s, s) or (n, t − 1, s, s)           from row to column
/// start, end   (s), each may be missing
/// lengths      (n) integers in [0, t]; missing: all t
/// ```
///
/// @param source the file
/// @param arrays what is in it
record Potentials(String source, Map<String, StoredArray> arrays) {
    private static final Set<String> NAMES = Set.of("unary", "transitions", "start", "end", "lengths");
    private static final String REMEDY = "write it with numpy.savez(file, unary=..., transitions=...)";

    static Potentials read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new BadInputException(file.toString(), "no such file", "check the path");
        }
        Potentials potentials = new Potentials(file.toString(), Npz.read(file).arrays());
        for (String name : potentials.arrays.keySet()) {
            if (!NAMES.contains(name)) {
                throw potentials.malformed("an array that means nothing here; array=" + name + ", known="
                        + NAMES.stream().sorted().toList());
            }
        }
        return potentials;
    }

    /// The chains on a device.
    ///
    /// @param memory holds them
    LinearChain upload(Memory memory) {
        StoredArray unary = required("unary", 3);
        long n = unary.shape().get(0);
        long steps = unary.shape().get(1);
        long states = unary.shape().get(2);
        if (states == 0) {
            throw malformed("chains have states; unary=" + unary.shape());
        }
        StoredArray transitions = arrays.get("transitions");
        List<Long> own = List.of(n, Math.max(0, steps - 1), states, states);
        boolean shared = transitions == null || transitions.shape().size() != own.size();
        return new LinearChain(
                scores("unary", unary.shape(), memory),
                scores("transitions", shared ? List.of(states, states) : own, memory),
                arrays.containsKey("start") ? scores("start", List.of(states), memory) : null,
                arrays.containsKey("end") ? scores("end", List.of(states), memory) : null,
                lengths(n, steps, memory));
    }

    private Tensor scores(String name, List<Long> shape, Memory memory) {
        StoredArray array = required(name, shape.size());
        if (!array.shape().equals(shape)) {
            throw malformed("other extents; array=" + name + ", expected=" + shape + ", actual=" + array.shape());
        }
        float[] values = new float[Math.toIntExact(array.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (array.type()) {
                case F32 -> array.data().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
                case F64 -> (float) array.data().getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i);
                default -> throw malformed("scores are f32 or f64; array=" + name + ", type=" + array.type());
            };
        }
        return memory.floats(Shape.of(shape.stream().mapToInt(Math::toIntExact).toArray()), values);
    }

    private Tensor lengths(long n, long steps, Memory memory) {
        int[] lengths = new int[Math.toIntExact(n)];
        Arrays.fill(lengths, Math.toIntExact(steps));
        StoredArray array = arrays.get("lengths");
        if (array != null && !array.shape().equals(List.of(n))) {
            throw malformed("other extents; array=lengths, expected=" + List.of(n) + ", actual=" + array.shape());
        }
        for (int q = 0; array != null && q < lengths.length; q++) {
            long length = switch (array.type()) {
                case I32 -> array.data().getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, q);
                case I64 -> array.data().getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, q);
                default -> throw malformed("lengths are i32 or i64; type=" + array.type());
            };
            if (length < 0 || length > steps) {
                throw malformed("a length out of range; sequence=" + q + ", length=" + length + ", steps=" + steps);
            }
            lengths[q] = (int) length;
        }
        return memory.ints(Shape.of(lengths.length), lengths);
    }

    private StoredArray required(String name, int rank) {
        StoredArray array = arrays.get(name);
        if (array == null) {
            throw malformed("no array `" + name + "`; arrays=" + arrays.keySet());
        }
        if (array.shape().size() != rank) {
            throw malformed(
                    "other number of extents; array=" + name + ", expected=" + rank + ", shape=" + array.shape());
        }
        return array;
    }

    private BadInputException malformed(String what) {
        return new BadInputException(source, what, REMEDY);
    }
}
