package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.NormaliseMath;

/// Batch normalisation of each channel over all else, with an activation (Ioffe & Szegedy 2015).
///
/// ```
/// y      = f(scale · x̂ + shift)      x̂ = (x − μ) · s      x (rows, cols), scale, shift (cols) → y
/// μ      = Σ_i x[i] / rows           s = 1 / √(v + ε)     v = Σ_i (x[i] − μ)² / rows
/// g      = dy ∘ f′                                        in place of dy
/// dshift += Σ_i g[i]                 dscale += Σ_i g[i] · x̂[i]
/// dx    += scale · s · (g − Σ_i g[i] / rows − x̂ · Σ_i g[i] x̂[i] / rows)
/// ```
///
/// That is the training form, which also moves the running moments:
///
/// ```
/// mean     = (1 − momentum) · mean     + momentum · μ
/// variance = (1 − momentum) · variance + momentum · v · rows / (rows − 1)
/// ```
///
/// The inference form takes μ and v from the running moments as they are when it runs, and its dx is scale ·
/// s · g.
///
/// The channels are the innermost extent, all others count as rows. Sums are f64. A channel with a NaN is NaN
/// throughout, and so are its running moments from then on. One row normalises to its shift, and a running
/// variance takes its v as 0.
///
/// @param training whether the moments are those of the batch
/// @param running  read, and in training updated
/// @param momentum weight of this batch in the running moments
/// @param epsilon  ε
/// @param activation f
/// @param kept     (4, cols), overwritten by μ, s and what the pullback finds
/// @param partials (segments, 2, cols) f64, overwritten by partial sums
public record BatchNormalise(
        boolean training,
        Moments running,
        float momentum,
        float epsilon,
        Activation activation,
        Tensor kept,
        Tensor partials)
        implements Op.Ternary {
    private static final long WORK = 2;

    /// The training form for such an x.
    ///
    /// @param x (rows, cols)
    public static BatchNormalise training(
            Tensor x, Moments running, float momentum, float epsilon, Activation activation, Memory memory) {
        return of(x, true, running, momentum, epsilon, activation, memory);
    }

    /// The inference form for such an x.
    ///
    /// @param x (rows, cols)
    public static BatchNormalise inference(
            Tensor x, Moments running, float epsilon, Activation activation, Memory memory) {
        return of(x, false, running, 0, epsilon, activation, memory);
    }

    private static BatchNormalise of(
            Tensor x,
            boolean training,
            Moments running,
            float momentum,
            float epsilon,
            Activation activation,
            Memory memory) {
        int cols = x.shape().cols();
        int segments = NormaliseMath.segments(x.shape().rows());
        return new BatchNormalise(
                training,
                running,
                momentum,
                epsilon,
                activation,
                memory.empty(Shape.of(4, cols)),
                memory.empty(Shape.of(segments, 2, cols), DType.F64));
    }

    @Override
    public Tensor forward(Tensor x, Tensor scale, Tensor shift, Memory memory) {
        if (x.shape().size() == 0) {
            throw new IllegalArgumentException(
                    name() + ": no rows to normalise; x=" + x.shape() + ", scale=" + scale.shape());
        }
        Shape channels = Shape.of(x.shape().cols());
        Shapes.exactly(name(), "scale", channels, scale);
        Shapes.exactly(name(), "shift", channels, shift);
        Shapes.exactly(name(), "running mean", channels, running.mean());
        Shapes.exactly(name(), "running variance", channels, running.variance());
        if (training) {
            bindBatchMoments(x);
        } else {
            bindRunningMoments(x);
        }
        Tensor y = memory.empty(x.shape());
        bindNormalise(x, scale, shift, y);
        return y;
    }

    private void bindBatchMoments(Tensor x) {
        int rows = x.shape().rows();
        int cols = x.shape().cols();
        Tensor mean = running.mean();
        Tensor variance = running.variance();
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block segments =
                        (from, to) -> cpu.math().sumMoments(x.data(), partials.data(), from, to, rows, cols);
                CpuDevice.Block columns = (from, to) -> cpu.math()
                        .batchMoments(
                                partials.data(),
                                kept.data(),
                                mean.data(),
                                variance.data(),
                                from,
                                to,
                                rows,
                                cols,
                                momentum,
                                epsilon);
                bindSegments(cpu, rows, cols, segments);
                bindColumns(cpu, rows, cols, columns);
            }
            case CudaDevice cuda -> {
                int segments = NormaliseMath.segments(rows);
                cuda.kernel("batch_normalise_sums_f32")
                        .args(x, partials, rows, cols, segments)
                        .bind(name());
                cuda.kernel("batch_normalise_moments_f32")
                        .args(partials, kept, mean, variance, rows, cols, segments, momentum, epsilon)
                        .bind(name());
            }
        }
    }

    private void bindRunningMoments(Tensor x) {
        int cols = x.shape().cols();
        Tensor mean = running.mean();
        Tensor variance = running.variance();
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block columns = (from, to) ->
                        cpu.math().runningMoments(mean.data(), variance.data(), kept.data(), from, to, cols, epsilon);
                bindColumns(cpu, 1, cols, columns);
            }
            case CudaDevice cuda ->
                cuda.kernel("batch_normalise_running_f32")
                        .args(mean, variance, kept, cols, epsilon)
                        .bind(name());
        }
    }

    private void bindNormalise(Tensor x, Tensor scale, Tensor shift, Tensor y) {
        int rows = x.shape().rows();
        int cols = x.shape().cols();
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) -> cpu.math()
                        .normalise(
                                x.data(),
                                kept.data(),
                                scale.data(),
                                shift.data(),
                                y.data(),
                                from,
                                to,
                                cols,
                                activation.f().loop(),
                                activation.parameter());
                cpu.bind(name(), rows, cols * WORK, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("batch_normalise_f32")
                        .args(x, kept, scale, shift, y, rows, cols)
                        .args(activation.f().loop().ordinal(), activation.parameter())
                        .bind(name());
        }
    }

    @Override
    public void pullback(
            Tensor x, Tensor scale, Tensor shift, Tensor y, Tensor dy, Gradient dx, Gradient dScale, Gradient dShift) {
        bindSlopes(x, y, dy, dScale, dShift);
        if (dx.wanted()) {
            bindPullback(x, scale, dy, dx.into(), dx.first());
        }
    }

    private void bindSlopes(Tensor x, Tensor y, Tensor dy, Gradient dScale, Gradient dShift) {
        int rows = x.shape().rows();
        int cols = x.shape().cols();
        Tensor intoScale = dScale.wanted() ? dScale.into() : null;
        Tensor intoShift = dShift.wanted() ? dShift.into() : null;
        boolean firstScale = dScale.first();
        boolean firstShift = dShift.first();
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block segments = (from, to) -> cpu.math()
                        .sumSlopes(
                                x.data(),
                                y.data(),
                                kept.data(),
                                dy.data(),
                                partials.data(),
                                from,
                                to,
                                rows,
                                cols,
                                activation.f().loop(),
                                activation.parameter());
                CpuDevice.Block columns = (from, to) -> cpu.math()
                        .slopeMeans(
                                partials.data(),
                                kept.data(),
                                intoScale == null ? null : intoScale.data(),
                                intoShift == null ? null : intoShift.data(),
                                from,
                                to,
                                rows,
                                cols,
                                firstScale,
                                firstShift,
                                training);
                bindSegments(cpu, rows, cols, segments);
                bindColumns(cpu, rows, cols, columns);
            }
            case CudaDevice cuda -> {
                int segments = NormaliseMath.segments(rows);
                cuda.kernel("batch_normalise_sums_pullback_f32")
                        .args(x, y, kept, dy, partials, rows, cols, segments)
                        .args(activation.f().loop().ordinal(), activation.parameter())
                        .bind(name());
                cuda.kernel("batch_normalise_means_pullback_f32")
                        .args(partials, kept, intoScale, intoShift, rows, cols, segments)
                        .args(firstScale, firstShift, training)
                        .bind(name());
            }
        }
    }

    private void bindPullback(Tensor x, Tensor scale, Tensor g, Tensor dx, boolean first) {
        int rows = x.shape().rows();
        int cols = x.shape().cols();
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) -> cpu.math()
                        .normalisePullback(
                                x.data(), g.data(), kept.data(), scale.data(), dx.data(), from, to, cols, first);
                cpu.bind(name(), rows, cols * WORK, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("batch_normalise_pullback_f32")
                        .args(x, g, kept, scale, dx, rows, cols, first)
                        .bind(name());
        }
    }

    private void bindSegments(CpuDevice cpu, int rows, int cols, CpuDevice.Block segments) {
        long work = (long) Math.min(rows, NormaliseMath.SEGMENT) * cols * WORK;
        cpu.bind(name(), NormaliseMath.segments(rows), work, segments);
    }

    private void bindColumns(CpuDevice cpu, int rows, int cols, CpuDevice.Block columns) {
        cpu.bind(name(), cols, 16 + 2L * NormaliseMath.segments(rows), columns);
    }
}
