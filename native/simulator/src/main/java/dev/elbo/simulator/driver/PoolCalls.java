package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;
import java.util.HashMap;
import java.util.Map;

/// Memory pools. The simulator keeps no memory back, so a pool is its attributes.
final class PoolCalls {
    private static final int RELEASE_THRESHOLD = 4;
    private static final int USED_HIGH = 8;

    /// One device's default pool.
    record MemoryPool(Device device, Map<Integer, Long> attributes) {}

    private final Driver driver;
    private final MemoryCalls memory;
    private final Map<Device, Long> defaults = new HashMap<>();

    PoolCalls(Driver driver, MemoryCalls memory) {
        this.driver = driver;
        this.memory = memory;
    }

    // CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool_out, CUdevice dev)
    @Exported
    void cuDeviceGetDefaultMemPool(long out, int ordinal) {
        Device device = driver.device(ordinal);
        Host.putLong(
                out,
                defaults.computeIfAbsent(
                        device, _ -> driver.handles.add(new MemoryPool(device, new HashMap<>()), driver.origin())));
    }

    // CUresult cuDeviceGetMemPool(CUmemoryPool* pool, CUdevice dev)
    @Exported
    void cuDeviceGetMemPool(long out, int device) {
        cuDeviceGetDefaultMemPool(out, device);
    }

    // CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value)
    @Exported
    void cuMemPoolSetAttribute(long handle, int attribute, long value) {
        MemoryPool pool = driver.handles.get(handle, MemoryPool.class);
        check(attribute);
        pool.attributes.put(attribute, attribute < RELEASE_THRESHOLD ? Host.getInt(value) : Host.getLong(value));
    }

    // CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value)
    @Exported
    void cuMemPoolGetAttribute(long handle, int attribute, long value) {
        MemoryPool pool = driver.handles.get(handle, MemoryPool.class);
        check(attribute);
        long used = pool.device.memory - pool.device.free();
        if (attribute < RELEASE_THRESHOLD) {
            Host.putInt(value, pool.attributes.getOrDefault(attribute, 1L).intValue()); // reuse policies are on
        } else if (attribute == RELEASE_THRESHOLD) {
            Host.putLong(value, pool.attributes.getOrDefault(attribute, 0L));
        } else {
            Host.putLong(value, used);
        }
    }

    private static void check(int attribute) {
        if (attribute < 1 || attribute > USED_HIGH) throw Result.INVALID_VALUE.because("attribute=" + attribute);
    }

    // CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t minBytesToKeep)
    @Exported
    void cuMemPoolTrimTo(long handle, long keep) {
        driver.handles.get(handle, MemoryPool.class);
    }

    // CUresult cuMemAllocFromPoolAsync(CUdeviceptr* dptr, size_t bytesize, CUmemoryPool pool, CUstream hStream)
    @Exported
    void cuMemAllocFromPoolAsync(long out, long bytes, long handle, long stream) {
        driver.handles.get(handle, MemoryPool.class);
        memory.cuMemAllocAsync(out, bytes, stream);
    }
}
