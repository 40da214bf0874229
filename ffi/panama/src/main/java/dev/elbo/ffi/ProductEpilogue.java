package dev.elbo.ffi;

/// What [FusedProduct] does to a product before it stores it. Extents are those of the row-major [ProductLayout].
///
/// ```
/// t = alpha · op(a) · op(b) + beta · c        what is stored:
///
/// NONE            t
/// RELU            max(t, 0)
/// BIAS            t + bias                         bias (cols), added to each row
/// RELU_BIAS       max(t + bias, 0)
/// RELU_AUX[_BIAS] the same; aux one bit for each element: was it positive?
/// DRELU           t where aux says positive, else 0
/// DRELU_BGRAD     the same; bias (cols) overwritten by its column sums
/// BGRAD_B         t; bias (cols) overwritten by Σ_k op(b)[k, j]: the bias gradient of a layer if b is dy
/// BGRAD_A         t; bias (rows) overwritten by Σ_k op(a)[i, k]
/// ```
///
/// The bit matrix of RELU_AUX has `cols` bits in a row and a leading dimension in bits, a multiple of 128.
///
/// cuBLASLt's GELU epilogues are left out: NVIDIA does not say which of the two functions of that name they
/// compute, x Φ(x) or its approximation by tanh, and what is not defined has no twin on the CPU.
public enum ProductEpilogue {
    NONE(1),
    RELU(2),
    BIAS(4),
    RELU_BIAS(6),
    RELU_AUX(130),
    RELU_AUX_BIAS(134),
    DRELU(136),
    DRELU_BGRAD(152),
    /// cuBLASLt's BGRADA: its A is our b.
    BGRAD_B(256),
    /// cuBLASLt's BGRADB: its B is our a.
    BGRAD_A(512);

    private static final int AUX_BIT = 128;
    private static final int BIAS_BITS = 4 | 16 | 256 | 512;

    private final int value;

    ProductEpilogue(int value) {
        this.value = value;
    }

    /// `cublasLtEpilogue_t`.
    int value() {
        return value;
    }

    /// Whether a bias is read or its gradient written.
    public boolean usesBias() {
        return (value & BIAS_BITS) != 0;
    }

    /// Whether an auxiliary matrix is read or written.
    public boolean usesAux() {
        return (value & AUX_BIT) != 0;
    }
}
