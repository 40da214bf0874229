package dev.elbo.simulator.blas;

import dev.elbo.simulator.shim.Failure;

/// What a call of cuBLAS or cuBLASLt answers, `cublasStatus_t`.
enum BlasStatus {
    SUCCESS(0),
    NOT_INITIALIZED(1),
    ALLOC_FAILED(3),
    INVALID_VALUE(7),
    ARCH_MISMATCH(8),
    MAPPING_ERROR(11),
    EXECUTION_FAILED(13),
    INTERNAL_ERROR(14),
    NOT_SUPPORTED(15),
    LICENSE_ERROR(16);

    private final int number;

    BlasStatus(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    String symbol() {
        return "CUBLAS_STATUS_" + name();
    }

    /// The failure of a call of cuBLAS with this status.
    Failure because(String reason) {
        return new Failure("cublas", number, reason);
    }

    /// The failure of a call of cuBLASLt with this status.
    Failure ltBecause(String reason) {
        return new Failure("cublasLt", number, reason);
    }
}
