package dev.elbo.runtime.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.Arrays;

/// A device with memory to try operations on, and what laws and edges need to say.
///
/// @param memory where arguments and results live
record Bench(Memory memory) {
    static final float INFINITY = Float.POSITIVE_INFINITY;
    static final float NAN = Float.NaN;

    Device device() {
        return memory.device();
    }

    Ops f() {
        return Ops.plain(memory);
    }

    Tensor vector(double... values) {
        return memory.floats(Shape.of(values.length), Values.floats(values));
    }

    Tensor matrix(int rows, double... values) {
        return memory.floats(Shape.of(rows, values.length / rows), Values.floats(values));
    }

    Tensor indices(int... values) {
        return memory.ints(Shape.of(values.length), values);
    }

    Tensor of(Values values, long seed) {
        return values.tensor(values.draw(seed), memory);
    }

    Draw draw(int order) {
        return Draw.of(Noise.of(12345, 6, Purpose.TRAIN, order), memory);
    }

    /// ∂L/∂x for ∂L/∂y = 1 everywhere.
    Tensor gradient(Op.Unary op, Tensor x) {
        Tensor dx = memory.empty(x.shape());
        Tensor y = op.forward(x, memory);
        op.pullback(x, y, ones(y.shape()), Gradient.into(dx));
        return dx;
    }

    Tensor ones(Shape shape) {
        float[] ones = new float[Math.toIntExact(shape.size())];
        Arrays.fill(ones, 1);
        return memory.floats(shape, ones);
    }

    /// The elements are these, to 2e-6 relative or absolute.
    void equal(Tensor actual, double... expected) {
        close(2e-6, actual, expected);
    }

    /// The elements are these, to a tolerance.
    void close(double tolerance, Tensor actual, double... expected) {
        float[] values = device().floats(actual);
        assertEquals(expected.length, values.length);
        for (int i = 0; i < values.length; i++) {
            close(tolerance, expected[i], values[i], "element " + i);
        }
    }

    /// Two tensors hold the same, to 2e-6 relative or absolute.
    void same(Tensor expected, Tensor actual) {
        float[] values = device().floats(expected);
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        equal(actual, doubles);
    }

    void refused(String message, Runnable call) {
        String actual = assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertEquals(message, actual);
    }

    static void close(double tolerance, double expected, double actual, String where) {
        boolean equal = expected == actual
                || Double.isNaN(expected) && Double.isNaN(actual)
                || Math.abs(expected - actual) <= tolerance * Math.max(1, Math.abs(expected));
        if (!equal) {
            throw new AssertionError(where + ": expected " + expected + " but was " + actual);
        }
    }
}
