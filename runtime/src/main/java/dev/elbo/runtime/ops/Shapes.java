package dev.elbo.runtime.ops;

import dev.elbo.runtime.DType;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// What operations ask of their arguments' shapes, and how they say no.
final class Shapes {
    private Shapes() {}

    /// Both have one shape.
    static void same(String operation, Tensor a, Tensor b) {
        if (!a.shape().equals(b.shape())) {
            throw new IllegalArgumentException(
                    operation + ": shapes differ; left=" + a.shape() + ", right=" + b.shape());
        }
    }

    /// The tensor has this shape.
    static void exactly(String operation, String argument, Shape wanted, Tensor tensor) {
        if (!tensor.shape().equals(wanted)) {
            throw new IllegalArgumentException(
                    operation + ": wrong shape; " + argument + "=" + tensor.shape() + ", wanted=" + wanted);
        }
    }

    /// The tensor holds indices, `count` of them.
    static void indices(String operation, Tensor index, long count) {
        if (index.dtype() != DType.I32 || index.shape().size() != count) {
            throw new IllegalArgumentException(
                    operation + ": indices are i32; index=" + index + ", wanted=" + count + " of them");
        }
    }
}
