package dev.elbo.simulator.dnn;

import dev.elbo.simulator.shim.Failure;

/// What a call of cuDNN 9 answers, `cudnnStatus_t`.
enum DnnStatus {
    SUCCESS(0),
    NOT_INITIALIZED(1001),
    SUBLIBRARY_VERSION_MISMATCH(1002),
    BAD_PARAM(2000),
    BAD_PARAM_NULL_POINTER(2002),
    NOT_SUPPORTED(3000),
    INTERNAL_ERROR(4000),
    EXECUTION_FAILED(5000);

    private final int number;

    DnnStatus(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    String symbol() {
        return "CUDNN_STATUS_" + name();
    }

    Failure because(String reason) {
        return new Failure("cudnn", number, reason);
    }
}
