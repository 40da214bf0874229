package dev.elbo.ffi;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One algorithm as cuDNN's older calls report it.
///
/// Both providers pass what the library offers through [#fits], so that neither can be nondeterministic or less exact
/// than asked.
///
/// @param algorithm     `cudnnConvolutionFwdAlgo_t`, or that of the pass
/// @param status        0 if it can be used
/// @param memory        bytes of workspace
/// @param deterministic whether its sums run in a fixed order
/// @param math          `cudnnMathType_t` it runs in
public record LegacyAlgorithm(int algorithm, int status, long memory, boolean deterministic, int math) {
    private static final Pattern NAME = Pattern.compile("algorithm (\\d{1,9}) math (\\d{1,9})");

    /// Whether this algorithm can be used, computes the same bits each time, and keeps `precision`.
    ///
    /// @param workspaceLimit bytes it may need at most
    public boolean fits(Precision precision, long workspaceLimit) {
        return status == 0 && memory <= workspaceLimit && deterministic && keeps(precision);
    }

    private boolean keeps(Precision precision) {
        return switch (precision) {
            case FP32 -> math == CuDnn.FMA_MATH;
            // not 2, which rounds to f16 and overflows
            case TF32, BF16 -> math == CuDnn.DEFAULT_MATH || math == CuDnn.TENSOR_OP_MATH || math == CuDnn.FMA_MATH;
        };
    }

    /// The `cudnnMathType_t` to ask with.
    public static int mathOf(Precision precision) {
        return switch (precision) {
            case FP32 -> CuDnn.FMA_MATH;
            case TF32 -> CuDnn.DEFAULT_MATH;
            case BF16 -> CuDnn.TENSOR_OP_MATH;
        };
    }

    /// Whether the older calls know the types of a task's tensors: one for all three.
    public static boolean expresses(ConvolutionTask task) {
        return CuDnn.operandType(task) == CuDnn.resultType(task);
    }

    /// Name and workspace, as the interface has them.
    public ConvolutionAlgorithm toAlgorithm() {
        return new ConvolutionAlgorithm(name(), memory);
    }

    /// `algorithm 1 math 3`.
    public String name() {
        return "algorithm " + algorithm + " math " + math;
    }

    /// The algorithm that a [#name] means.
    ///
    /// @throws IllegalArgumentException if the name is another interface's
    public static LegacyAlgorithm parse(ConvolutionAlgorithm named) {
        Matcher parts = NAME.matcher(named.name());
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    "convolution: an algorithm this provider does not know; name=" + named.name());
        }
        return new LegacyAlgorithm(
                Integer.parseInt(parts.group(1)), 0, named.workspaceBytes(), true, Integer.parseInt(parts.group(2)));
    }
}
