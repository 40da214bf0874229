package dev.elbo.simulator.dnn;

import dev.elbo.simulator.dnn.Convolution.Pass;
import dev.elbo.simulator.library.NumberType;
import java.util.ArrayList;
import java.util.List;

/// A convolution algorithm as the older calls number it: `cudnnConvolutionFwdAlgo_t` and its two sisters.
///
/// @param mathType      what it was asked with
/// @param supported     whether it takes these shapes
/// @param deterministic whether its sums run in a fixed order
/// @param reverse       whether they run the other way round
/// @param scratch       whether it needs a workspace
record LegacyAlgorithm(
        int number, int mathType, boolean supported, boolean deterministic, boolean reverse, boolean scratch) {
    static final int DEFAULT_MATH = 0;
    static final int FMA_MATH = 3;

    private static final int IMPLICIT_GEMM = 0;
    private static final int IMPLICIT_PRECOMPUTED_GEMM = 1;
    private static final int GEMM = 2;
    private static final int WINOGRAD = 6;
    private static final int ATOMIC = 0;
    private static final int ORDERED = 1;
    private static final int ATOMIC_WITH_WORKSPACE = 3;

    /// Of each pass, that which has tensor cores and takes bf16.
    private static final int TENSOR_CORES = 1;

    /// @param capability of the device, 10 · major + minor
    static LegacyAlgorithm of(
            Pass pass, int number, TensorShape x, TensorShape w, Convolution convolution, int capability) {
        return of(pass, number, x, w, convolution, capability, DEFAULT_MATH);
    }

    private static LegacyAlgorithm of(
            Pass pass,
            int number,
            TensorShape x,
            TensorShape w,
            Convolution convolution,
            int capability,
            int mathType) {
        LegacyAlgorithm found = ofF32(pass, number, x, w, convolution, mathType);
        boolean taken = Convolution.takes(x.type(), x, w, capability)
                && (x.type() != NumberType.BF16 || number == TENSOR_CORES);
        return new LegacyAlgorithm(
                number, mathType, found.supported && taken, found.deterministic, found.reverse, found.scratch);
    }

    private static LegacyAlgorithm ofF32(
            Pass pass, int number, TensorShape x, TensorShape w, Convolution convolution, int mathType) {
        boolean images = x.strides()[3] == 1; // NCHW
        if (pass == Pass.FORWARD) {
            return switch (number) {
                case IMPLICIT_GEMM -> new LegacyAlgorithm(number, mathType, true, true, false, false);
                case IMPLICIT_PRECOMPUTED_GEMM -> new LegacyAlgorithm(number, mathType, true, true, true, true);
                case GEMM -> new LegacyAlgorithm(number, mathType, images, true, false, true);
                case WINOGRAD ->
                    new LegacyAlgorithm(number, mathType, images && winograd(w, convolution), true, true, false);
                case 3, 4, 5, 7 -> new LegacyAlgorithm(number, mathType, false, true, false, false);
                default -> throw DnnStatus.BAD_PARAM.because("algorithm=" + number);
            };
        }
        return switch (number) {
            case ATOMIC -> new LegacyAlgorithm(number, mathType, true, false, true, false);
            case ORDERED -> new LegacyAlgorithm(number, mathType, true, true, false, true);
            case ATOMIC_WITH_WORKSPACE -> new LegacyAlgorithm(number, mathType, pass == Pass.FILTER, false, true, true);
            case 2, 4, 5 -> new LegacyAlgorithm(number, mathType, false, true, false, false);
            default -> throw DnnStatus.BAD_PARAM.because("algorithm=" + number);
        };
    }

    private static boolean winograd(TensorShape w, Convolution c) {
        return w.extents()[2] == 3
                && w.extents()[3] == 3
                && c.strideH() == 1
                && c.strideW() == 1
                && c.dilationH() == 1
                && c.dilationW() == 1;
    }

    /// Everything there is, what is supported first.
    static List<LegacyAlgorithm> all(
            Pass pass, TensorShape x, TensorShape w, Convolution convolution, int capability, int mathType) {
        int[] numbers = pass == Pass.FORWARD ? new int[] {1, 0, 2, 6, 4} : new int[] {0, 1, 3, 2};
        List<LegacyAlgorithm> all = new ArrayList<>();
        for (int number : numbers) all.add(of(pass, number, x, w, convolution, capability, mathType));
        all.sort(java.util.Comparator.comparing(each -> !each.supported));
        return all;
    }

    /// @param result what is computed
    long workspace(TensorShape result) {
        return scratch ? 4L * result.count() : 0;
    }
}
