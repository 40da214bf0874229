package dev.elbo.ffi;

/// How exactly a library multiplies. Sums are f32.
///
/// ```
/// FP32  24-bit significands    no rounding of the factors
/// TF32  11-bit significands    factors rounded; tensor cores of compute capability 8.0 and later
/// BF16   8-bit significands    factors rounded; likewise
/// ```
///
/// In FP32 and TF32 a GPU without the units computes in FP32 whatever is asked. Matrix products round f32 to bf16
/// themselves; convolutions do not: in BF16 their operands lie in memory as bf16 ([ConvolutionTask]).
public enum Precision {
    FP32,
    TF32,
    BF16
}
