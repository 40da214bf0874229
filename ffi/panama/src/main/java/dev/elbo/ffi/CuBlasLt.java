package dev.elbo.ffi;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// The functions of cuBLASLt 12 and 13 that Elbo calls, checked: products with an epilogue and a choice of algorithm.
///
/// Descriptors are opaque and differ in size between versions, so the library makes them. [FusedProduct] is what
/// others use.
public final class CuBlasLt {
    static final int DESC_TRANSA = 3;
    static final int DESC_TRANSB = 4;
    static final int DESC_EPILOGUE = 7;
    static final int DESC_BIAS_POINTER = 8;
    static final int DESC_EPILOGUE_AUX_POINTER = 11;
    static final int DESC_EPILOGUE_AUX_LD = 12;

    static final int LAYOUT_BATCH_COUNT = 5;
    static final int LAYOUT_STRIDED_BATCH_OFFSET = 6;

    static final int PREF_MAX_WORKSPACE_BYTES = 1;
    static final int PREF_REDUCTION_SCHEME_MASK = 3;
    static final int PREF_MIN_ALIGNMENT_A_BYTES = 5;
    static final int PREF_MIN_ALIGNMENT_B_BYTES = 6;
    static final int PREF_MIN_ALIGNMENT_C_BYTES = 7;
    static final int PREF_MIN_ALIGNMENT_D_BYTES = 8;

    /// Split-K sums in the compute or the output type: a fixed order, unlike INPLACE (1).
    static final int REDUCTION_DETERMINISTIC = 2 | 4;

    // struct cublasLtMatmulHeuristicResult_t { cublasLtMatmulAlgo_t algo; size_t workspaceSize; cublasStatus_t state;
    //     float wavesCount; int reserved[4]; }
    static final long ALGORITHM_BYTES = 64;
    static final long RESULT_BYTES = 96;
    static final long RESULT_WORKSPACE = 64;
    static final long RESULT_STATE = 72;

    private static final NativeLibrary LIB = CudaLibraries.ofProcess().cublasLt();

    // cublasStatus_t cublasLtCreate(cublasLtHandle_t* lightHandle)
    private static final MethodHandle cublasLtCreate = LIB.bind("cublasLtCreate", of(JAVA_INT, ADDRESS));

    // cublasStatus_t cublasLtDestroy(cublasLtHandle_t lightHandle)
    private static final MethodHandle cublasLtDestroy = LIB.bind("cublasLtDestroy", of(JAVA_INT, ADDRESS));

    // cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* matmulDesc, cublasComputeType_t computeType,
    //     cudaDataType_t scaleType)
    private static final MethodHandle cublasLtMatmulDescCreate =
            LIB.bind("cublasLtMatmulDescCreate", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));

    // cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t matmulDesc)
    private static final MethodHandle cublasLtMatmulDescDestroy =
            LIB.bind("cublasLtMatmulDescDestroy", of(JAVA_INT, ADDRESS));

    // cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t matmulDesc,
    //     cublasLtMatmulDescAttributes_t attr, const void* buf, size_t sizeInBytes)
    private static final MethodHandle cublasLtMatmulDescSetAttribute =
            LIB.bind("cublasLtMatmulDescSetAttribute", of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG));

    // cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* matLayout, cudaDataType type, uint64_t rows,
    //     uint64_t cols, int64_t ld)
    private static final MethodHandle cublasLtMatrixLayoutCreate =
            LIB.bind("cublasLtMatrixLayoutCreate", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    // cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t matLayout)
    private static final MethodHandle cublasLtMatrixLayoutDestroy =
            LIB.bind("cublasLtMatrixLayoutDestroy", of(JAVA_INT, ADDRESS));

    // cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t matLayout,
    //     cublasLtMatrixLayoutAttribute_t attr, const void* buf, size_t sizeInBytes)
    private static final MethodHandle cublasLtMatrixLayoutSetAttribute =
            LIB.bind("cublasLtMatrixLayoutSetAttribute", of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG));

    // cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* pref)
    private static final MethodHandle cublasLtMatmulPreferenceCreate =
            LIB.bind("cublasLtMatmulPreferenceCreate", of(JAVA_INT, ADDRESS));

    // cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t pref)
    private static final MethodHandle cublasLtMatmulPreferenceDestroy =
            LIB.bind("cublasLtMatmulPreferenceDestroy", of(JAVA_INT, ADDRESS));

    // cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t pref,
    //     cublasLtMatmulPreferenceAttributes_t attr, const void* buf, size_t sizeInBytes)
    private static final MethodHandle cublasLtMatmulPreferenceSetAttribute =
            LIB.bind("cublasLtMatmulPreferenceSetAttribute", of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG));

    // cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t lightHandle, cublasLtMatmulDesc_t operationDesc,
    //     cublasLtMatrixLayout_t Adesc, cublasLtMatrixLayout_t Bdesc, cublasLtMatrixLayout_t Cdesc,
    //     cublasLtMatrixLayout_t Ddesc, cublasLtMatmulPreference_t preference, int requestedAlgoCount,
    //     cublasLtMatmulHeuristicResult_t heuristicResultsArray[], int* returnAlgoCount)
    private static final MethodHandle cublasLtMatmulAlgoGetHeuristic = LIB.bind(
            "cublasLtMatmulAlgoGetHeuristic",
            of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS));

    // cublasStatus_t cublasLtMatmul(cublasLtHandle_t lightHandle, cublasLtMatmulDesc_t computeDesc,
    //     const void* alpha, const void* A, cublasLtMatrixLayout_t Adesc, const void* B,
    //     cublasLtMatrixLayout_t Bdesc, const void* beta, const void* C, cublasLtMatrixLayout_t Cdesc, void* D,
    //     cublasLtMatrixLayout_t Ddesc, const cublasLtMatmulAlgo_t* algo, void* workspace,
    //     size_t workspaceSizeInBytes, cudaStream_t stream)
    private static final MethodHandle cublasLtMatmul = LIB.bind(
            "cublasLtMatmul",
            of(
                    JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
                    ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));

    private CuBlasLt() {}

    /// The shared library, present or not.
    public static NativeLibrary library() {
        return LIB;
    }

    /// Opens a handle in the current CUDA context. One serves all streams, but one thread.
    ///
    /// @param owner destroys the handle when it closes
    public static MemorySegment create(Arena owner) {
        return make("cublasLtCreate", cublasLtCreate, "cublasLtDestroy", cublasLtDestroy, owner);
    }

    /// Describes a product of f32 scalars computed as `computeType` says.
    ///
    /// @param owner destroys the descriptor when it closes
    static MemorySegment matmulDescriptor(int computeType, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            int status;
            try {
                status = (int) cublasLtMatmulDescCreate.invokeExact(out, computeType, CuBlas.R_32F);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(status, "cublasLtMatmulDescCreate", "computeType=" + computeType);
            return owned(out, "cublasLtMatmulDescDestroy", cublasLtMatmulDescDestroy, owner);
        }
    }

    /// @param value the attribute's bytes, as many as the segment has
    static void setDescriptor(MemorySegment descriptor, int attribute, MemorySegment value) {
        set("cublasLtMatmulDescSetAttribute", cublasLtMatmulDescSetAttribute, descriptor, attribute, value);
    }

    /// Describes a column-major f32 matrix.
    ///
    /// @param owner destroys the descriptor when it closes
    static MemorySegment matrixLayout(long rows, long cols, long leading, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            int status;
            try {
                status = (int) cublasLtMatrixLayoutCreate.invokeExact(out, CuBlas.R_32F, rows, cols, leading);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(status, "cublasLtMatrixLayoutCreate", "rows=" + rows + ", cols=" + cols + ", ld=" + leading);
            return owned(out, "cublasLtMatrixLayoutDestroy", cublasLtMatrixLayoutDestroy, owner);
        }
    }

    /// @param value the attribute's bytes, as many as the segment has
    static void setLayout(MemorySegment layout, int attribute, MemorySegment value) {
        set("cublasLtMatrixLayoutSetAttribute", cublasLtMatrixLayoutSetAttribute, layout, attribute, value);
    }

    /// What algorithms may need.
    ///
    /// @param owner destroys the descriptor when it closes
    static MemorySegment preference(Arena owner) {
        return make(
                "cublasLtMatmulPreferenceCreate",
                cublasLtMatmulPreferenceCreate,
                "cublasLtMatmulPreferenceDestroy",
                cublasLtMatmulPreferenceDestroy,
                owner);
    }

    /// @param value the attribute's bytes, as many as the segment has
    static void setPreference(MemorySegment preference, int attribute, MemorySegment value) {
        set("cublasLtMatmulPreferenceSetAttribute", cublasLtMatmulPreferenceSetAttribute, preference, attribute, value);
    }

    /// Asks for algorithms, the best by the library's estimate first.
    ///
    /// @param requested room in `results`
    /// @param results   overwritten by structures of [#RESULT_BYTES]
    /// @return how many there are; 0 if the library has none for this product
    static int heuristic(
            MemorySegment handle,
            MemorySegment descriptor,
            MemorySegment layoutA,
            MemorySegment layoutB,
            MemorySegment layoutC,
            MemorySegment preference,
            int requested,
            MemorySegment results) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment count = frame.allocate(JAVA_INT);
            int status;
            try {
                status = (int) cublasLtMatmulAlgoGetHeuristic.invokeExact(
                        handle, descriptor, layoutA, layoutB, layoutC, layoutC, preference, requested, results, count);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            if (status == NOT_SUPPORTED) {
                return 0;
            }
            check(status, "cublasLtMatmulAlgoGetHeuristic", "requestedAlgoCount=" + requested);
            return count.get(JAVA_INT, 0);
        }
    }

    private static final int NOT_SUPPORTED = 15;

    /// Runs one product on `stream`, in place: D is C.
    ///
    /// @param alpha     one f32 in host memory, read during the call
    /// @param algorithm the [#ALGORITHM_BYTES] that [#heuristic] gave
    static void matmul(
            MemorySegment handle,
            MemorySegment descriptor,
            MemorySegment alpha,
            MemorySegment a,
            MemorySegment layoutA,
            MemorySegment b,
            MemorySegment layoutB,
            MemorySegment beta,
            MemorySegment c,
            MemorySegment layoutC,
            MemorySegment algorithm,
            MemorySegment workspace,
            long workspaceBytes,
            MemorySegment stream) {
        int status;
        try {
            status = (int) cublasLtMatmul.invokeExact(
                    handle,
                    descriptor,
                    alpha,
                    a,
                    layoutA,
                    b,
                    layoutB,
                    beta,
                    c,
                    layoutC,
                    c,
                    layoutC,
                    algorithm,
                    workspace,
                    workspaceBytes,
                    stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw failure(status, "cublasLtMatmul", "workspaceSizeInBytes=" + workspaceBytes);
        }
    }

    private static void set(
            String function, MethodHandle setAttribute, MemorySegment object, int attribute, MemorySegment value) {
        long bytes = value.byteSize();
        int status;
        try {
            status = (int) setAttribute.invokeExact(object, attribute, value, bytes);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw failure(status, function, "attr=" + attribute + ", sizeInBytes=" + bytes);
        }
    }

    private static MemorySegment make(
            String createName, MethodHandle create, String destroyName, MethodHandle destroy, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            int status;
            try {
                status = (int) create.invokeExact(out);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(status, createName, "");
            return owned(out, destroyName, destroy, owner);
        }
    }

    private static MemorySegment owned(MemorySegment out, String destroyName, MethodHandle destroy, Arena owner) {
        return Owned.by(owner, out.get(ADDRESS, 0), made -> destroy(destroyName, destroy, made));
    }

    private static void destroy(String name, MethodHandle destroy, MemorySegment made) {
        int status;
        try {
            status = (int) destroy.invokeExact(made);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, name, "");
    }

    private static void check(int status, String function, String arguments) {
        if (status != 0) {
            throw failure(status, function, arguments);
        }
    }

    private static NativeException failure(int status, String function, String arguments) {
        return new NativeException(function, status, CuBlas.statusName(status), arguments);
    }
}
