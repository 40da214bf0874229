package dev.elbo.simulator.dnn;

import dev.elbo.simulator.driver.Driver;
import dev.elbo.simulator.driver.Work;
import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Failure;
import dev.elbo.simulator.shim.Host;
import java.lang.foreign.Arena;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// Handles of cuDNN, its version, and the names of its statuses.
final class DnnCalls {
    private static final Map<DnnStatus, Long> NAMES = new EnumMap<>(DnnStatus.class);

    static {
        for (DnnStatus status : DnnStatus.values()) {
            NAMES.put(status, Arena.global().allocateFrom(status.symbol()).address());
        }
    }

    final Driver driver;

    DnnCalls(Driver driver) {
        this.driver = driver;
    }

    /// What stands behind a handle or a descriptor.
    <T> T get(long handle, Class<T> kind) {
        if (handle == 0) throw DnnStatus.BAD_PARAM_NULL_POINTER.because("null");
        try {
            return driver.handles().get(handle, kind);
        } catch (Failure failure) {
            throw DnnStatus.BAD_PARAM.because(failure.getMessage());
        }
    }

    CudnnHandle handle(long handle) {
        CudnnHandle found = get(handle, CudnnHandle.class);
        driver.own(found.context, "cuDNN handle");
        return found;
    }

    /// Puts a kernel on a handle's stream, named for the call that is under way.
    void launch(CudnnHandle handle, Runnable kernel) {
        driver.launch(handle.stream(), Work.of(Work.Kind.KERNEL, driver.call(), kernel));
    }

    /// An `alpha` or `beta`: one f32 of the host's, read now.
    static float scalar(long address) {
        if (address == 0) throw DnnStatus.BAD_PARAM_NULL_POINTER.because("alpha or beta is null");
        return Host.getFloat(address);
    }

    // size_t cudnnGetVersion(void)
    @Exported
    long cudnnGetVersion() {
        return driver.configuration().cudnnVersion();
    }

    // size_t cudnnGetCudartVersion(void)
    @Exported
    long cudnnGetCudartVersion() {
        return driver.configuration().librariesMajor() * 1000L;
    }

    // cudnnStatus_t cudnnGetProperty(libraryPropertyType type, int* value)
    @Exported
    void cudnnGetProperty(int type, long value) {
        int version = driver.configuration().cudnnVersion();
        Host.putInt(
                value,
                switch (type) {
                    case 0 -> version / 10000;
                    case 1 -> version / 100 % 100;
                    case 2 -> version % 100;
                    default -> throw DnnStatus.BAD_PARAM.because("type=" + type);
                });
    }

    // const char* cudnnGetErrorString(cudnnStatus_t status)
    @Exported
    long cudnnGetErrorString(int status) {
        for (DnnStatus each : DnnStatus.values()) {
            if (each.number() == status) return NAMES.get(each);
        }
        return NAMES.get(DnnStatus.INTERNAL_ERROR);
    }

    // void cudnnGetLastErrorString(char* message, size_t max_size)
    @Exported
    void cudnnGetLastErrorString(long message, long capacity) {
        List<String> refusals = driver.reports().refusals();
        String last = refusals.isEmpty() ? "" : refusals.getLast();
        Host.putString(message, capacity, last.startsWith("cudnn") ? last : "");
    }

    // cudnnStatus_t cudnnCreate(cudnnHandle_t* handle)
    @Exported
    void cudnnCreate(long out) {
        Host.putLong(out, driver.add(new CudnnHandle(driver.context(), driver.stream(0))));
    }

    // cudnnStatus_t cudnnDestroy(cudnnHandle_t handle)
    @Exported
    void cudnnDestroy(long handle) {
        handle(handle);
        driver.remove(handle, CudnnHandle.class);
    }

    // cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t streamId)
    @Exported
    void cudnnSetStream(long handle, long stream) {
        handle(handle).stream(driver.stream(stream));
    }

    // cudnnStatus_t cudnnGetStream(cudnnHandle_t handle, cudaStream_t* streamId)
    @Exported
    void cudnnGetStream(long handle, long stream) {
        Host.putLong(stream, handle(handle).stream().handle());
    }
}
