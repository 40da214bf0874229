package dev.elbo.simulator.blas;

import dev.elbo.simulator.blas.LtAttributes.Layout;
import dev.elbo.simulator.blas.LtAttributes.Matmul;
import dev.elbo.simulator.blas.LtAttributes.Preference;
import dev.elbo.simulator.driver.Driver;
import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Failure;
import dev.elbo.simulator.shim.Host;

/// Handles and descriptors of cuBLASLt, and the choice of algorithms.
final class LtCalls {
    private static final int RESULT_BYTES = 96;

    private final Driver driver;
    private final BlasCalls blas;

    LtCalls(Driver driver, BlasCalls blas) {
        this.driver = driver;
        this.blas = blas;
    }

    /// What `cublasLtCreate` makes.
    record CublasLtHandle(dev.elbo.simulator.driver.Context context) {}

    <T> T get(long handle, Class<T> kind) {
        try {
            return driver.handles().get(handle, kind);
        } catch (Failure failure) {
            BlasStatus status = kind == CublasLtHandle.class ? BlasStatus.NOT_INITIALIZED : BlasStatus.INVALID_VALUE;
            throw status.ltBecause(failure.getMessage());
        }
    }

    // cublasStatus_t cublasLtCreate(cublasLtHandle_t* lightHandle)
    @Exported
    void cublasLtCreate(long out) {
        Host.putLong(out, driver.add(new CublasLtHandle(driver.context())));
    }

    // cublasStatus_t cublasLtDestroy(cublasLtHandle_t lightHandle)
    @Exported
    void cublasLtDestroy(long handle) {
        get(handle, CublasLtHandle.class);
        driver.remove(handle, CublasLtHandle.class);
    }

    // size_t cublasLtGetVersion(void)
    @Exported
    long cublasLtGetVersion() {
        return blas.version();
    }

    // size_t cublasLtGetCudartVersion(void)
    @Exported
    long cublasLtGetCudartVersion() {
        return blas.cublasGetCudartVersion();
    }

    // cublasStatus_t cublasLtGetProperty(libraryPropertyType type, int* value)
    @Exported
    void cublasLtGetProperty(int type, long value) {
        Host.putInt(value, blas.property(type));
    }

    // const char* cublasLtGetStatusName(cublasStatus_t status)
    @Exported
    long cublasLtGetStatusName(int status) {
        return blas.cublasGetStatusName(status);
    }

    // const char* cublasLtGetStatusString(cublasStatus_t status)
    @Exported
    long cublasLtGetStatusString(int status) {
        return blas.cublasGetStatusName(status);
    }

    // cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t*, cublasComputeType_t computeType, cudaDataType_t
    // scale)
    @Exported
    void cublasLtMatmulDescCreate(long out, int compute, int scale) {
        Host.putLong(out, driver.add(new Matmul(compute, scale)));
    }

    // cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t matmulDesc)
    @Exported
    void cublasLtMatmulDescDestroy(long handle) {
        get(handle, Matmul.class);
        driver.remove(handle, Matmul.class);
    }

    // cublasStatus_t cublasLtMatmulDescSetAttribute(desc, cublasLtMatmulDescAttributes_t attr, const void* buf, size_t)
    @Exported
    void cublasLtMatmulDescSetAttribute(long handle, int attribute, long from, long bytes) {
        get(handle, Matmul.class).set(attribute, from, bytes);
    }

    // cublasStatus_t cublasLtMatmulDescGetAttribute(desc, attr, void* buf, size_t sizeInBytes, size_t* sizeWritten)
    @Exported
    void cublasLtMatmulDescGetAttribute(long handle, int attribute, long to, long bytes, long written) {
        get(handle, Matmul.class).get(attribute, to, bytes, written);
    }

    // cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t*, cudaDataType, uint64_t rows, cols, int64_t ld)
    @Exported
    void cublasLtMatrixLayoutCreate(long out, int type, long rows, long columns, long leading) {
        Host.putLong(out, driver.add(new Layout(type, rows, columns, leading)));
    }

    // cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t matLayout)
    @Exported
    void cublasLtMatrixLayoutDestroy(long handle) {
        get(handle, Layout.class);
        driver.remove(handle, Layout.class);
    }

