package dev.elbo.runtime;

import java.util.Objects;

/// How a [CudaDevice] computes.
///
/// @param training   precision of the matrix products and convolutions of training; all others run in FP32
/// @param fixedOrder whether they run in Elbo's own kernels, whose bits are those of every device; else in cuBLAS and
///     cuDNN, where these are found
/// @param oneByOne   whether the host waits after every launch and no step becomes a graph: slow, but an error names
///     the operation that made it
/// @param tuning     what replayed steps may do to be faster, bits unchanged
public record CudaOptions(MatrixPrecision training, boolean fixedOrder, boolean oneByOne, CudaTuning tuning) {
    public CudaOptions {
        Objects.requireNonNull(training);
        Objects.requireNonNull(tuning);
    }

    /// As fast as the device allows: TF32 in training, cuBLAS, cuDNN, graphs.
    public static CudaOptions best() {
        return new CudaOptions(MatrixPrecision.TF32, false, false, CudaTuning.ofProcess());
    }

    /// The same with another precision in training.
    public CudaOptions training(MatrixPrecision precision) {
        return new CudaOptions(precision, fixedOrder, oneByOne, tuning);
    }

    /// The same with products and convolutions whose bits are fixed, on every device alike.
    public CudaOptions inFixedOrder() {
        return new CudaOptions(training, true, oneByOne, tuning);
    }

    /// The same with a wait after every launch.
    public CudaOptions waiting() {
        return new CudaOptions(training, fixedOrder, true, tuning);
    }

    /// The same with other tuning.
    public CudaOptions tuned(CudaTuning other) {
        return new CudaOptions(training, fixedOrder, oneByOne, other);
    }
}
