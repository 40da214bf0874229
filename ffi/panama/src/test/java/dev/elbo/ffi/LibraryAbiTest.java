package dev.elbo.ffi;

import static dev.elbo.ffi.CHeader.equal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.ffi.BackendDescriptor.Kind;
import dev.elbo.ffi.ConvolutionShape.Pass;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The bindings against the headers of cuBLAS, cuBLASLt and cuDNN, where they are installed.
class LibraryAbiTest {
    /// C++ sees two functions under these names, the exported one and a wrapper: the exported one is meant.
    private static final String EXPORTED = """
            using Op = cublasOperation_t;
            using Type = cudaDataType;
            constexpr cublasStatus_t (*exportedGemmEx)(cublasHandle_t, Op, Op, int, int, int, const void*,
                const void*, Type, int, const void*, Type, int, const void*, void*, Type, int,
                cublasComputeType_t, cublasGemmAlgo_t) = cublasGemmEx;
            constexpr cublasStatus_t (*exportedBatchedEx)(cublasHandle_t, Op, Op, int, int, int, const void*,
                const void*, Type, int, long long, const void*, Type, int, long long, const void*, void*, Type, int,
                long long, int, cublasComputeType_t, cublasGemmAlgo_t) = cublasGemmStridedBatchedEx;
            #define cublasGemmEx exportedGemmEx
            #define cublasGemmStridedBatchedEx exportedBatchedEx
            """;

    @Test
    void cublas(@TempDir Path folder) throws Exception {
        CHeader header = CHeader.find("cublas_v2.h");
        List<String> claims = new ArrayList<>(CHeader.functions(List.of(CuBlas.class)));
        assertTrue(claims.size() >= 10, "found too few handles: " + claims.size());
        claims.addFirst(EXPORTED);
        claims.addAll(List.of(
                equal("CUBLAS_OP_N", CuBlas.OP_N),
                equal("CUBLAS_OP_T", CuBlas.OP_T),
                equal("CUBLAS_DEFAULT_MATH", CuBlas.DEFAULT_MATH),
                equal("CUBLAS_POINTER_MODE_HOST", CuBlas.POINTER_MODE_HOST),
                equal("CUBLAS_ATOMICS_NOT_ALLOWED", CuBlas.ATOMICS_NOT_ALLOWED),
                equal("CUBLAS_COMPUTE_32F", CuBlas.COMPUTE_32F),
                equal("CUBLAS_COMPUTE_32F_FAST_16BF", CuBlas.COMPUTE_32F_FAST_16BF),
                equal("CUBLAS_COMPUTE_32F_FAST_TF32", CuBlas.COMPUTE_32F_FAST_TF32),
                equal("CUBLAS_GEMM_DEFAULT", CuBlas.GEMM_DEFAULT),
                equal("CUDA_R_32F", CuBlas.R_32F)));
        for (int status : new int[] {0, 1, 3, 7, 8, 11, 13, 14, 15, 16}) {
            claims.add(equal(CuBlas.statusName(status), status));
        }
        assertEquals("", header.objections(folder, claims));
    }

