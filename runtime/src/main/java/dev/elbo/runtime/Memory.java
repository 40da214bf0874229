package dev.elbo.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// Where outputs come from. Whoever allocates through a memory is owned by its arena and is freed when that closes.
public interface Memory {
    /// Memory of `device` that lives as long as `owner`, each tensor an allocation of its own.
    ///
    /// @param name  who this is in the device's ledger: `model`, `step train`, …
    /// @param owner a shared arena: the workers of a device are other threads
    static Memory of(Device device, String name, Arena owner) {
        return new ArenaMemory(device, name, owner);
    }

    /// Where the memory is.
    Device device();

    /// A tensor whose elements hold nothing yet; reading them before they are written is an error that assertions
    /// make visible as NaN.
    Tensor empty(Shape shape, DType dtype);

    /// [#empty(Shape, DType)] of f32.
    default Tensor empty(Shape shape) {
        return empty(shape, DType.F32);
    }

    /// A tensor of the given elements, row-major, copied.
    default Tensor floats(Shape shape, float... values) {
        Tensor tensor = empty(shape);
        device().write(values, tensor);
        return tensor;
    }

    /// A tensor of the given indices, row-major, copied.
    default Tensor ints(Shape shape, int... values) {
        Tensor tensor = empty(shape, DType.I32);
        device().write(values, tensor);
        return tensor;
    }

    /// Memory from an arena.
    record ArenaMemory(Device device, String name, Arena owner) implements Memory {
        public ArenaMemory {
            Objects.requireNonNull(device);
            Objects.requireNonNull(name);
            Objects.requireNonNull(owner);
        }

        @Override
        public Tensor empty(Shape shape, DType dtype) {
            MemorySegment data = device.allocate(shape.size() * dtype.bytes(), name, owner);
            return new Tensor(shape, dtype, data, device);
        }
    }
}
