package dev.elbo.runtime;

/// How exactly matrix products and convolutions multiply. Storage and sums are f32 throughout.
///
/// ```
/// FP32  24-bit significands    factors as they are
/// TF32  11-bit significands    factors rounded
/// BF16   8-bit significands    factors rounded
/// ```
///
/// A device without the units for it is more exact than asked: the CPU and Elbo's own kernels always multiply in
/// FP32.
public enum MatrixPrecision {
    FP32,
    TF32,
    BF16
}
