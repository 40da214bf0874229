package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.RowMath;
import dev.elbo.runtime.cpu.Term;

/// Sum, mean, or what is made small when a mean is made large, of everything.
///
/// ```
/// y      = Σ_e x[e] / d          x (n), any shape → y ()     d = 1, n or −n
/// dx[e] += dy / d
/// ```
///
/// The sum goes over segments of fixed length and then over their f64 results, so its bits do not depend on who adds;
/// one segment alone is summed as a row is.
///
/// @param by what the sum is divided by
public record Sum(By by) implements Op.Unary {
    /// Of n elements.
    public enum By {
        /// d = 1: the sum.
        ONE,
        /// d = n: the mean.
        COUNT,
        /// d = −n: a loss, of which the mean is the objective.
        MINUS_COUNT
    }

    @Override
    public Tensor forward(Tensor x, Memory memory) {
        Tensor y = memory.empty(Shape.SCALAR);
        long n = x.shape().size();
        if (n <= RowMath.SEGMENT) {
            SumRows.bind(name(), x, y, (int) n, divisor(x), true);
        } else {
            bindSegments(x, y, divisor(x), memory);
        }
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        ExpandRows.bind(dy, dx.into(), Math.toIntExact(x.shape().size()), divisor(x), dx.first());
    }

    @Override
    public void pullback(Tensor x, Tensor y, Gradient dy, Gradient dx) {
        float divisor = divisor(x);
        if (!dx.follow(dy, v -> (float) v / divisor)) {
            pullback(x, y, dy.into(), dx);
        }
    }

    private float divisor(Tensor x) {
        return switch (by) {
            case ONE -> 1;
            case COUNT -> x.shape().size();
            case MINUS_COUNT -> -x.shape().size();
        };
    }

    /// Binds y = Σ_e x[e] / divisor, with the segments' sums in `memory`.
    private static void bindSegments(Tensor x, Tensor y, float divisor, Memory memory) {
        long n = x.shape().size();
        int segments = Math.toIntExact((n + RowMath.SEGMENT - 1) / RowMath.SEGMENT);
        Tensor partials = memory.empty(Shape.of(segments), DType.F64);
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some =
                        (from, to) -> cpu.math().sumSegments(Term.VALUE, x.data(), partials.data(), from, to, n);
                CpuDevice.Block all =
                        (_, _) -> cpu.math().sumPartials(partials.data(), y.data(), segments, divisor, true);
                cpu.bind("sum", segments, RowMath.SEGMENT, some);
                cpu.bind("sum", 1, segments, all);
            }
            case CudaDevice cuda -> {
                cuda.kernel("sum_segments_f32")
                        .args(x, partials, n, Term.VALUE.ordinal())
                        .bind("sum");
                cuda.kernel("sum_partials_f32")
                        .args(partials, y, segments, divisor, true)
                        .bind("sum");
            }
        }
    }
}
