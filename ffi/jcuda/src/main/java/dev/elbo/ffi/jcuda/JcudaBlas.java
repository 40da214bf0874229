package dev.elbo.ffi.jcuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.ffi.AtClose;
import dev.elbo.ffi.Blas;
import dev.elbo.ffi.CuBlas;
import dev.elbo.ffi.DevicePointer;
import dev.elbo.ffi.Gemm;
import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.Precision;
import dev.elbo.ffi.Version;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;

/// cuBLAS through JCublas.
final class JcudaBlas implements Blas {
    private final cublasHandle handle = new cublasHandle();
    // Native memory, so that JCuda neither copies nor pins an array on each call; the handle has only one thread.
    private final MemorySegment alpha;
    private final MemorySegment beta;
    private final Pointer toAlpha;
    private final Pointer toBeta;

    JcudaBlas(MemorySegment stream, MemorySegment workspace, long workspaceBytes, Arena owner) {
        alpha = owner.allocate(JAVA_FLOAT);
        beta = owner.allocate(JAVA_FLOAT);
        toAlpha = JcudaPointers.of(alpha);
        toBeta = JcudaPointers.of(beta);
        check(JCublas2.cublasCreate(handle), "cublasCreate_v2", "");
        AtClose.run(owner, () -> check(JCublas2.cublasDestroy(handle), "cublasDestroy_v2", ""));
        check(
                JCublas2.cublasSetStream(handle, JcudaPointers.stream(stream)),
                "cublasSetStream_v2",
                "stream=" + hex(stream));
        check(
                JCublas2.cublasSetWorkspace(handle, JcudaPointers.of(workspace), workspaceBytes),
                "cublasSetWorkspace_v2",
                "workspace=" + hex(workspace) + ", bytes=" + workspaceBytes);
        check(
                JCublas2.cublasSetPointerMode(handle, CuBlas.POINTER_MODE_HOST),
                "cublasSetPointerMode_v2",
                "mode=" + CuBlas.POINTER_MODE_HOST);
        check(
                JCublas2.cublasSetAtomicsMode(handle, CuBlas.ATOMICS_NOT_ALLOWED),
                "cublasSetAtomicsMode",
                "mode=" + CuBlas.ATOMICS_NOT_ALLOWED);
        check(
                JCublas2.cublasSetMathMode(handle, CuBlas.DEFAULT_MATH),
                "cublasSetMathMode",
                "mode=" + CuBlas.DEFAULT_MATH);
    }

    @Override
    public Version version() {
        return CuBlas.library().version();
    }

    @Override
    public void gemm(Gemm call, float alpha, MemorySegment a, MemorySegment b, float beta, MemorySegment c) {
        this.alpha.set(JAVA_FLOAT, 0, alpha);
        this.beta.set(JAVA_FLOAT, 0, beta);
        if (call.batch() > 1) {
            gemmStridedBatchedEx(call, a, b, c);
        } else if (call.precision() == Precision.FP32) {
            sgemm(call, a, b, c);
        } else {
            gemmEx(call, a, b, c);
        }
    }

    private void sgemm(Gemm call, MemorySegment a, MemorySegment b, MemorySegment c) {
        int status = JCublas2.cublasSgemm(
                handle,
                CuBlas.op(call.transposedA()),
                CuBlas.op(call.transposedB()),
                call.m(),
                call.n(),
                call.k(),
                toAlpha,
                JcudaPointers.of(a),
                call.lda(),
                JcudaPointers.of(b),
                call.ldb(),
                toBeta,
                JcudaPointers.of(c),
                call.ldc());
        if (status != 0) {
            throw failure(status, "cublasSgemm_v2", CuBlas.describe(call));
        }
    }

    private void gemmEx(Gemm call, MemorySegment a, MemorySegment b, MemorySegment c) {
        int compute = CuBlas.compute(call.precision());
        int status = JCublas2.cublasGemmEx_new(
                handle,
                CuBlas.op(call.transposedA()),
                CuBlas.op(call.transposedB()),
                call.m(),
                call.n(),
                call.k(),
                toAlpha,
                JcudaPointers.of(a),
                CuBlas.R_32F,
                call.lda(),
                JcudaPointers.of(b),
                CuBlas.R_32F,
                call.ldb(),
                toBeta,
                JcudaPointers.of(c),
                CuBlas.R_32F,
                call.ldc(),
                compute,
                CuBlas.GEMM_DEFAULT);
        if (status != 0) {
            throw failure(status, "cublasGemmEx", CuBlas.describe(call) + ", computeType=" + compute);
        }
    }

    private void gemmStridedBatchedEx(Gemm call, MemorySegment a, MemorySegment b, MemorySegment c) {
        int compute = CuBlas.compute(call.precision());
        int status = JCublas2.cublasGemmStridedBatchedEx_new(
                handle,
                CuBlas.op(call.transposedA()),
                CuBlas.op(call.transposedB()),
                call.m(),
                call.n(),
                call.k(),
                toAlpha,
                JcudaPointers.of(a),
                CuBlas.R_32F,
                call.lda(),
                call.strideA(),
                JcudaPointers.of(b),
                CuBlas.R_32F,
                call.ldb(),
                call.strideB(),
                toBeta,
                JcudaPointers.of(c),
                CuBlas.R_32F,
                call.ldc(),
                call.strideC(),
                call.batch(),
                compute,
                CuBlas.GEMM_DEFAULT);
        if (status != 0) {
            throw failure(
                    status,
                    "cublasGemmStridedBatchedEx",
                    CuBlas.describe(call) + ", strideA=" + call.strideA() + ", strideB=" + call.strideB()
                            + ", strideC=" + call.strideC() + ", batchCount=" + call.batch() + ", computeType="
                            + compute);
        }
    }

    private static String hex(MemorySegment pointer) {
        return "0x" + Long.toHexString(DevicePointer.address(pointer));
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
