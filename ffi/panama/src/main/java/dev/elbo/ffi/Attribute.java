package dev.elbo.ffi;

import dev.elbo.ffi.BackendDescriptor.Kind;
import dev.elbo.ffi.ConvolutionShape.Pass;

/// `cudnnBackendAttributeName_t`: the attributes of cuDNN's descriptors that Elbo sets or reads.
final class Attribute {
    static final int POINTWISE_MODE = 0;
    static final int POINTWISE_PRECISION = 1;
    static final int POINTWISE_NAN = 2;

    static final int CONVOLUTION_COMPUTE_TYPE = 100;
    static final int CONVOLUTION_MODE = 101;
    static final int CONVOLUTION_DILATIONS = 102;
    static final int CONVOLUTION_STRIDES = 103;
    static final int CONVOLUTION_POST_PADDINGS = 104;
    static final int CONVOLUTION_PRE_PADDINGS = 105;
    static final int CONVOLUTION_SPATIAL_DIMENSIONS = 106;

    static final int HEURISTIC_MODE = 200;
    static final int HEURISTIC_GRAPH = 201;
    static final int HEURISTIC_RESULTS = 202;

    static final int CONFIGURATION_ENGINE = 300;
    static final int CONFIGURATION_KNOBS = 302;

    static final int PLAN_HANDLE = 400;
    static final int PLAN_CONFIGURATION = 401;
    static final int PLAN_WORKSPACE_SIZE = 402;

    static final int KNOB_TYPE = 600;
    static final int KNOB_VALUE = 601;

    static final int POINTWISE_FUNCTION = 750;
    static final int POINTWISE_X = 751;
    static final int POINTWISE_B = 752;
    static final int POINTWISE_Y = 753;

    static final int GRAPH_HANDLE = 800;
    static final int GRAPH_OPERATIONS = 801;

    static final int TENSOR_ALIGNMENT = 900;
    static final int TENSOR_DATA_TYPE = 901;
    static final int TENSOR_DIMENSIONS = 902;
    static final int TENSOR_STRIDES = 903;
    static final int TENSOR_ID = 906;
    static final int TENSOR_IS_VIRTUAL = 907;

    static final int PACK_IDS = 1000;
    static final int PACK_POINTERS = 1001;
    static final int PACK_WORKSPACE = 1003;

    static final int ENGINE_GRAPH = 1300;
    static final int ENGINE_INDEX = 1301;
    static final int ENGINE_NUMERICAL_NOTES = 1303;

    private Attribute() {}

    /// The three convolutions call the same things by different numbers.
    ///
    /// @param first    operand of the pass, as [Pass] orders them
    /// @param geometry strides, padding and dilation
    record Convolving(Kind kind, int alpha, int beta, int geometry, int first, int second, int result) {
        private static final Convolving FORWARD =
                new Convolving(Kind.CONVOLUTION_FORWARD, 700, 701, 702, 704, 703, 705);
        private static final Convolving DATA_GRADIENT =
                new Convolving(Kind.CONVOLUTION_DATA_GRADIENT, 706, 707, 708, 709, 711, 710);
        private static final Convolving FILTER_GRADIENT =
                new Convolving(Kind.CONVOLUTION_FILTER_GRADIENT, 712, 713, 714, 716, 717, 715);

        static Convolving of(Pass pass) {
            return switch (pass) {
                case FORWARD -> FORWARD;
                case DATA_GRADIENT -> DATA_GRADIENT;
                case FILTER_GRADIENT -> FILTER_GRADIENT;
            };
        }
    }
}
