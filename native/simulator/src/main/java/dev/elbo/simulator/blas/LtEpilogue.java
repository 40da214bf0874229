package dev.elbo.simulator.blas;

/// What a product of cuBLASLt does to its result, as bits of `cublasLtEpilogue_t`.
///
/// ```
/// v = alpha · op(A) · op(B) + beta · C          (m, n)
/// BIAS        v[i,j] += bias[i]                 bias (m)
/// RELU        d = max(v, 0)                     AUX keeps v > 0, one bit each
/// DRELU       d = v where AUX is set, else 0
/// BGRAD       bias[i] = Σ_j d[i,j]              bias (m), overwritten
/// BGRADA      bias[i] = Σ_l op(A)[i,l]          bias (m), overwritten
/// BGRADB      bias[j] = Σ_l op(B)[l,j]          bias (n), overwritten
/// ```
///
/// GELU and its gradient are refused: NVIDIA does not say which of two functions they are.
///
/// @param number as the caller gave it
record LtEpilogue(int number) {
    private static final int RELU = 2;
    private static final int BIAS = 4;
    private static final int BACKWARD = 8;
    private static final int BGRAD = 16;
    private static final int AUX = 128;
    private static final int BGRAD_A = 256;
    private static final int BGRAD_B = 512;

    /// @throws dev.elbo.simulator.shim.Failure NOT_SUPPORTED if there is no such epilogue
    static LtEpilogue of(int number) {
        return switch (number) {
            case 1, 2, 4, 6, 130, 134, 136, 152, 256, 512 -> new LtEpilogue(number);
            default -> throw BlasStatus.NOT_SUPPORTED.ltBecause("epilogue=" + number);
        };
    }

    boolean addsBias() {
        return (number & BIAS) != 0;
    }

    boolean relu() {
        return (number & RELU) != 0;
    }

    /// Whether the product of a backward pass goes through an activation.
    boolean reluGradient() {
        return number == (AUX | BACKWARD) || number == (AUX | BACKWARD | BGRAD);
    }

    boolean aux() {
        return (number & AUX) != 0;
    }

    boolean rowSums() {
        return (number & BGRAD) != 0;
    }

    boolean sumsOfA() {
        return number == BGRAD_A;
    }

    boolean sumsOfB() {
        return number == BGRAD_B;
    }

    boolean usesBias() {
        return addsBias() || rowSums() || sumsOfA() || sumsOfB();
    }
}
