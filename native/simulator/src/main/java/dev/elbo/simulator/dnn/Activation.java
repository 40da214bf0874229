package dev.elbo.simulator.dnn;

/// A function of one number, and its derivative.
///
/// @param kind        which
/// @param coefficient ceiling of a clipped ReLU, α of an ELU, slope below zero of a ReLU
record Activation(Kind kind, float coefficient) {
    enum Kind {
        SIGMOID,
        RELU,
        TANH,
        CLIPPED_RELU,
        ELU,
        IDENTITY
    }

    /// A `cudnnActivationMode_t`.
    static Activation of(int mode, float coefficient) {
        if (mode < 0 || mode >= Kind.values().length) throw DnnStatus.NOT_SUPPORTED.because("activation mode=" + mode);
        Kind kind = Kind.values()[mode];
        return new Activation(kind, kind == Kind.RELU ? 0 : coefficient);
    }

    float apply(float x) {
        return switch (kind) {
            case SIGMOID -> (float) (1 / (1 + Math.exp(-x)));
            case RELU -> x > 0 ? x : coefficient == 0 ? Math.max(x, 0f) : coefficient * x;
            case TANH -> (float) Math.tanh(x);
            case CLIPPED_RELU -> Math.min(Math.max(x, 0f), coefficient);
            case ELU -> x > 0 ? x : coefficient * (float) Math.expm1(x);
            case IDENTITY -> x;
        };
    }

    /// The derivative at x, where the function is y.
    float derivative(float x, float y) {
        return switch (kind) {
            case SIGMOID -> y * (1 - y);
            case RELU -> x > 0 ? 1 : coefficient;
            case TANH -> 1 - y * y;
            case CLIPPED_RELU -> x > 0 && x < coefficient ? 1 : 0;
            case ELU -> x > 0 ? 1 : y + coefficient;
            case IDENTITY -> 1;
        };
    }
}
