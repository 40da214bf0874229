package dev.elbo.simulator.blas;

import dev.elbo.simulator.driver.Driver;
import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Failure;
import dev.elbo.simulator.shim.Host;
import java.lang.foreign.Arena;
import java.util.EnumMap;
import java.util.Map;

/// Handles of cuBLAS and their settings.
final class BlasCalls {
    private static final int WORKSPACE_ALIGNMENT = 256;
    private static final Map<BlasStatus, Long> NAMES = new EnumMap<>(BlasStatus.class);

    static {
        for (BlasStatus status : BlasStatus.values()) {
            NAMES.put(status, Arena.global().allocateFrom(status.symbol()).address());
        }
    }

    private final Driver driver;

    BlasCalls(Driver driver) {
        this.driver = driver;
    }

    /// The handle, in the context that it was made in.
    CublasHandle handle(long handle) {
        CublasHandle found;
        try {
            found = driver.handles().get(handle, CublasHandle.class);
        } catch (Failure failure) {
            throw BlasStatus.NOT_INITIALIZED.because(failure.getMessage());
        }
        driver.own(found.context, "cuBLAS handle");
        return found;
    }

    // cublasStatus_t cublasCreate_v2(cublasHandle_t* handle)
    @Exported
    void cublasCreate_v2(long out) {
        CublasHandle made = new CublasHandle(driver.context(), driver.stream(0));
        Host.putLong(out, driver.add(made));
    }

    // cublasStatus_t cublasDestroy_v2(cublasHandle_t handle)
    @Exported
    void cublasDestroy_v2(long handle) {
        handle(handle);
        driver.remove(handle, CublasHandle.class);
    }

    // cublasStatus_t cublasGetVersion_v2(cublasHandle_t handle, int* version)
    @Exported
    void cublasGetVersion_v2(long handle, long version) {
        Host.putInt(version, version());
    }

    /// 10000 · major + 100 · minor + patch.
    int version() {
        return driver.configuration().librariesMajor() * 10000 + 801;
    }

    // cublasStatus_t cublasGetProperty(libraryPropertyType type, int* value)
    @Exported
    void cublasGetProperty(int type, long value) {
        Host.putInt(value, property(type));
    }

    int property(int type) {
        return switch (type) {
            case 0 -> version() / 10000;
            case 1 -> version() / 100 % 100;
            case 2 -> version() % 100;
            default -> throw BlasStatus.INVALID_VALUE.because("type=" + type);
        };
    }

    // size_t cublasGetCudartVersion(void)
    @Exported
    long cublasGetCudartVersion() {
        return driver.configuration().librariesMajor() * 1000L;
    }

    // const char* cublasGetStatusName(cublasStatus_t status)
    @Exported
    long cublasGetStatusName(int status) {
        for (BlasStatus each : BlasStatus.values()) {
            if (each.number() == status) return NAMES.get(each);
        }
        return NAMES.get(BlasStatus.INTERNAL_ERROR);
    }

    // const char* cublasGetStatusString(cublasStatus_t status)
    @Exported
    long cublasGetStatusString(int status) {
        return cublasGetStatusName(status);
    }

    // cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t streamId)
    @Exported
    void cublasSetStream_v2(long handle, long stream) {
        handle(handle).stream(driver.stream(stream));
    }

    // cublasStatus_t cublasGetStream_v2(cublasHandle_t handle, cudaStream_t* streamId)
    @Exported
    void cublasGetStream_v2(long handle, long stream) {
        Host.putLong(stream, handle(handle).stream().handle());
    }

    // cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, size_t workspaceSizeInBytes)
    @Exported
    void cublasSetWorkspace_v2(long handle, long workspace, long bytes) {
        CublasHandle found = handle(handle);
        if (workspace % WORKSPACE_ALIGNMENT != 0) {
            throw BlasStatus.INVALID_VALUE.because("workspace is not aligned to " + WORKSPACE_ALIGNMENT
                    + " bytes; address=0x" + Long.toHexString(workspace));
        }
        found.workspace(workspace, bytes);
        found.checkWorkspace(driver);
    }

    // cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode)
    @Exported
    void cublasSetMathMode(long handle, int mode) {
        // The flag that forbids reductions in a narrower type changes nothing here: there are none.
        int kind = mode & ~16;
        if (kind < 0 || kind > 4) throw BlasStatus.INVALID_VALUE.because("mode=" + mode);
        handle(handle).mathMode = kind;
    }

    // cublasStatus_t cublasGetMathMode(cublasHandle_t handle, cublasMath_t* mode)
    @Exported
    void cublasGetMathMode(long handle, long mode) {
        Host.putInt(mode, handle(handle).mathMode);
    }

    // cublasStatus_t cublasSetAtomicsMode(cublasHandle_t handle, cublasAtomicsMode_t mode)
    @Exported
    void cublasSetAtomicsMode(long handle, int mode) {
        if (mode < 0 || mode > 1) throw BlasStatus.INVALID_VALUE.because("mode=" + mode);
        handle(handle).atomicsMode = mode;
    }

    // cublasStatus_t cublasGetAtomicsMode(cublasHandle_t handle, cublasAtomicsMode_t* mode)
    @Exported
    void cublasGetAtomicsMode(long handle, long mode) {
        Host.putInt(mode, handle(handle).atomicsMode);
    }

    // cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t mode)
    @Exported
    void cublasSetPointerMode_v2(long handle, int mode) {
        if (mode < 0 || mode > 1) throw BlasStatus.INVALID_VALUE.because("mode=" + mode);
        handle(handle).pointerMode = mode;
    }

    // cublasStatus_t cublasGetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t* mode)
    @Exported
    void cublasGetPointerMode_v2(long handle, long mode) {
        Host.putInt(mode, handle(handle).pointerMode);
    }
}
