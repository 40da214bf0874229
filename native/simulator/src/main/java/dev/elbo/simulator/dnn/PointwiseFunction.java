package dev.elbo.simulator.dnn;

/// What a pointwise operation computes.
///
/// @param mode  `cudnnPointwiseMode_t`
/// @param slope of a ReLU below its lower clip
/// @param alpha1 factor of the first operand of a sum or product
/// @param alpha2 factor of the second
record PointwiseFunction(int mode, float slope, float alpha1, float alpha2) {
    private static final int ADD = 0;
    private static final int MUL = 1;
    private static final int RELU_FWD = 100;
    private static final int TANH_FWD = 101;
    private static final int SIGMOID_FWD = 102;
    private static final int RELU_BWD = 200;
    private static final int TANH_BWD = 201;
    private static final int SIGMOID_BWD = 202;

    private static final int MODE = 0;
    private static final int LOWER_CLIP_SLOPE = 5;

    /// @throws dev.elbo.simulator.shim.Failure NOT_SUPPORTED if the function is not known
    static PointwiseFunction of(BackendDescriptor d) {
        int mode = (int) d.one(MODE);
        switch (mode) {
            case ADD, MUL, RELU_FWD, TANH_FWD, SIGMOID_FWD, RELU_BWD, TANH_BWD, SIGMOID_BWD -> {}
            default -> throw DnnStatus.NOT_SUPPORTED.because("pointwise mode=" + mode);
        }
        return new PointwiseFunction(mode, d.real(LOWER_CLIP_SLOPE, 0), 1, 1);
    }

    PointwiseFunction scaled(float first, float second) {
        return new PointwiseFunction(mode, slope, first, second);
    }

    boolean binary() {
        return mode == ADD || mode == MUL;
    }

    boolean gradient() {
        return mode >= RELU_BWD;
    }

    boolean sigmoid() {
        return mode == SIGMOID_FWD;
    }

    private Activation activation() {
        Activation.Kind kind = switch (mode) {
            case RELU_FWD, RELU_BWD -> Activation.Kind.RELU;
            case TANH_FWD, TANH_BWD -> Activation.Kind.TANH;
            default -> Activation.Kind.SIGMOID;
        };
        return new Activation(kind, slope);
    }

    /// @param b second operand; of a gradient, the gradient of the result
    float apply(float x, float b) {
        if (mode == ADD) return Math.fma(alpha1, x, alpha2 * b);
        if (mode == MUL) return alpha1 * x * (alpha2 * b);
        float y = activation().apply(x);
        return gradient() ? b * activation().derivative(x, y) : y;
    }
}
