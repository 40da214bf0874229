package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.KernelCall;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.PerRow;
import java.lang.foreign.MemorySegment;

/// The launches behind [Reparameterise] and [GaussianSample]: draws of diagonal normals, with and without what a bound
/// asks of them.
///
/// @param operation   name
/// @param mean        (n, cols)
/// @param logVariance (n, cols)
/// @param samples     of each row, at least 1
/// @param draw        what ε is a function of
record NormalDraw(String operation, Tensor mean, Tensor logVariance, int samples, Draw draw) {
    private static final long WORK = 16;
    private static final long WORK_OF_A_ROW = 1000; // beside that of its elements: its loops are short

    NormalDraw {
        Shapes.same(operation, mean, logVariance);
    }

    /// Binds the draws.
    ///
    /// @param z     (n, samples, cols)
    /// @param kl    (n), or null
    /// @param logQ  (n, samples), or null
    /// @param ratio (n, samples), or null
    void forward(Tensor z, Tensor kl, Tensor logQ, Tensor ratio) {
        int n = mean.shape().rows();
        int cols = mean.shape().cols();
        switch (mean.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .reparameterise(
                                mean.data(),
                                logVariance.data(),
                                z.data(),
                                data(kl),
                                data(logQ),
                                data(ratio),
                                from,
                                to,
                                samples,
                                cols,
                                draw.seed(),
                                draw.step(),
                                draw.operation());
                cpu.bind(operation, n, samples * (cols * WORK + WORK_OF_A_ROW), rows);
            }
            case CudaDevice cuda -> {
                boolean alone = kl == null && logQ == null && ratio == null;
                KernelCall kernel = cuda.kernel(alone ? "reparameterise_f32" : "reparameterise_rows_f32")
                        .args(mean, logVariance, z);
                (alone ? kernel : kernel.args(kl, logQ, ratio))
                        .args(draw.words(), draw.operation(), n, cols, samples)
                        .bind(operation);
            }
        }
    }

    /// Binds the pullback, if any of it is wanted.
    ///
    /// @param z      (n, samples, cols)
    /// @param dz     (n, samples, cols), or null for 0
    /// @param dKl    of n rows
    /// @param dLogQ  of n · samples
    /// @param dRatio of n · samples
    void pullback(
            Tensor z,
            Tensor dz,
            RowGradient dKl,
            RowGradient dLogQ,
            RowGradient dRatio,
            Gradient dMean,
            Gradient dLogVariance) {
        if (!dMean.wanted() && !dLogVariance.wanted()) {
            return;
        }
        Tensor weighed = dRatio.nothing() ? null : z;
        int n = mean.shape().rows();
        int cols = mean.shape().cols();
        Tensor intoMean = dMean.wanted() ? dMean.into() : null;
        Tensor intoLogVariance = dLogVariance.wanted() ? dLogVariance.into() : null;
        boolean firstMean = dMean.first();
        boolean firstLogVariance = dLogVariance.first();
        switch (mean.device()) {
            case CpuDevice cpu -> {
                PerRow kl = dKl.onCpu();
                PerRow logQ = dLogQ.onCpu();
                PerRow ratio = dRatio.onCpu();
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .reparameterisePullback(
                                mean.data(),
                                logVariance.data(),
                                data(weighed),
                                data(dz),
                                kl,
                                logQ,
                                ratio,
                                data(intoMean),
                                data(intoLogVariance),
                                from,
                                to,
                                samples,
                                cols,
                                draw.seed(),
                                draw.step(),
                                draw.operation(),
                                firstMean,
                                firstLogVariance);
                cpu.bind(operation, n, samples * (cols * WORK + WORK_OF_A_ROW), rows);
            }
            case CudaDevice cuda -> {
                KernelCall kernel = cuda.kernel(
                                samples == 1 ? "reparameterise_pullback_f32" : "reparameterise_samples_pullback_f32")
                        .args(mean, logVariance, weighed, dz, dKl.each(), dLogQ.each(), dRatio.each())
                        .args(intoMean, intoLogVariance)
                        .args(draw.words(), draw.operation(), n, cols);
                (samples == 1 ? kernel : kernel.args(samples))
                        .args(dKl.all(), dLogQ.all(), dRatio.all(), firstMean, firstLogVariance)
                        .bind(operation);
            }
        }
    }

    private static MemorySegment data(Tensor tensor) {
        return tensor == null ? null : tensor.data();
    }
}
