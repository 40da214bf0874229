package dev.elbo.runtime.ops;

import dev.elbo.runtime.DType;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;

/// One argument of a tested operation: its shape and where its elements come from.
///
/// @param shape  extents
/// @param kind   what may stand in it
/// @param below  for indices, one more than the largest
record Values(Shape shape, Kind kind, int below) {
    enum Kind {
        /// Standard normal, with outliers of ±80 planted.
        WILD,
        /// Standard normal.
        TAME,
        /// At least 0.25 away from 0, either sign.
        AWAY_FROM_ZERO,
        /// Between 0.25 and 4.
        POSITIVE,
        /// 0 or 1.
        BITS,
        /// Indices.
        INDEX
    }

    static Values wild(int... extents) {
        return new Values(Shape.of(extents), Kind.WILD, 0);
    }

    static Values tame(int... extents) {
        return new Values(Shape.of(extents), Kind.TAME, 0);
    }

    static Values awayFromZero(int... extents) {
        return new Values(Shape.of(extents), Kind.AWAY_FROM_ZERO, 0);
    }

    static Values positive(int... extents) {
        return new Values(Shape.of(extents), Kind.POSITIVE, 0);
    }

    static Values bits(int... extents) {
        return new Values(Shape.of(extents), Kind.BITS, 0);
    }

    static Values index(int below, int... extents) {
        return new Values(Shape.of(extents), Kind.INDEX, below);
    }

    boolean differentiable() {
        return kind != Kind.INDEX && kind != Kind.BITS;
    }

    /// Elements as doubles that are exact in the tensor's type.
    double[] draw(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int size = Math.toIntExact(shape.size());
        DoubleSupplier source = switch (kind) {
            case WILD -> () -> random.nextInt(50) == 0 ? 160 * random.nextInt(2) - 80 : random.nextGaussian();
            case TAME -> random::nextGaussian;
            case AWAY_FROM_ZERO ->
                () -> {
                    double z = random.nextGaussian();
                    return z + Math.copySign(0.25, z);
                };
            case POSITIVE -> () -> 0.25 + 3.75 * random.nextDouble();
            case BITS -> () -> random.nextInt(2);
            case INDEX -> () -> random.nextInt(below);
        };
        double[] values = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) source.getAsDouble();
        }
        return values;
    }

    Tensor tensor(double[] values, Memory memory) {
        if (kind == Kind.INDEX) {
            int[] indices = new int[values.length];
            for (int i = 0; i < values.length; i++) {
                indices[i] = (int) values[i];
            }
            return memory.ints(shape, indices);
        }
        return memory.floats(shape, floats(values));
    }

    static float[] floats(double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    DType dtype() {
        return kind == Kind.INDEX ? DType.I32 : DType.F32;
    }
}