    @Test
    void cublasLt(@TempDir Path folder) throws Exception {
        CHeader header = CHeader.find("cublasLt.h");
        List<String> claims = new ArrayList<>(CHeader.functions(List.of(CuBlasLt.class)));
        assertTrue(claims.size() >= 13, "found too few handles: " + claims.size());
        Map<ProductEpilogue, String> exchanged = Map.of(
                ProductEpilogue.NONE, "DEFAULT", ProductEpilogue.BGRAD_A, "BGRADB", ProductEpilogue.BGRAD_B, "BGRADA");
        for (ProductEpilogue epilogue : ProductEpilogue.values()) {
            String name = exchanged.getOrDefault(epilogue, epilogue.name());
            claims.add(equal("CUBLASLT_EPILOGUE_" + name, epilogue.value()));
        }
        claims.addAll(List.of(
                equal("CUBLASLT_MATMUL_DESC_TRANSA", CuBlasLt.DESC_TRANSA),
                equal("CUBLASLT_MATMUL_DESC_TRANSB", CuBlasLt.DESC_TRANSB),
                equal("CUBLASLT_MATMUL_DESC_EPILOGUE", CuBlasLt.DESC_EPILOGUE),
                equal("CUBLASLT_MATMUL_DESC_BIAS_POINTER", CuBlasLt.DESC_BIAS_POINTER),
                equal("CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER", CuBlasLt.DESC_EPILOGUE_AUX_POINTER),
                equal("CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD", CuBlasLt.DESC_EPILOGUE_AUX_LD),
                equal("CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT", CuBlasLt.LAYOUT_BATCH_COUNT),
                equal("CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET", CuBlasLt.LAYOUT_STRIDED_BATCH_OFFSET),
                equal("CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES", CuBlasLt.PREF_MAX_WORKSPACE_BYTES),
                equal("CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK", CuBlasLt.PREF_REDUCTION_SCHEME_MASK),
                equal("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES", CuBlasLt.PREF_MIN_ALIGNMENT_A_BYTES),
                equal("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES", CuBlasLt.PREF_MIN_ALIGNMENT_B_BYTES),
                equal("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES", CuBlasLt.PREF_MIN_ALIGNMENT_C_BYTES),
                equal("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES", CuBlasLt.PREF_MIN_ALIGNMENT_D_BYTES),
                equal(
                        "(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE | CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE)",
                        CuBlasLt.REDUCTION_DETERMINISTIC),
                equal("sizeof(cublasLtMatmulAlgo_t)", CuBlasLt.ALGORITHM_BYTES),
                equal("sizeof(cublasLtMatmulHeuristicResult_t)", CuBlasLt.RESULT_BYTES),
                equal("offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize)", CuBlasLt.RESULT_WORKSPACE),
                equal("offsetof(cublasLtMatmulHeuristicResult_t, state)", CuBlasLt.RESULT_STATE)));
        assertEquals("", header.objections(folder, claims));
    }

    @Test
    void cudnn(@TempDir Path folder) throws Exception {
        CHeader header = CHeader.find("cudnn.h");
        List<String> claims = new ArrayList<>(CHeader.functions(List.of(
                CuDnn.class,
                CuDnnBackend.class,
                CuDnnConvolutions.class,
                CuDnnPointwise.class,
                CuDnnNormalisation.class)));
        assertTrue(claims.size() >= 35, "found too few handles: " + claims.size());
        claims.addAll(List.of(
                equal("CUDNN_DATA_FLOAT", CuDnn.DATA_FLOAT),
                equal("CUDNN_DATA_BFLOAT16", CuDnn.DATA_BFLOAT16),
                equal("CUDNN_CROSS_CORRELATION", CuDnn.CROSS_CORRELATION),
                equal("CUDNN_DEFAULT_MATH", CuDnn.DEFAULT_MATH),
                equal("CUDNN_TENSOR_OP_MATH", CuDnn.TENSOR_OP_MATH),
                equal("CUDNN_FMA_MATH", CuDnn.FMA_MATH),
                equal("CUDNN_BATCHNORM_SPATIAL", CuDnn.BATCHNORM_SPATIAL),
                equal("CUDNN_PROPAGATE_NAN", 1),
                equal("CUDNN_DETERMINISTIC", 1),
                equal("CUDNN_TENSOR_NCHW", CuDnn.format(Layout.NCHW)),
                equal("CUDNN_TENSOR_NHWC", CuDnn.format(Layout.NHWC)),
                equal("CUDNN_ACTIVATION_RELU", CuDnn.activationMode(Activation.RELU)),
                equal("CUDNN_ACTIVATION_SIGMOID", CuDnn.activationMode(Activation.SIGMOID)),
                equal("CUDNN_ACTIVATION_TANH", CuDnn.activationMode(Activation.TANH))));
        for (String kind : List.of("Fwd", "BwdData", "BwdFilter")) {
            String perf = "cudnnConvolution" + kind + "AlgoPerf_t";
            claims.add(equal("sizeof(" + perf + ")", 48));
            claims.add(equal("offsetof(" + perf + ", status)", 4));
            claims.add(equal("offsetof(" + perf + ", memory)", 16));
            claims.add(equal("offsetof(" + perf + ", determinism)", 24));
            claims.add(equal("offsetof(" + perf + ", mathType)", 28));
        }
        assertEquals("", header.objections(folder, claims));
    }

