package dev.elbo.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A queue of work on a device. All methods but [#synchronize] return before their work is done.
///
/// @param handle the `CUstream`, which is also a `cudaStream_t`; alive until its owner closes
public record CudaStream(MemorySegment handle) {
    /// A stream of ordinary priority that does not wait for the legacy default stream.
    ///
    /// @param owner destroys the stream when it closes, after the work still queued
    public static CudaStream open(Arena owner) {
        return open(0, owner);
    }

    /// A stream of the given priority: 0 is ordinary, [CudaContext#urgentPriority] the most urgent.
    ///
    /// @param owner destroys the stream when it closes, after the work still queued
    public static CudaStream open(int priority, Arena owner) {
        return new CudaStream(CudaStreams.streamCreateWithPriority(priority, owner));
    }

    /// Waits until all work queued so far is done.
    ///
    /// @throws NativeException for an error in any of that work: the first call that waits is the one to hear of it
    public void synchronize() {
        CudaStreams.streamSynchronize(handle);
    }

    /// Whether all work queued so far is done.
    public boolean done() {
        return CudaStreams.streamQuery(handle);
    }

    /// Marks the work queued so far by `event`.
    public void record(CudaEvent event) {
        CudaStreams.eventRecord(event.handle(), handle);
    }

    /// Lets the work queued from now on wait for what `event` marks, on whichever stream that is.
    public void waitFor(CudaEvent event) {
        CudaStreams.streamWaitEvent(handle, event.handle());
    }

    /// Whether work given to this stream is being captured instead of done.
    public boolean capturing() {
        return CudaGraphs.streamIsCapturing(handle);
    }

    /// Reserves device memory, ordered on this stream.
    ///
    /// @param bytes at least 1
    /// @param owner frees the memory when it closes, after the work queued by then; if the stream's owner closes
    ///     first or is the same, after all work of the context
    /// @return device pointer of length 0, valid until `owner` closes
    /// @throws NativeException `CUDA_ERROR_OUT_OF_MEMORY` when the pool cannot grow by `bytes`
    public MemorySegment allocate(long bytes, Arena owner) {
        return CudaMemory.memAllocAsync(bytes, handle, owner);
    }

    /// Copies all of `host` to the device.
    ///
    /// @param host borrowed until the copy is done if pinned ([CudaContext#pinned]), else until this returns
    public void upload(MemorySegment host, MemorySegment device) {
        CudaMemory.memcpyHtoDAsync(device, host, host.byteSize(), handle);
    }

    /// Fills all of `host` from the device.
    ///
    /// @param host borrowed until the copy is done
    public void download(MemorySegment device, MemorySegment host) {
        CudaMemory.memcpyDtoHAsync(host, device, host.byteSize(), handle);
    }

    /// Copies within the device.
    public void copy(MemorySegment from, MemorySegment to, long bytes) {
        CudaMemory.memcpyDtoDAsync(to, from, bytes, handle);
    }

    /// Overwrites `bytes` bytes of device memory with `value`.
    public void fillBytes(MemorySegment device, byte value, long bytes) {
        CudaMemory.memsetD8Async(device, value, bytes, handle);
    }

    /// Overwrites `words` words of 32 bits with `value`.
    ///
    /// @param device aligned to 4 bytes
    public void fillWords(MemorySegment device, int value, long words) {
        CudaMemory.memsetD32Async(device, value, words, handle);
    }
}
