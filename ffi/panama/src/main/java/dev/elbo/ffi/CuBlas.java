package dev.elbo.ffi;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// The functions of cuBLAS 12 and 13 that Elbo calls, checked. Matrices are column-major here; see [Blas].
///
/// A handle is not thread-safe. Scalars (`alpha`, `beta`) are host memory of one f32, read during the call.
public final class CuBlas {
    static final int OP_N = 0;
    static final int OP_T = 1;

    public static final int DEFAULT_MATH = 0;

    public static final int POINTER_MODE_HOST = 0;

    public static final int ATOMICS_NOT_ALLOWED = 0;

    static final int COMPUTE_32F = 68;
    static final int COMPUTE_32F_FAST_16BF = 75;
    static final int COMPUTE_32F_FAST_TF32 = 77;

    public static final int GEMM_DEFAULT = -1;

    /// `cudaDataType_t` of f32.
    public static final int R_32F = 0;

    private static final NativeLibrary LIB = CudaLibraries.ofProcess().cublas();

    // cublasStatus_t cublasCreate_v2(cublasHandle_t* handle)
    private static final MethodHandle cublasCreate_v2 = LIB.bind("cublasCreate_v2", of(JAVA_INT, ADDRESS));

    // cublasStatus_t cublasDestroy_v2(cublasHandle_t handle)
    private static final MethodHandle cublasDestroy_v2 = LIB.bind("cublasDestroy_v2", of(JAVA_INT, ADDRESS));

    // cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream)
    private static final MethodHandle cublasSetStream_v2 =
            LIB.bind("cublasSetStream_v2", of(JAVA_INT, ADDRESS, ADDRESS));

    // cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, size_t bytes)
    private static final MethodHandle cublasSetWorkspace_v2 =
            LIB.bind("cublasSetWorkspace_v2", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG));

    // cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode)
    private static final MethodHandle cublasSetMathMode =
            LIB.bind("cublasSetMathMode", of(JAVA_INT, ADDRESS, JAVA_INT));

    // cublasStatus_t cublasSetAtomicsMode(cublasHandle_t handle, cublasAtomicsMode_t mode)
    private static final MethodHandle cublasSetAtomicsMode =
            LIB.bind("cublasSetAtomicsMode", of(JAVA_INT, ADDRESS, JAVA_INT));

    // cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t mode)
    private static final MethodHandle cublasSetPointerMode_v2 =
            LIB.bind("cublasSetPointerMode_v2", of(JAVA_INT, ADDRESS, JAVA_INT));

    // cublasStatus_t cublasSgemm_v2(cublasHandle_t handle, cublasOperation_t opA, cublasOperation_t opB,
    //     int m, int n, int k, const float* alpha, const float* A, int lda, const float* B, int ldb,
    //     const float* beta, float* C, int ldc)
    private static final MethodHandle cublasSgemm_v2 = LIB.bind(
            "cublasSgemm_v2",
            of(
                    JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT,
                    ADDRESS, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));

    // cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t opA, cublasOperation_t opB,
    //     int m, int n, int k, const void* alpha, const void* A, cudaDataType Atype, int lda,
    //     const void* B, cudaDataType Btype, int ldb, const void* beta, void* C, cudaDataType Ctype, int ldc,
    //     cublasComputeType_t computeType, cublasGemmAlgo_t algo)
    private static final MethodHandle cublasGemmEx = LIB.bind(
            "cublasGemmEx",
            of(
                    JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT,
                    JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

    // cublasStatus_t cublasGemmStridedBatchedEx(cublasHandle_t handle, cublasOperation_t opA, cublasOperation_t opB,
    //     int m, int n, int k, const void* alpha, const void* A, cudaDataType Atype, int lda, long long strideA,
    //     const void* B, cudaDataType Btype, int ldb, long long strideB, const void* beta,
    //     void* C, cudaDataType Ctype, int ldc, long long strideC, int batchCount,
    //     cublasComputeType_t computeType, cublasGemmAlgo_t algo)
    private static final MethodHandle cublasGemmStridedBatchedEx = LIB.bind(
            "cublasGemmStridedBatchedEx",
            of(
                    JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT,
                    JAVA_INT, JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT,
                    JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT));

    private CuBlas() {}

    /// The shared library, present or not.
    public static NativeLibrary library() {
        return LIB;
    }

    /// Opens a handle in the current CUDA context.
    ///
    /// @param owner destroys the handle when it closes
    static MemorySegment create(Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            int status;
            try {
                status = (int) cublasCreate_v2.invokeExact(out);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(status, "cublasCreate_v2", "");
            return Owned.by(owner, out.get(ADDRESS, 0), CuBlas::destroy);
        }
    }

    private static void destroy(MemorySegment handle) {
        int status;
        try {
            status = (int) cublasDestroy_v2.invokeExact(handle);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "cublasDestroy_v2", "");
    }

    /// Puts later calls on `stream` **and takes the workspace away**: [#setWorkspace] comes after it.
    static void setStream(MemorySegment handle, MemorySegment stream) {
        int status;
        try {
            status = (int) cublasSetStream_v2.invokeExact(handle, stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "cublasSetStream_v2", "stream=" + hex(stream));
    }

    /// Gives the handle scratch memory, so that it allocates none of its own (under capture: for each graph).
    ///
    /// @param workspace device memory aligned to 256 bytes, borrowed as long as the handle is used
    static void setWorkspace(MemorySegment handle, MemorySegment workspace, long bytes) {
        int status;
        try {
            status = (int) cublasSetWorkspace_v2.invokeExact(handle, workspace, bytes);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "cublasSetWorkspace_v2", "workspace=" + hex(workspace) + ", bytes=" + bytes);
    }

    /// @param mode `cublasMath_t`; concerns [#sgemm] only
    static void setMathMode(MemorySegment handle, int mode) {
        int status;
        try {
            status = (int) cublasSetMathMode.invokeExact(handle, mode);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "cublasSetMathMode", "mode=" + mode);
    }

    /// @param mode [#ATOMICS_NOT_ALLOWED], with which results are the same from run to run
    static void setAtomicsMode(MemorySegment handle, int mode) {
        int status;
        try {
            status = (int) cublasSetAtomicsMode.invokeExact(handle, mode);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "cublasSetAtomicsMode", "mode=" + mode);
    }

    /// @param mode `cublasPointerMode_t`: where scalars lie
    static void setPointerMode(MemorySegment handle, int mode) {
        int status;
        try {
            status = (int) cublasSetPointerMode_v2.invokeExact(handle, mode);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "cublasSetPointerMode_v2", "mode=" + mode);
    }

    /// One f32 product in the handle's math mode; extents and layout of `call`, whose batch is 1.
    ///
    /// @param alpha one f32
    static void sgemm(
            MemorySegment handle,
            Gemm call,
            MemorySegment alpha,
            MemorySegment a,
            MemorySegment b,
            MemorySegment beta,
            MemorySegment c) {
        int opA = op(call.transposedA());
        int opB = op(call.transposedB());
        int m = call.m();
        int n = call.n();
        int k = call.k();
        int lda = call.lda();
        int ldb = call.ldb();
        int ldc = call.ldc();
        int status;
        try {
            status = (int) cublasSgemm_v2.invokeExact(handle, opA, opB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw failure(status, "cublasSgemm_v2", describe(call));
        }
    }

    /// One f32 product in the precision of `call`, whose batch is 1.
    static void gemmEx(
            MemorySegment handle,
            Gemm call,
            MemorySegment alpha,
            MemorySegment a,
            MemorySegment b,
            MemorySegment beta,
            MemorySegment c) {
        int opA = op(call.transposedA());
        int opB = op(call.transposedB());
        int m = call.m();
        int n = call.n();
        int k = call.k();
        int lda = call.lda();
        int ldb = call.ldb();
        int ldc = call.ldc();
        int compute = compute(call.precision());
        int status;
        try {
            status = (int) cublasGemmEx.invokeExact(
                    handle,
                    opA,
                    opB,
                    m,
                    n,
                    k,
                    alpha,
                    a,
                    R_32F,
                    lda,
                    b,
                    R_32F,
                    ldb,
                    beta,
                    c,
                    R_32F,
                    ldc,
                    compute,
                    GEMM_DEFAULT);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw failure(status, "cublasGemmEx", describe(call) + ", computeType=" + compute);
        }
    }

    /// A batch of f32 products in the precision of `call`.
    static void gemmStridedBatchedEx(
            MemorySegment handle,
            Gemm call,
            MemorySegment alpha,
            MemorySegment a,
            MemorySegment b,
            MemorySegment beta,
            MemorySegment c) {
        int opA = op(call.transposedA());
        int opB = op(call.transposedB());
        int m = call.m();
        int n = call.n();
        int k = call.k();
        int lda = call.lda();
        int ldb = call.ldb();
        int ldc = call.ldc();
        long strideA = call.strideA();
        long strideB = call.strideB();
        long strideC = call.strideC();
        int batch = call.batch();
        int compute = compute(call.precision());
        int status;
        try {
            status = (int) cublasGemmStridedBatchedEx.invokeExact(
                    handle,
                    opA,
                    opB,
                    m,
                    n,
                    k,
                    alpha,
                    a,
                    R_32F,
                    lda,
                    strideA,
                    b,
                    R_32F,
                    ldb,
                    strideB,
                    beta,
                    c,
                    R_32F,
                    ldc,
                    strideC,
                    batch,
                    compute,
                    GEMM_DEFAULT);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw failure(
                    status,
                    "cublasGemmStridedBatchedEx",
                    describe(call) + ", strideA=" + strideA + ", strideB=" + strideB + ", strideC=" + strideC
                            + ", batchCount=" + batch + ", computeType=" + compute);
        }
    }

    /// `cublasOperation_t`.
    public static int op(boolean transposed) {
        return transposed ? OP_T : OP_N;
    }

    /// `cublasComputeType_t` of f32 matrices multiplied in `precision`.
    public static int compute(Precision precision) {
        return switch (precision) {
            case FP32 -> COMPUTE_32F;
            case TF32 -> COMPUTE_32F_FAST_TF32;
            case BF16 -> COMPUTE_32F_FAST_16BF;
        };
    }

    /// The arguments of a product, for messages.
    public static String describe(Gemm call) {
        return "opA=" + (call.transposedA() ? "T" : "N") + ", opB=" + (call.transposedB() ? "T" : "N") + ", m="
                + call.m() + ", n=" + call.n() + ", k=" + call.k() + ", lda=" + call.lda() + ", ldb=" + call.ldb()
                + ", ldc=" + call.ldc();
    }

    /// The name of a `cublasStatus_t`; cuBLAS and cuBLASLt share them.
    public static String statusName(int status) {
        return switch (status) {
            case 0 -> "CUBLAS_STATUS_SUCCESS";
            case 1 -> "CUBLAS_STATUS_NOT_INITIALIZED";
            case 3 -> "CUBLAS_STATUS_ALLOC_FAILED";
            case 7 -> "CUBLAS_STATUS_INVALID_VALUE";
            case 8 -> "CUBLAS_STATUS_ARCH_MISMATCH";
            case 11 -> "CUBLAS_STATUS_MAPPING_ERROR";
            case 13 -> "CUBLAS_STATUS_EXECUTION_FAILED";
            case 14 -> "CUBLAS_STATUS_INTERNAL_ERROR";
            case 15 -> "CUBLAS_STATUS_NOT_SUPPORTED";
            case 16 -> "CUBLAS_STATUS_LICENSE_ERROR";
            default -> "unknown cublasStatus_t";
        };
    }

    private static String hex(MemorySegment pointer) {
        return "0x" + Long.toHexString(pointer.address());
    }

    private static void check(int status, String function, String arguments) {
        if (status != 0) {
            throw failure(status, function, arguments);
        }
    }

    private static NativeException failure(int status, String function, String arguments) {
        return new NativeException(function, status, statusName(status), arguments);
    }
}
