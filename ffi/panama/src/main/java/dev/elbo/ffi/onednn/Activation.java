package dev.elbo.ffi.onednn;

/// A function applied to each element of a result while it is still in registers.
///
/// oneDNN's own approximations: within 2·10⁻⁶ of the f64 value, relative to max(1, |f|), and not bit-equal to
/// anything else; the zeros of RELU are negative on some CPUs. Its softplus is not among them: it is 7.6·10⁻⁶ where
/// log(1 + exp x) is nothing.
///
/// @param algorithm `dnnl_alg_kind_t`; 0 for the identity
/// @param alpha     first parameter of the function
/// @param beta      second parameter of the function
public record Activation(int algorithm, float alpha, float beta) {
    /// `f(x) = x`
    public static final Activation IDENTITY = new Activation(0, 0, 0);

    /// `f(x) = max(0, x)`
    public static final Activation RELU = new Activation(32, 0, 0);

    /// `f(x) = tanh x`
    public static final Activation TANH = new Activation(33, 0, 0);

    /// `f(x) = 1 / (1 + exp(−x))`
    public static final Activation SIGMOID = new Activation(41, 0, 0);

    /// `f(x) = x` for x > 0, `slope · x` otherwise.
    public static Activation leakyRelu(float slope) {
        return new Activation(32, slope, 0);
    }

    /// `f(x) = x` for x > 0, `alpha · (exp x − 1)` otherwise.
    public static Activation elu(float alpha) {
        return new Activation(34, alpha, 0);
    }

    boolean isIdentity() {
        return algorithm == 0;
    }
}
