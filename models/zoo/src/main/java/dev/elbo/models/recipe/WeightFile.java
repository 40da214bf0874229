package dev.elbo.models.recipe;

import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.ElementType;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.Safetensors;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Weights that somebody else trained: named tensors of f32 or f64 in an npz or safetensors file. Whatever does not
/// fit is told in one line: file, tensor, both shapes, and what to do.
///
/// @param file   where they are
/// @param arrays by name
public record WeightFile(Path file, Map<String, StoredArray> arrays) {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// @param owner of the mapping of a safetensors file
    public static WeightFile read(Path file, Arena owner) {
        String name = file.toString();
        if (!Files.isRegularFile(file)) {
            throw new BadInputException(name, "no such file", "check the path");
        }
        try {
            if (name.endsWith(".npz")) {
                return new WeightFile(file, Npz.read(file).arrays());
            }
            if (name.endsWith(".safetensors")) {
                return new WeightFile(file, Safetensors.read(file, owner).arrays());
            }
        } catch (IOException e) {
            throw new BadInputException(file, "cannot be read: " + e.getMessage(), "check the path and its rights", e);
        }
        throw new BadInputException(name, "neither .npz nor .safetensors", "write it with numpy.savez");
    }

    /// Extents of a tensor that must be there.
    ///
    /// @param rank   number of its extents
    /// @param remedy what to do otherwise
    public List<Integer> shape(String name, int rank, String remedy) {
        StoredArray array = arrays.get(name);
        if (array == null) {
            throw wrong("no tensor " + name + "; tensors=" + arrays.keySet(), remedy);
        }
        if (array.shape().size() != rank || array.size() == 0 || array.size() > Integer.MAX_VALUE) {
            String wanted = rank == 1 ? "(n)" : "(n, m)";
            throw wrong(
                    "tensor " + name + " is no such array; shape=" + text(array.shape()) + ", wanted=" + wanted,
                    remedy);
        }
        return array.shape().stream().map(Math::toIntExact).toList();
    }

    /// The elements of a tensor of this shape.
    ///
    /// @param because why it has to be this one: `weights=(784, 500)`
    /// @param remedy  what to do otherwise
    public float[] floats(String name, List<Integer> wanted, String because, String remedy) {
        List<Integer> shape = shape(name, wanted.size(), remedy);
        if (!shape.equals(wanted)) {
            throw wrong(
                    "tensor " + name + " does not fit; " + name + "=" + text(shape) + ", wanted=" + text(wanted)
                            + " by " + because,
                    remedy);
        }
        StoredArray array = arrays.get(name);
        if (array.type() != ElementType.F32 && array.type() != ElementType.F64) {
            throw wrong("tensor " + name + " holds no floats; type=" + array.type(), "store it as float32");
        }
        float[] values = new float[Math.toIntExact(array.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.type() == ElementType.F32
                    ? array.data().getAtIndex(FLOAT, i)
                    : (float) array.data().getAtIndex(DOUBLE, i);
            if (!Float.isFinite(values[i])) {
                throw wrong(
                        "tensor " + name + " has no finite number there; shape=" + text(shape) + ", element=" + i
                                + ", value=" + values[i],
                        "train it again: such a model says nothing");
            }
        }
        return values;
    }

    /// Refuses tensors that nobody would read.
    ///
    /// @param known  names that are read
    /// @param remedy what to do
    public void nothingBut(List<String> known, String remedy) {
        List<String> others =
                arrays.keySet().stream().filter(name -> !known.contains(name)).toList();
        if (!others.isEmpty()) {
            throw wrong("tensors of another model; tensors=" + others, remedy);
        }
    }

    private BadInputException wrong(String what, String remedy) {
        return new BadInputException(file.toString(), what, remedy);
    }

    /// `(784, 500)`.
    static String text(List<? extends Number> shape) {
        return shape.stream().map(String::valueOf).collect(Collectors.joining(", ", "(", ")"));
    }

    /// A (n, m) array as (m, n).
    ///
    /// @param values row-major
    static float[] transposed(float[] values, int n, int m) {
        float[] turned = new float[values.length];
        for (int at = 0; at < turned.length; at++) {
            turned[at] = values[at % n * m + at / n];
        }
        return turned;
    }
}