    // cublasStatus_t cublasLtMatrixLayoutSetAttribute(matLayout, attr, const void* buf, size_t sizeInBytes)
    @Exported
    void cublasLtMatrixLayoutSetAttribute(long handle, int attribute, long from, long bytes) {
        get(handle, Layout.class).set(attribute, from, bytes);
    }

    // cublasStatus_t cublasLtMatrixLayoutGetAttribute(matLayout, attr, void* buf, size_t, size_t* sizeWritten)
    @Exported
    void cublasLtMatrixLayoutGetAttribute(long handle, int attribute, long to, long bytes, long written) {
        get(handle, Layout.class).get(attribute, to, bytes, written);
    }

    // cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* pref)
    @Exported
    void cublasLtMatmulPreferenceCreate(long out) {
        Host.putLong(out, driver.add(new Preference()));
    }

    // cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t pref)
    @Exported
    void cublasLtMatmulPreferenceDestroy(long handle) {
        get(handle, Preference.class);
        driver.remove(handle, Preference.class);
    }

    // cublasStatus_t cublasLtMatmulPreferenceSetAttribute(pref, attr, const void* buf, size_t sizeInBytes)
    @Exported
    void cublasLtMatmulPreferenceSetAttribute(long handle, int attribute, long from, long bytes) {
        get(handle, Preference.class).set(attribute, from, bytes);
    }

    // cublasStatus_t cublasLtMatmulAlgoGetHeuristic(handle, operationDesc, Adesc, Bdesc, Cdesc, Ddesc, preference,
    //     int requestedAlgoCount, cublasLtMatmulHeuristicResult_t results[], int* returnAlgoCount)
    @Exported
    void cublasLtMatmulAlgoGetHeuristic(
            long handle,
            long descriptor,
            long a,
            long b,
            long c,
            long d,
            long preference,
            int requested,
            long results,
            long returned) {
        Host.putInt(returned, 0);
        get(handle, CublasLtHandle.class);
        if (requested < 1) throw BlasStatus.INVALID_VALUE.ltBecause("requested=" + requested);
        LtProblem problem = problem(descriptor, a, b, c, d);
        Preference wanted = get(preference, Preference.class);
        int found = 0;
        for (LtAlgorithm algorithm : LtAlgorithm.of(problem)) {
            if (found == requested) break;
            if (!fits(algorithm, problem, wanted)) continue;
            long at = results + (long) found * RESULT_BYTES;
            Host.at(at, RESULT_BYTES).fill((byte) 0);
            algorithm.write(at);
            Host.putLong(at + 64, algorithm.workspace(problem));
            Host.putInt(at + 72, 0); // state
            Host.putFloat(at + 76, 1); // waves
            found++;
        }
        Host.putInt(returned, found);
        if (found == 0) throw BlasStatus.NOT_SUPPORTED.ltBecause("no algorithm for this product");
    }

    private static boolean fits(LtAlgorithm algorithm, LtProblem problem, Preference wanted) {
        for (int i = 0; i < 4; i++) {
            if (algorithm.alignment() > wanted.getInt(Preference.MIN_ALIGNMENT_A + i)) return false;
        }
        boolean reduction =
                algorithm.reduction() == 0 || (algorithm.reduction() & wanted.getInt(Preference.REDUCTION_MASK)) != 0;
        return reduction && algorithm.workspace(problem) <= wanted.get(Preference.MAX_WORKSPACE);
    }

    LtProblem problem(long descriptor, long a, long b, long c, long d) {
        return LtProblem.of(
                get(descriptor, Matmul.class),
                get(a, Layout.class),
                get(b, Layout.class),
                get(c, Layout.class),
                get(d, Layout.class));
    }

    // cublasStatus_t cublasLtMatmulAlgoCheck(handle, operationDesc, Adesc, Bdesc, Cdesc, Ddesc, const algo*, result*)
    @Exported
    void cublasLtMatmulAlgoCheck(
            long handle, long descriptor, long a, long b, long c, long d, long algorithm, long result) {
        get(handle, CublasLtHandle.class);
        LtProblem problem = problem(descriptor, a, b, c, d);
        LtAlgorithm read = LtAlgorithm.read(algorithm, problem);
        Host.at(result, RESULT_BYTES).fill((byte) 0);
        read.write(result);
        Host.putLong(result + 64, read.workspace(problem));
    }
}
