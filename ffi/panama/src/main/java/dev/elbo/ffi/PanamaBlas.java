package dev.elbo.ffi;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// cuBLAS through `java.lang.foreign`.
final class PanamaBlas implements Blas {
    private final MemorySegment handle;
    private final Borrowed borrowed;
    // Read by the library during each call, so one pair serves all calls of the handle's only thread.
    private final MemorySegment alpha;
    private final MemorySegment beta;

    PanamaBlas(MemorySegment stream, MemorySegment workspace, long workspaceBytes, Arena owner) {
        handle = CuBlas.create(owner);
        borrowed = Borrowed.of(stream, workspace);
        alpha = owner.allocate(JAVA_FLOAT);
        beta = owner.allocate(JAVA_FLOAT);
        CuBlas.setStream(handle, stream);
        CuBlas.setWorkspace(handle, workspace, workspaceBytes);
        CuBlas.setPointerMode(handle, CuBlas.POINTER_MODE_HOST);
        CuBlas.setAtomicsMode(handle, CuBlas.ATOMICS_NOT_ALLOWED);
        CuBlas.setMathMode(handle, CuBlas.DEFAULT_MATH);
    }

    @Override
    public Version version() {
        return CuBlas.library().version();
    }

    @Override
    public void gemm(Gemm call, float alpha, MemorySegment a, MemorySegment b, float beta, MemorySegment c) {
        borrowed.require();
        this.alpha.set(JAVA_FLOAT, 0, alpha);
        this.beta.set(JAVA_FLOAT, 0, beta);
        if (call.batch() > 1) {
            CuBlas.gemmStridedBatchedEx(handle, call, this.alpha, a, b, this.beta, c);
        } else if (call.precision() == Precision.FP32) {
            CuBlas.sgemm(handle, call, this.alpha, a, b, this.beta, c);
        } else {
            CuBlas.gemmEx(handle, call, this.alpha, a, b, this.beta, c);
        }
    }
}
