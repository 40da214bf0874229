package dev.elbo.ffi.onednn;

/// How precisely f32 factors may be multiplied; sums are always f32. The order is that of `dnnl_fpmath_mode_t`.
///
/// A CPU without the instructions for the faster ones uses [#F32].
public enum Arithmetic {
    /// IEEE f32.
    F32,
    /// Factors rounded to bf16: 8 bits of mantissa.
    BF16,
    /// Factors rounded to f16: 11 bits of mantissa, 5 of exponent.
    F16,
    /// Whatever is fastest.
    ANY,
    /// Factors rounded to tf32: 11 bits of mantissa.
    TF32
}
