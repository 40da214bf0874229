package dev.elbo.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// One device in this process: its primary context, which CUDA's other libraries use as well.
///
/// A context is current on a platform thread, and every call works on the current one. [#open] makes it current on the
/// calling thread; another thread, the one that closes an owner included, calls [#makeCurrent] first. Virtual threads
/// change their platform thread at any time and must not call in.
///
/// @param device the `CUdevice`
/// @param handle the `CUcontext`, alive until its owner closes
public record CudaContext(int device, MemorySegment handle) {
    /// Starts the driver, takes a share in the device's primary context and makes it current on this thread.
    ///
    /// @param ordinal number of the device, from 0
    /// @param owner   gives the share back when it closes; must outlive all owners of what the context holds
    public static CudaContext open(int ordinal, Arena owner) {
        Cuda.init();
        int device = Cuda.device(ordinal);
        CudaContext context = new CudaContext(device, CudaContexts.devicePrimaryCtxRetain(device, owner));
        context.makeCurrent();
        return context;
    }

    /// Makes this the context that calls of the current platform thread work on.
    public void makeCurrent() {
        CudaContexts.ctxSetCurrent(handle);
    }

    /// Whether calls of the current platform thread work on this context.
    public boolean current() {
        return CudaContexts.ctxGetCurrent().address() == handle.address();
    }

    /// Waits until all work of the context is done, and first until no other thread has a capture open.
    public void synchronize() {
        Captures.waitForContext();
    }

    /// The priority of the most urgent streams; 0 is that of ordinary ones.
    public int urgentPriority() {
        return CudaContexts.greatestStreamPriority();
    }

    /// What the device says of itself.
    public int attribute(DeviceAttribute attribute) {
        return Cuda.attribute(attribute, device);
    }

    /// Free and total memory of the device.
    public MemoryInfo memory() {
        return CudaMemory.memGetInfo();
    }

    /// Reserves device memory that belongs to no stream, for what lives as long as a model does.
    ///
    /// @param bytes at least 1
    /// @param owner frees the memory when it closes, waiting for the device
    /// @return device pointer of length 0
    public MemorySegment allocate(long bytes, Arena owner) {
        return CudaMemory.memAlloc(bytes, owner);
    }

    /// Reserves pinned memory of the host; copies between it and the device are asynchronous.
    ///
    /// @param bytes at least 1
    /// @param owner frees the memory when it closes
    /// @return segment of length `bytes`, content undefined
    public MemorySegment pinned(long bytes, Arena owner) {
        return CudaMemory.memHostAlloc(bytes, owner);
    }

    /// Copies all of `host` to the device; returns when `host` may be reused.
    public void upload(MemorySegment host, MemorySegment device) {
        CudaMemory.memcpyHtoD(device, host, host.byteSize());
    }

    /// Fills all of `host` from the device.
    public void download(MemorySegment device, MemorySegment host) {
        CudaMemory.memcpyDtoH(host, device, host.byteSize());
    }

    /// Copies within the device.
    public void copy(MemorySegment from, MemorySegment to, long bytes) {
        CudaMemory.memcpyDtoD(to, from, bytes);
    }

    /// Lets the pool of [CudaStream#allocate] keep up to `bytes` of freed memory; by default it keeps nothing beyond
    /// the next synchronisation.
    public void keepFreed(long bytes) {
        CudaMemory.releaseThreshold(pool(), bytes);
    }

    /// Returns what the pool has kept to the device, down to `bytes`.
    public void trim(long bytes) {
        CudaMemory.memPoolTrimTo(pool(), bytes);
    }

    /// Bytes that the pool of [CudaStream#allocate] holds of the device, in use or kept.
    public long pooled() {
        return CudaMemory.poolReserved(pool());
    }

    /// Bytes that [CudaStream#allocate] has handed out and that were not freed yet.
    public long allocated() {
        return CudaMemory.poolUsed(pool());
    }

    private MemorySegment pool() {
        return CudaMemory.deviceGetDefaultMemPool(device);
    }
}
