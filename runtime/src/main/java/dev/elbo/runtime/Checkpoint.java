package dev.elbo.runtime;

import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.ElementType;
import dev.elbo.runtime.file.Safetensors;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The state of a run in one file: tensors by name, and facts as text.
///
/// The file is safetensors, readable by other tools, written whole or not at all, with a checksum over all of it.
/// Restoring is all or nothing as well: names, types and shapes are compared before the first element is written.
///
/// @param file   where it was read
/// @param facts  configuration, provenance, whatever is not a tensor
/// @param arrays by name; views of the mapped file
public record Checkpoint(Path file, Map<String, String> facts, Map<String, StoredArray> arrays) {
    /// Writes the values that `tensors` hold now. Waits for their device.
    ///
    /// @param tensors by name, all of one device
    /// @throws IOException when the folder cannot be written or the disk is full; the old file is then untouched
    public static void write(Path file, Map<String, String> facts, Map<String, Tensor> tensors) throws IOException {
        try (Arena host = Arena.ofConfined()) {
            Map<String, StoredArray> arrays = new LinkedHashMap<>();
            tensors.forEach((name, tensor) -> {
                MemorySegment data =
                        host.allocate(Math.max(1, tensor.bytes()), Long.BYTES).asSlice(0, tensor.bytes());
                tensor.device().read(tensor, data);
                arrays.put(name, new StoredArray(stored(tensor.dtype()), shape(tensor), data));
            });
            new Safetensors(facts, arrays).write(file);
        }
    }

    /// Maps a checkpoint.
    ///
    /// @param owner unmaps the file when it closes
    /// @throws BadInputException when the file is damaged or no checkpoint
    /// @throws IOException       when it cannot be read
    public static Checkpoint read(Path file, Arena owner) throws IOException {
        Safetensors content = Safetensors.read(file, owner);
        return new Checkpoint(file, content.metadata(), content.arrays());
    }

    /// The part of this checkpoint whose names begin so: the parameters without the optimizer, say.
    public Checkpoint part(String prefix) {
        Map<String, StoredArray> some = new LinkedHashMap<>();
        arrays.forEach((name, array) -> {
            if (name.startsWith(prefix)) {
                some.put(name, array);
            }
        });
        return new Checkpoint(file, facts, some);
    }

    /// Overwrites `tensors` by what was saved under their names.
    ///
    /// @param tensors by name; exactly the names of the file
    /// @throws BadInputException when names, types or shapes differ; nothing is written then
    public void restore(Map<String, Tensor> tensors) {
        List<String> differences = new ArrayList<>();
        tensors.forEach((name, tensor) -> compare(name, tensor, differences));
        arrays.keySet().stream()
                .filter(name -> !tensors.containsKey(name))
                .forEach(name -> differences.add("not in the model: " + name));
        if (!differences.isEmpty()) {
            int shown = Math.min(3, differences.size());
            throw new BadInputException(
                    file.toString(),
                    "of another model: " + String.join("; ", differences.subList(0, shown))
                            + (differences.size() > shown ? "; and " + (differences.size() - shown) + " more" : ""),
                    "build the model with the configuration that was saved with it");
        }
        tensors.forEach((name, tensor) -> tensor.device().write(arrays.get(name).data(), tensor));
    }

    private void compare(String name, Tensor tensor, List<String> differences) {
        StoredArray array = arrays.get(name);
        if (array == null) {
            differences.add("not in the file: " + name);
        } else if (array.type() != stored(tensor.dtype()) || !array.shape().equals(shape(tensor))) {
            differences.add(name + ": file " + array.shape() + " " + array.type() + ", model " + shape(tensor) + " "
                    + tensor.dtype());
        }
    }

    private static List<Long> shape(Tensor tensor) {
        List<Long> extents = new ArrayList<>();
        for (int axis = 0; axis < tensor.shape().rank(); axis++) {
            extents.add((long) tensor.shape().extent(axis));
        }
        return extents;
    }

    private static ElementType stored(DType dtype) {
        return switch (dtype) {
            case F32 -> ElementType.F32;
            case F64 -> ElementType.F64;
            case I32 -> ElementType.I32;
            case U8 -> ElementType.U8;
        };
    }
}
