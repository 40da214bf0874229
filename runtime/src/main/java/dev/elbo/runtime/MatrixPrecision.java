package dev.elbo.runtime;

/// How exactly matrix products and convolutions multiply. Storage and sums are f32 throughout.
///
/// ```
/// FP32    24-bit significands    factors as they are
/// TF32    11-bit significands    factors rounded
/// BF16     8-bit significands    factors rounded
/// BF16X3  24-bit significands    factors as sums of three bf16 terms: as exact as FP32, on the units for bf16
/// ```
///
/// A device without the units for it is more exact than asked: the CPU always multiplies in FP32. BF16X3 is for
/// factors that are bf16 themselves, as the bits of an RBM are: three exact products of terms are all there are
/// then, of others six. Convolutions know no terms: in BF16X3 they are FP32. Those whose channels do not go by
/// eights know no BF16: there they are TF32. Of the others some round their results to BF16 too, before these are
/// added to f32.
public enum MatrixPrecision {
    FP32,
    TF32,
    BF16,
    BF16X3
}
