package dev.elbo.ffi.jcuda;

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
    private final JcudaScalars scalars;

    JcudaBlas(MemorySegment stream, MemorySegment workspace, long workspaceBytes, Arena owner) {
        scalars = JcudaScalars.of(owner, stream, workspace);
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
        Pointer toAlpha = scalars.alpha(alpha);
        Pointer toBeta = scalars.beta(beta);
        if (call.batch() > 1) {
            gemmStridedBatchedEx(call, toAlpha, a, b, toBeta, c);
        } else if (call.precision() == Precision.FP32) {
            sgemm(call, toAlpha, a, b, toBeta, c);
        } else {
            gemmEx(call, toAlpha, a, b, toBeta, c);
        }
    }

    private void sgemm(Gemm call, Pointer toAlpha, MemorySegment a, MemorySegment b, Pointer toBeta, MemorySegment c) {
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

    private void gemmEx(Gemm call, Pointer toAlpha, MemorySegment a, MemorySegment b, Pointer toBeta, MemorySegment c) {
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

    private void gemmStridedBatchedEx(
            Gemm call, Pointer toAlpha, MemorySegment a, MemorySegment b, Pointer toBeta, MemorySegment c) {
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
