package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.FactorMath;
import dev.elbo.runtime.cpu.PerRow;
import java.lang.foreign.MemorySegment;

/// The launches behind [CholeskySample], [CholeskyKl] and [CholeskyLogLikelihood].
///
/// @param operation name
/// @param mean      (n, cols)
/// @param factor    (n, cols (cols + 1) / 2), packed as [FactorMath] says
/// @param samples   of each row, at least 1
record FactorRows(String operation, Tensor mean, Tensor factor, int samples) {
    private static final long WORK = 16;

    FactorRows {
        int packed = FactorMath.packed(mean.shape().cols());
        Shapes.exactly(operation, "factor", mean.shape().withCols(packed), factor);
    }

    private int n() {
        return mean.shape().rows();
    }

    private int cols() {
        return mean.shape().cols();
    }

    /// Of one sample.
    private long work() {
        return WORK * cols() + factor.shape().cols();
    }

    /// Binds draws and what a bound asks of them.
    ///
    /// @param z     (n, samples, cols), or null
    /// @param kl    (n), or null
    /// @param logQ  (n, samples), or null
    /// @param ratio (n, samples), or null
    /// @param draw  what ε is a function of, or null where neither z nor logQ is asked for
    void draws(Tensor z, Tensor kl, Tensor logQ, Tensor ratio, Draw draw) {
        int cols = cols();
        switch (mean.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .factorDraws(
                                mean.data(),
                                factor.data(),
                                data(z),
                                data(kl),
                                data(logQ),
                                data(ratio),
                                from,
                                to,
                                samples,
                                cols,
                                draw == null ? 0 : draw.seed(),
                                draw == null ? 0 : draw.step(),
                                operation(draw));
                cpu.bind(operation, n(), samples * work(), rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("gaussian_full_rows_f32")
                        .args(mean, factor, z, kl, logQ, ratio, words(draw), operation(draw), n(), cols, samples)
                        .bind(operation);
        }
    }

    /// Binds the gradients of mean and factor, if any is wanted.
    ///
    /// @param z       (n, samples, cols), or null where dRatio is nothing
    /// @param dz      (n, samples, cols), or null for 0
    /// @param epsilon (n, samples, cols), or null to draw it
    /// @param dKl     of n rows
    /// @param dLogQ   of n · samples
    /// @param dRatio  of n · samples
    /// @param draw    what ε is a function of, or null where it is not drawn
    void pullback(
            Tensor z,
            Tensor dz,
            Tensor epsilon,
            RowGradient dKl,
            RowGradient dLogQ,
            RowGradient dRatio,
            Draw draw,
            Gradient dMean,
            Gradient dFactor) {
        if (!dMean.wanted() && !dFactor.wanted()) {
            return;
        }
        Tensor weighed = dRatio.nothing() ? null : z;
        int cols = cols();
        Tensor intoMean = dMean.wanted() ? dMean.into() : null;
        Tensor intoFactor = dFactor.wanted() ? dFactor.into() : null;
        boolean firstMean = dMean.first();
        boolean firstFactor = dFactor.first();
        switch (mean.device()) {
            case CpuDevice cpu -> {
                PerRow kl = dKl.onCpu();
                PerRow logQ = dLogQ.onCpu();
                PerRow ratio = dRatio.onCpu();
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .factorPullback(
                                mean.data(),
                                factor.data(),
                                data(weighed),
                                data(dz),
                                data(epsilon),
                                kl,
                                logQ,
                                ratio,
                                data(intoMean),
                                data(intoFactor),
                                from,
                                to,
                                samples,
                                cols,
                                draw == null ? 0 : draw.seed(),
                                draw == null ? 0 : draw.step(),
                                operation(draw),
                                firstMean,
                                firstFactor);
                cpu.bind(operation, n(), samples * work(), rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("gaussian_full_pullback_f32")
                        .args(mean, factor, weighed, dz, epsilon, dKl.each(), dLogQ.each(), dRatio.each())
                        .args(intoMean, intoFactor, words(draw))
                        .args(
                                operation(draw),
                                n(),
                                cols,
                                samples,
                                cols + factor.shape().cols())
                        .args(dKl.all(), dLogQ.all(), dRatio.all(), firstMean, firstFactor)
                        .bind(operation);
        }
    }

    /// Binds y and w = L⁻¹ (x − μ).
    ///
    /// @param x (n, samples, cols)
    /// @param w shape of x
    /// @param y (n, samples)
    void density(Tensor x, Tensor w, Tensor y) {
        int cols = cols();
        switch (mean.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .factorDensity(
                                x.data(), mean.data(), factor.data(), w.data(), y.data(), from, to, samples, cols);
                cpu.bind(operation, y.shape().size(), work(), rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("gaussian_full_density_rows_f32")
                        .args(x, mean, factor, w, y, n(), cols, samples)
                        .bind(operation);
        }
    }

    /// Binds g = dy L⁻ᵀ w, and −g as the gradient of x if that is wanted.
    ///
    /// @param w  (n, samples, cols)
    /// @param dy (n, samples)
    /// @param g  shape of w
    void densityPullback(Tensor w, Tensor dy, Tensor g, Gradient dx) {
        int cols = cols();
        Tensor into = dx.wanted() ? dx.into() : null;
        boolean first = dx.first();
        switch (mean.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .factorDensityPullback(
                                factor.data(),
                                w.data(),
                                dy.data(),
                                g.data(),
                                data(into),
                                from,
                                to,
                                samples,
                                cols,
                                first);
                cpu.bind(operation, dy.shape().size(), work(), rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("gaussian_full_density_rows_pullback_f32")
                        .args(factor, w, dy, g, into, n(), cols, samples, first)
                        .bind(operation);
        }
    }

    private static Tensor words(Draw draw) {
        return draw == null ? null : draw.words();
    }

    private static int operation(Draw draw) {
        return draw == null ? 0 : draw.operation();
    }

    private static MemorySegment data(Tensor tensor) {
        return tensor == null ? null : tensor.data();
    }
}