    @Test
    void cudnnDescriptors(@TempDir Path folder) throws Exception {
        CHeader header = CHeader.find("cudnn.h");
        List<String> claims = new ArrayList<>();
        Map.ofEntries(
                        Map.entry(Kind.POINTWISE, "POINTWISE"),
                        Map.entry(Kind.CONVOLUTION, "CONVOLUTION"),
                        Map.entry(Kind.ENGINE, "ENGINE"),
                        Map.entry(Kind.ENGINE_CONFIGURATION, "ENGINECFG"),
                        Map.entry(Kind.HEURISTIC, "ENGINEHEUR"),
                        Map.entry(Kind.PLAN, "EXECUTION_PLAN"),
                        Map.entry(Kind.KNOB_CHOICE, "KNOB_CHOICE"),
                        Map.entry(Kind.CONVOLUTION_FORWARD, "OPERATION_CONVOLUTION_FORWARD"),
                        Map.entry(Kind.CONVOLUTION_FILTER_GRADIENT, "OPERATION_CONVOLUTION_BACKWARD_FILTER"),
                        Map.entry(Kind.CONVOLUTION_DATA_GRADIENT, "OPERATION_CONVOLUTION_BACKWARD_DATA"),
                        Map.entry(Kind.POINTWISE_OPERATION, "OPERATION_POINTWISE"),
                        Map.entry(Kind.GRAPH, "OPERATIONGRAPH"),
                        Map.entry(Kind.VARIANT_PACK, "VARIANT_PACK"),
                        Map.entry(Kind.TENSOR, "TENSOR"))
                .forEach((kind, name) -> claims.add(equal("CUDNN_BACKEND_" + name + "_DESCRIPTOR", kind.value)));
        assertEquals(Kind.values().length, claims.size());
        Map.ofEntries(
                        Map.entry("POINTWISE_MODE", Attribute.POINTWISE_MODE),
                        Map.entry("POINTWISE_MATH_PREC", Attribute.POINTWISE_PRECISION),
                        Map.entry("POINTWISE_NAN_PROPAGATION", Attribute.POINTWISE_NAN),
                        Map.entry("CONVOLUTION_COMP_TYPE", Attribute.CONVOLUTION_COMPUTE_TYPE),
                        Map.entry("CONVOLUTION_CONV_MODE", Attribute.CONVOLUTION_MODE),
                        Map.entry("CONVOLUTION_DILATIONS", Attribute.CONVOLUTION_DILATIONS),
                        Map.entry("CONVOLUTION_FILTER_STRIDES", Attribute.CONVOLUTION_STRIDES),
                        Map.entry("CONVOLUTION_POST_PADDINGS", Attribute.CONVOLUTION_POST_PADDINGS),
                        Map.entry("CONVOLUTION_PRE_PADDINGS", Attribute.CONVOLUTION_PRE_PADDINGS),
                        Map.entry("CONVOLUTION_SPATIAL_DIMS", Attribute.CONVOLUTION_SPATIAL_DIMENSIONS),
                        Map.entry("ENGINEHEUR_MODE", Attribute.HEURISTIC_MODE),
                        Map.entry("ENGINEHEUR_OPERATION_GRAPH", Attribute.HEURISTIC_GRAPH),
                        Map.entry("ENGINEHEUR_RESULTS", Attribute.HEURISTIC_RESULTS),
                        Map.entry("ENGINECFG_ENGINE", Attribute.CONFIGURATION_ENGINE),
                        Map.entry("ENGINECFG_KNOB_CHOICES", Attribute.CONFIGURATION_KNOBS),
                        Map.entry("EXECUTION_PLAN_HANDLE", Attribute.PLAN_HANDLE),
                        Map.entry("EXECUTION_PLAN_ENGINE_CONFIG", Attribute.PLAN_CONFIGURATION),
                        Map.entry("EXECUTION_PLAN_WORKSPACE_SIZE", Attribute.PLAN_WORKSPACE_SIZE),
                        Map.entry("KNOB_CHOICE_KNOB_TYPE", Attribute.KNOB_TYPE),
                        Map.entry("KNOB_CHOICE_KNOB_VALUE", Attribute.KNOB_VALUE),
                        Map.entry("OPERATION_POINTWISE_PW_DESCRIPTOR", Attribute.POINTWISE_FUNCTION),
                        Map.entry("OPERATION_POINTWISE_XDESC", Attribute.POINTWISE_X),
                        Map.entry("OPERATION_POINTWISE_BDESC", Attribute.POINTWISE_B),
                        Map.entry("OPERATION_POINTWISE_YDESC", Attribute.POINTWISE_Y),
                        Map.entry("OPERATIONGRAPH_HANDLE", Attribute.GRAPH_HANDLE),
                        Map.entry("OPERATIONGRAPH_OPS", Attribute.GRAPH_OPERATIONS),
                        Map.entry("TENSOR_BYTE_ALIGNMENT", Attribute.TENSOR_ALIGNMENT),
                        Map.entry("TENSOR_DATA_TYPE", Attribute.TENSOR_DATA_TYPE),
                        Map.entry("TENSOR_DIMENSIONS", Attribute.TENSOR_DIMENSIONS),
                        Map.entry("TENSOR_STRIDES", Attribute.TENSOR_STRIDES),
                        Map.entry("TENSOR_UNIQUE_ID", Attribute.TENSOR_ID),
                        Map.entry("TENSOR_IS_VIRTUAL", Attribute.TENSOR_IS_VIRTUAL),
                        Map.entry("VARIANT_PACK_UNIQUE_IDS", Attribute.PACK_IDS),
                        Map.entry("VARIANT_PACK_DATA_POINTERS", Attribute.PACK_POINTERS),
                        Map.entry("VARIANT_PACK_WORKSPACE", Attribute.PACK_WORKSPACE),
                        Map.entry("ENGINE_OPERATION_GRAPH", Attribute.ENGINE_GRAPH),
                        Map.entry("ENGINE_GLOBAL_INDEX", Attribute.ENGINE_INDEX),
                        Map.entry("ENGINE_NUMERICAL_NOTE", Attribute.ENGINE_NUMERICAL_NOTES))
                .forEach((name, value) -> claims.add(equal("CUDNN_ATTR_" + name, value)));
        Map<Pass, List<String>> passes = Map.of(
                Pass.FORWARD, List.of("FORWARD", "X", "W", "Y"),
                Pass.DATA_GRADIENT, List.of("BWD_DATA", "W", "DY", "DX"),
                Pass.FILTER_GRADIENT, List.of("BWD_FILTER", "X", "DY", "DW"));
        passes.forEach((pass, names) -> {
            Attribute.Convolving numbers = Attribute.Convolving.of(pass);
            String operation = "CUDNN_ATTR_OPERATION_CONVOLUTION_" + names.getFirst() + "_";
            claims.add(equal(operation + "ALPHA", numbers.alpha()));
            claims.add(equal(operation + "BETA", numbers.beta()));
            claims.add(equal(operation + "CONV_DESC", numbers.geometry()));
            claims.add(equal(operation + names.get(1), numbers.first()));
            claims.add(equal(operation + names.get(2), numbers.second()));
            claims.add(equal(operation + names.get(3), numbers.result()));
        });
        claims.addAll(List.of(
                equal("CUDNN_TYPE_HANDLE", 0),
                equal("CUDNN_TYPE_DATA_TYPE", BackendDescriptor.DATA_TYPE),
                equal("CUDNN_TYPE_BOOLEAN", 2),
                equal("CUDNN_TYPE_INT64", 3),
                equal("CUDNN_TYPE_FLOAT", 4),
                equal("CUDNN_TYPE_VOID_PTR", 6),
                equal("CUDNN_TYPE_CONVOLUTION_MODE", BackendDescriptor.CONVOLUTION_MODE),
                equal("CUDNN_TYPE_HEUR_MODE", BackendDescriptor.HEURISTIC_MODE),
                equal("CUDNN_TYPE_KNOB_TYPE", BackendDescriptor.KNOB_TYPE),
                equal("CUDNN_TYPE_NAN_PROPOGATION", BackendDescriptor.NAN_PROPAGATION),
                equal("CUDNN_TYPE_NUMERICAL_NOTE", BackendDescriptor.NUMERICAL_NOTE),
                equal("CUDNN_TYPE_POINTWISE_MODE", BackendDescriptor.POINTWISE_MODE),
                equal("CUDNN_TYPE_BACKEND_DESCRIPTOR", 15),
                equal("CUDNN_HEUR_MODE_A", 3),
                equal("CUDNN_HEUR_MODE_FALLBACK", 2),
                equal("CUDNN_POINTWISE_ADD", 0),
                equal("CUDNN_POINTWISE_RELU_FWD", 100),
                equal("CUDNN_POINTWISE_TANH_FWD", 101),
                equal("CUDNN_POINTWISE_SIGMOID_FWD", 102),
                equal("CUDNN_NUMERICAL_NOTE_TENSOR_CORE", 0),
                equal("CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS", 1),
                equal("CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION", 2),
                equal("CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC", 4)));
        assertEquals("", header.objections(folder, claims));
    }
}
