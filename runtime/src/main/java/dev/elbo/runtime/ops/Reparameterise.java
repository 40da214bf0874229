package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.KernelCall;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// Samples of a diagonal normal as a function of its parameters (Kingma & Welling 2014, arXiv:1312.6114).
///
/// ```
/// z[i,s,j]  = μ[i,j] + exp(½ v[i,j]) ε[i,s,j]      μ, v (n, cols) → z (n, samples, cols)     ε ~ N(0, 1)
/// dμ[i,j]  += Σ_s dz[i,s,j]
/// dv[i,j]  += ½ exp(½ v[i,j]) Σ_s dz[i,s,j] ε[i,s,j]
/// ```
///
/// v is held to ±20, and no gradient flows into what lies beyond. ε is not stored; the pullback draws it again. With
/// `samples` 0, z is (n, cols): one sample, without an extent.
///
/// @param samples of each row
/// @param draw    what ε is a function of
public record Reparameterise(int samples, Draw draw) implements Op.Binary {
    private static final long WORK = 16;

    @Override
    public Tensor forward(Tensor mean, Tensor logVariance, Memory memory) {
        Shapes.same(name(), mean, logVariance);
        int n = mean.shape().rows();
        int cols = mean.shape().cols();
        Tensor z = memory.empty(samples == 0 ? mean.shape() : Shape.of(n, samples, cols));
        int each = Math.max(1, samples);
        int operation = draw.operation();
        switch (mean.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .reparameterise(
                                mean.data(),
                                logVariance.data(),
                                z.data(),
                                null,
                                null,
                                from,
                                to,
                                each,
                                cols,
                                draw.seed(),
                                draw.step(),
                                operation);
                cpu.bind(name(), n, each * cols * WORK, rows);
            }
            case CudaDevice cuda ->
                cuda.kernel("reparameterise_f32")
                        .args(mean, logVariance, z, draw.words(), operation, n, cols, each)
                        .bind(name());
        }
        return z;
    }

    @Override
    public void pullback(Tensor mean, Tensor logVariance, Tensor z, Tensor dz, Gradient dMean, Gradient dLogVariance) {
        int n = mean.shape().rows();
        int cols = mean.shape().cols();
        int each = Math.max(1, samples);
        int operation = draw.operation();
        Tensor intoMean = dMean.into();
        Tensor intoLogVariance = dLogVariance.into();
        boolean firstMean = dMean.first();
        boolean firstLogVariance = dLogVariance.first();
        switch (mean.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block rows = (from, to) -> cpu.math()
                        .reparameterisePullback(
                                mean.data(),
                                logVariance.data(),
                                dz.data(),
                                null,
                                null,
                                intoMean.data(),
                                intoLogVariance.data(),
                                from,
                                to,
                                each,
                                cols,
                                draw.seed(),
                                draw.step(),
                                operation,
                                firstMean,
                                firstLogVariance);
                cpu.bind(name(), n, each * cols * WORK, rows);
            }
            case CudaDevice cuda -> {
                KernelCall kernel = cuda.kernel(
                                each == 1 ? "reparameterise_pullback_f32" : "reparameterise_samples_pullback_f32")
                        .args(mean, logVariance, dz, null, null, intoMean, intoLogVariance)
                        .args(draw.words(), operation, n, cols);
                (each == 1 ? kernel : kernel.args(each))
                        .args(firstMean, firstLogVariance)
                        .bind(name());
            }
        }
    }
}
