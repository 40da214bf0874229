package dev.elbo.runtime;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// A view of device memory: extents, element type, memory, device. It computes nothing and owns nothing.
///
/// Elements are row-major without gaps, so every view is one contiguous range. The memory lives as long as the arena it
/// was taken from; two tensors over one range see each other's writes.
///
/// @param shape  extents
/// @param dtype  element type
/// @param data   the memory, borrowed; a device pointer has length zero on the host
/// @param device where the memory is
public record Tensor(Shape shape, DType dtype, MemorySegment data, Device device) {
    public Tensor {
        Objects.requireNonNull(dtype);
        Objects.requireNonNull(data);
        device.checkHolds(data, shape, dtype);
    }

    /// Number of bytes of all elements.
    public long bytes() {
        return shape.size() * dtype.bytes();
    }

    /// The same elements under other extents.
    public Tensor as(Shape other) {
        if (other.size() != shape.size()) {
            throw new IllegalArgumentException("as: a view keeps its elements; shape=" + shape + ", as=" + other);
        }
        return new Tensor(other, dtype, data, device);
    }

    /// A view of the elements `[from, from + part.size())` of this one.
    public Tensor part(long from, Shape part) {
        if (from < 0 || from + part.size() > shape.size()) {
            throw new IllegalArgumentException(
                    "part: outside of the tensor; shape=" + shape + ", from=" + from + ", part=" + part);
        }
        long size = dtype.bytes();
        return new Tensor(part, dtype, device.slice(data, from * size, part.size() * size), device);
    }

    /// A view of the rows `[from, to)` along the outermost axis.
    public Tensor rows(int from, int to) {
        int[] extents = new int[shape.rank()];
        for (int axis = 0; axis < extents.length; axis++) {
            extents[axis] = shape.extent(axis);
        }
        long each = extents[0] == 0 ? 0 : shape.size() / extents[0];
        extents[0] = to - from;
        return part(from * each, Shape.of(extents));
    }

    /// `(128, 784) F32 on cpu`.
    @Override
    public String toString() {
        return shape + " " + dtype + " on " + device;
    }
}
