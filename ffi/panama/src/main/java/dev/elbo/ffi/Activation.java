package dev.elbo.ffi;

/// A pointwise function of a library.
///
/// ```
/// NONE  y = x        RELU  y = max(x, 0)        SIGMOID  y = 1 / (1 + e⁻ˣ)        TANH  y = tanh x
/// ```
public enum Activation {
    NONE,
    RELU,
    SIGMOID,
    TANH
}
