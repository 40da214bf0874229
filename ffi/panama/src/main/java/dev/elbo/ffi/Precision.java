package dev.elbo.ffi;

/// How exactly a library multiplies f32 numbers. Storage and sums stay f32.
///
/// ```
/// FP32  24-bit significands    no rounding of the factors
/// TF32  11-bit significands    factors rounded; tensor cores of compute capability 8.0 and later
/// BF16   8-bit significands    factors rounded; likewise
/// ```
///
/// A GPU without the units computes in FP32 whatever is asked. Convolutions know no rounding of f32 tensors to bf16:
/// there, BF16 is TF32, which is never less exact.
public enum Precision {
    FP32,
    TF32,
    BF16
}
