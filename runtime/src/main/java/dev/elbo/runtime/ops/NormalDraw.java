package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.KernelCall;
import dev.elbo.runtime.Tensor;
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
    /// @param z    (n, samples, cols)
    /// @param kl   (n), or null
    /// @param logQ (n, samples), or null
    void forward(Tensor z, Tensor kl, Tensor logQ) {
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
                boolean alone = kl == null && logQ == null;
                KernelCall kernel = cuda.kernel(alone ? "reparameterise_f32" : "reparameterise_rows_f32")
                        .args(mean, logVariance, z);
                (alone ? kernel : kernel.args(kl, logQ))
                        .args(draw.words(), draw.operation(), n, cols, samples)
                        .bind(operation);
            }
        }
    }

    /// Binds the pullback, if any of it is wanted.
    ///
    /// @param dz    (n, samples, cols), or null for 0
    /// @param dKl   (n), or null for 0
    /// @param dLogQ (n, samples), or null for 0
    void pullback(Tensor dz, Tensor dKl, Tensor dLogQ, Gradient dMean, Gradient dLogVariance) {
        if (!dMean.wanted() && !dLogVariance.wanted()) {
            return;
        }
        int n = mean.shape().rows();
        int cols = mean.shape().cols();
        Tensor intoMean = dMean.wanted() ? dMean.into() : null;
        Tensor intoLogVariance = dLogVariance.wanted() ? dLogVariance.into() : null;
        boolean firstMean = dMean.first();
        boolean firstLogVariance = dLogVariance.first();
        switch (mean.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .reparameterisePullback(
                                mean.data(),
                                logVariance.data(),
                                data(dz),
                                data(dKl),
                                data(dLogQ),
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
                        .args(mean, logVariance, dz, dKl, dLogQ, intoMean, intoLogVariance)
                        .args(draw.words(), draw.operation(), n, cols);
                (samples == 1 ? kernel : kernel.args(samples))
                        .args(firstMean, firstLogVariance)
                        .bind(operation);
            }
        }
    }

    private static MemorySegment data(Tensor tensor) {
        return tensor == null ? null : tensor.data();
    }
}
