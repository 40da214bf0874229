package dev.elbo.simulator.blas;

/// What a product of cuBLASLt does to its result, as bits of `cublasLtEpilogue_t`.
///
/// ```
/// v = alpha · op(A) · op(B) + beta · C          (m, n)
/// BIAS        v[i,j] += bias[i]                 bias (m)
/// RELU        d = max(v, 0)                     AUX keeps v > 0, one bit each
/// GELU        d = v/2 · (1 + tanh(√(2/π) · (v + 0.044715 v³)))       AUX keeps v
/// DRELU       d = v where AUX is set, else 0
/// DGELU       d = v · gelu′(AUX)
/// BGRAD       bias[i] = Σ_j d[i,j]              bias (m), overwritten
/// BGRADA      bias[i] = Σ_l op(A)[i,l]          bias (m), overwritten
/// BGRADB      bias[j] = Σ_l op(B)[l,j]          bias (n), overwritten
/// ```
///
/// @param number as the caller gave it
record LtEpilogue(int number) {
    private static final int RELU = 2;
    private static final int BIAS = 4;
    private static final int BACKWARD = 8;
    private static final int BGRAD = 16;
    private static final int GELU = 32;
    private static final int DGELU = 64;
    private static final int AUX = 128;
    private static final int BGRAD_A = 256;
    private static final int BGRAD_B = 512;

    /// @throws dev.elbo.simulator.shim.Failure NOT_SUPPORTED if there is no such epilogue
    static LtEpilogue of(int number) {
        return switch (number) {
            case 1, 2, 4, 6, 32, 36, 130, 134, 136, 152, 160, 164, 192, 208, 256, 512 -> new LtEpilogue(number);
            default -> throw BlasStatus.NOT_SUPPORTED.ltBecause("epilogue=" + number);
        };
    }

    boolean addsBias() {
        return (number & BIAS) != 0;
    }

    boolean relu() {
        return (number & RELU) != 0;
    }

    boolean gelu() {
        return (number & GELU) != 0;
    }

    /// Whether the product of a backward pass goes through an activation.
    boolean reluGradient() {
        return number == (AUX | BACKWARD) || number == (AUX | BACKWARD | BGRAD);
    }

    boolean geluGradient() {
        return (number & DGELU) != 0;
    }

    boolean aux() {
        return (number & AUX) != 0;
    }

    /// Whether AUX is one bit for each number.
    boolean auxBits() {
        return aux() && (relu() || reluGradient());
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

    static float gelu(float v) {
        return (float) (0.5 * v * (1 + Math.tanh(inner(v))));
    }

    static float geluDerivative(float v) {
        double tanh = Math.tanh(inner(v));
        double slope = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * v * v);
        return (float) (0.5 * (1 + tanh) + 0.5 * v * (1 - tanh * tanh) * slope);
    }

    private static double inner(float v) {
        return Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v);
    }
}
