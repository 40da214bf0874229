package dev.elbo.runtime;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiFunction;

/// Holds the pullback of a function against differences of its values, along one random direction.
///
/// ```
/// L(x)       = Σ_e c[e] f(x)[e]                     c a random covector, the sum in f64
/// derivative = Σ_e ∂L/∂x[e] v[e]                    v a random direction, by the pullback
/// difference = (4 D(h) − D(2h)) / 3                 D(h) = (L(x + h v) − L(x − h v)) / 2h,  h = 2⁻⁶
/// ```
///
/// For tests of operations and models, Elbo's and anybody's. The function must be smooth within 2 h |v| of x, and
/// random functions must be given the same draw each time.
public final class GradientCheck {
    private static final double STEP = 1.0 / 64;

    private GradientCheck() {}

    /// What came out.
    ///
    /// @param derivative  by the pullback, into a gradient nobody had touched
    /// @param accumulated by the pullback, added to a gradient that already held `derivative`, less that
    /// @param difference  by differences of values
    /// @param scale       Σ_e |∂L/∂x[e] v[e]|, what rounding errors are to be measured by
    public record Result(double derivative, double accumulated, double difference, double scale) {
        /// The largest disagreement, relative to `scale`, or absolute where that is below 1.
        public double error() {
            double worst = Math.max(Math.abs(derivative - difference), Math.abs(accumulated - derivative));
            return worst / Math.max(1, scale);
        }
    }

    /// Checks one direction.
    ///
    /// @param device   where the function runs
    /// @param function the function; its arguments are the tensors of `at`
    /// @param at       the point; indices and data may be among them
    /// @param wanted   which of `at` to differentiate by, f32; their values are restored
    /// @param seed     of direction and covector
    public static Result of(
            Device device,
            BiFunction<Ops, List<Tensor>, Tensor> function,
            List<Tensor> at,
            List<Tensor> wanted,
            long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<float[]> point = wanted.stream().map(device::floats).toList();
        List<double[]> direction =
                point.stream().map(x -> normals(x.length, random)).toList();
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "gradient check", owner);
            double[] covector = normals(
                    Math.toIntExact(
                            function.apply(Ops.plain(memory), at).shape().size()),
                    random);
            List<Tensor> gradients =
                    wanted.stream().map(x -> memory.empty(x.shape())).toList();
            double scale = 0;
            double[] dots = new double[2];
            for (int pass = 0; pass < 2; pass++) {
                pullback(memory, function, at, wanted, gradients, covector, pass == 1);
                for (int i = 0; i < wanted.size(); i++) {
                    float[] dx = device.floats(gradients.get(i));
                    for (int e = 0; e < dx.length; e++) {
                        dots[pass] += dx[e] * direction.get(i)[e];
                        scale += pass == 0 ? Math.abs(dx[e] * direction.get(i)[e]) : 0;
                    }
                }
            }
            List<Double> values = new ArrayList<>();
            for (double h : new double[] {STEP, -STEP, 2 * STEP, -2 * STEP}) {
                for (int i = 0; i < wanted.size(); i++) {
                    device.write(moved(point.get(i), direction.get(i), h), wanted.get(i));
                }
                values.add(dot(device.floats(function.apply(Ops.plain(memory), at)), covector));
            }
            for (int i = 0; i < wanted.size(); i++) {
                device.write(point.get(i), wanted.get(i));
            }
            double near = (values.get(0) - values.get(1)) / (2 * STEP);
            double far = (values.get(2) - values.get(3)) / (4 * STEP);
            return new Result(dots[0], dots[1] - dots[0], (4 * near - far) / 3, scale);
        }
    }

    private static void pullback(
            Memory memory,
            BiFunction<Ops, List<Tensor>, Tensor> function,
            List<Tensor> at,
            List<Tensor> wanted,
            List<Tensor> gradients,
            double[] covector,
            boolean accumulate) {
        Tape tape = new Tape(memory);
        for (int i = 0; i < wanted.size(); i++) {
            if (accumulate) {
                tape.accumulate(wanted.get(i), gradients.get(i));
            } else {
                tape.watch(wanted.get(i), gradients.get(i));
            }
        }
        Tensor y = function.apply(Ops.taped(memory, tape), at);
        Gradient dy = tape.gradient(y);
        memory.device().write(moved(new float[covector.length], covector, 1), dy.into());
        dy.first();
        tape.pullback();
    }

    private static float[] moved(float[] x, double[] direction, double h) {
        float[] moved = new float[x.length];
        for (int e = 0; e < x.length; e++) {
            moved[e] = (float) (x[e] + h * direction[e]);
        }
        return moved;
    }

    private static double dot(float[] y, double[] covector) {
        double sum = 0;
        for (int e = 0; e < y.length; e++) {
            sum += y[e] * covector[e];
        }
        return sum;
    }

    private static double[] normals(int size, SplittableRandom random) {
        double[] z = new double[size];
        for (int e = 0; e < size; e++) {
            z[e] = random.nextGaussian();
        }
        return z;
    }
}
