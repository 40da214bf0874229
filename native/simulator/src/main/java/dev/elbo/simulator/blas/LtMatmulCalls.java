package dev.elbo.simulator.blas;

import dev.elbo.simulator.blas.LtAttributes.Layout;
import dev.elbo.simulator.blas.LtAttributes.Matmul;
import dev.elbo.simulator.driver.Driver;
import dev.elbo.simulator.driver.Work;
import dev.elbo.simulator.library.NumberType;
import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;
import java.util.function.DoubleSupplier;

/// The product of cuBLASLt.
final class LtMatmulCalls {
    private static final int WORKSPACE_ALIGNMENT = 16;

    private final Driver driver;
    private final LtCalls lt;

    LtMatmulCalls(Driver driver, LtCalls lt) {
        this.driver = driver;
        this.lt = lt;
    }

    // cublasStatus_t cublasLtMatmul(handle, computeDesc, const void* alpha, const void* A, Adesc, const void* B, Bdesc,
    //     const void* beta, const void* C, Cdesc, void* D, Ddesc, const cublasLtMatmulAlgo_t* algo, void* workspace,
    //     size_t workspaceSizeInBytes, cudaStream_t stream)
    @Exported
    void cublasLtMatmul(
            long handle,
            long descriptor,
            long alpha,
            long a,
            long aLayout,
            long b,
            long bLayout,
            long beta,
            long c,
            long cLayout,
            long d,
            long dLayout,
            long algorithm,
            long workspace,
            long workspaceBytes,
            long stream) {
        driver.own(lt.get(handle, LtCalls.CublasLtHandle.class).context(), "cuBLASLt handle");
        Matmul matmul = lt.get(descriptor, Matmul.class);
        LtProblem problem = lt.problem(descriptor, aLayout, bLayout, cLayout, dLayout);
        LtAlgorithm chosen = algorithm == 0 ? LtAlgorithm.of(problem).getFirst() : LtAlgorithm.read(algorithm, problem);
        for (long pointer : new long[] {a, b, c, d}) aligned(pointer, chosen.alignment());
        checkWorkspace(chosen.workspace(problem), workspace, workspaceBytes);
        if (c == d
                && cLayout != dLayout
                && problem.c().get(Layout.LD) != problem.d().get(Layout.LD)) {
            throw BlasStatus.INVALID_VALUE.ltBecause("C and D are one matrix with two layouts");
        }
        LtTerms terms = new LtTerms(
                problem,
                chosen.splits(),
                scalar(matmul, alpha, problem),
                scalar(matmul, beta, problem),
                matmul.get(Matmul.BIAS_POINTER),
                matmul.get(Matmul.BIAS_BATCH_STRIDE),
                matmul.get(Matmul.AUX_POINTER),
                matmul.get(Matmul.AUX_LD),
                matmul.get(Matmul.AUX_BATCH_STRIDE));
        if (problem.epilogue().usesBias() && terms.bias() == 0) {
            throw BlasStatus.INVALID_VALUE.ltBecause("the epilogue wants a bias; epilogue=" + problem.epilogue());
        }
        if (problem.epilogue().aux() && terms.aux() == 0) {
            throw BlasStatus.INVALID_VALUE.ltBecause("the epilogue wants AUX; epilogue=" + problem.epilogue());
        }
        long scratch = chosen.workspace(problem);
        driver.launch(driver.stream(stream), Work.of(Work.Kind.KERNEL, "cublasLtMatmul", () -> {
            if (scratch > 0) driver.bytes().writable(workspace, scratch, "workspace of cublasLtMatmul");
            terms.run(driver.bytes(), a, b, c, d);
        }));
    }

    private static void aligned(long pointer, int alignment) {
        if (pointer % alignment != 0) {
            throw BlasStatus.NOT_SUPPORTED.ltBecause("the algorithm does not take this pointer; address=0x"
                    + Long.toHexString(pointer) + ", alignment=" + alignment);
        }
    }

    private static void checkWorkspace(long wanted, long workspace, long bytes) {
        if (wanted > bytes) {
            throw BlasStatus.INVALID_VALUE.ltBecause("workspace is too small; bytes=" + bytes + ", wanted=" + wanted);
        }
        if (wanted > 0 && workspace % WORKSPACE_ALIGNMENT != 0) {
            throw BlasStatus.INVALID_VALUE.ltBecause(
                    "workspace is not aligned; address=0x" + Long.toHexString(workspace));
        }
    }

    private DoubleSupplier scalar(Matmul matmul, long address, LtProblem problem) {
        if (address == 0) throw BlasStatus.INVALID_VALUE.ltBecause("alpha or beta is null");
        NumberType type = problem.product() == Product.F64 ? NumberType.F64 : NumberType.F32;
        if (matmul.getInt(Matmul.POINTER_MODE) == 0) {
            double value = type.get(Host.at(address, type.bytes()), 0);
            driver.checkHostValue(Host.getInt(address), "scalar of cublasLtMatmul");
            return () -> value;
        }
        return () -> type.get(driver.bytes().readable(address, type.bytes(), "scalar of cublasLtMatmul"), 0);
    }
}
