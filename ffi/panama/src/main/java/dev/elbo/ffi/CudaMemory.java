package dev.elbo.ffi;

import static dev.elbo.ffi.Cuda.LIBRARY;
import static dev.elbo.ffi.Cuda.SUCCESS;
import static dev.elbo.ffi.Cuda.failure;
import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// Memory of a device, and pinned memory of the host. See [CudaStream] and [CudaContext].
final class CudaMemory {
    // CUresult cuMemAllocAsync(CUdeviceptr* dptr, size_t bytesize, CUstream hStream)
    private static final MethodHandle cuMemAllocAsync =
            LIBRARY.bind("cuMemAllocAsync", of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS));

    // CUresult cuMemFreeAsync(CUdeviceptr dptr, CUstream hStream)
    private static final MethodHandle cuMemFreeAsync = LIBRARY.bind("cuMemFreeAsync", of(JAVA_INT, ADDRESS, ADDRESS));

    // CUresult cuMemAlloc_v2(CUdeviceptr* dptr, size_t bytesize)
    private static final MethodHandle cuMemAlloc_v2 = LIBRARY.bind("cuMemAlloc_v2", of(JAVA_INT, ADDRESS, JAVA_LONG));

    // CUresult cuMemFree_v2(CUdeviceptr dptr)
    private static final MethodHandle cuMemFree_v2 = LIBRARY.bind("cuMemFree_v2", of(JAVA_INT, ADDRESS));

    // CUresult cuMemGetInfo_v2(size_t* free, size_t* total)
    private static final MethodHandle cuMemGetInfo_v2 = LIBRARY.bind("cuMemGetInfo_v2", of(JAVA_INT, ADDRESS, ADDRESS));

    // CUresult cuMemHostAlloc(void** pp, size_t bytesize, unsigned int Flags)
    private static final MethodHandle cuMemHostAlloc =
            LIBRARY.bind("cuMemHostAlloc", of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    // CUresult cuMemFreeHost(void* p)
    private static final MethodHandle cuMemFreeHost = LIBRARY.bind("cuMemFreeHost", of(JAVA_INT, ADDRESS));

    // CUresult cuMemcpyHtoD_v2(CUdeviceptr dstDevice, const void* srcHost, size_t ByteCount)
    private static final MethodHandle cuMemcpyHtoD_v2 =
            LIBRARY.bind("cuMemcpyHtoD_v2", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG));

    // CUresult cuMemcpyDtoH_v2(void* dstHost, CUdeviceptr srcDevice, size_t ByteCount)
    private static final MethodHandle cuMemcpyDtoH_v2 =
            LIBRARY.bind("cuMemcpyDtoH_v2", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG));

    // CUresult cuMemcpyDtoD_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, size_t ByteCount)
    private static final MethodHandle cuMemcpyDtoD_v2 =
            LIBRARY.bind("cuMemcpyDtoD_v2", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG));

    // CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void* src, size_t ByteCount, CUstream hStream)
    private static final MethodHandle cuMemcpyHtoDAsync_v2 =
            LIBRARY.bind("cuMemcpyHtoDAsync_v2", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));

    // CUresult cuMemcpyDtoHAsync_v2(void* dst, CUdeviceptr src, size_t ByteCount, CUstream hStream)
    private static final MethodHandle cuMemcpyDtoHAsync_v2 =
            LIBRARY.bind("cuMemcpyDtoHAsync_v2", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));

    // CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dst, CUdeviceptr src, size_t ByteCount, CUstream hStream)
    private static final MethodHandle cuMemcpyDtoDAsync_v2 =
            LIBRARY.bind("cuMemcpyDtoDAsync_v2", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));

    // CUresult cuMemsetD8Async(CUdeviceptr dstDevice, unsigned char uc, size_t N, CUstream hStream)
    private static final MethodHandle cuMemsetD8Async =
            LIBRARY.bind("cuMemsetD8Async", of(JAVA_INT, ADDRESS, JAVA_BYTE, JAVA_LONG, ADDRESS));

    // CUresult cuMemsetD32Async(CUdeviceptr dstDevice, unsigned int ui, size_t N, CUstream hStream)
    private static final MethodHandle cuMemsetD32Async =
            LIBRARY.bind("cuMemsetD32Async", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, ADDRESS));

    // CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool_out, CUdevice dev)
    private static final MethodHandle cuDeviceGetDefaultMemPool =
            LIBRARY.bind("cuDeviceGetDefaultMemPool", of(JAVA_INT, ADDRESS, JAVA_INT));

    // CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value)
    private static final MethodHandle cuMemPoolSetAttribute =
            LIBRARY.bind("cuMemPoolSetAttribute", of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));

    // CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value)
    private static final MethodHandle cuMemPoolGetAttribute =
            LIBRARY.bind("cuMemPoolGetAttribute", of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));

    // CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t minBytesToKeep)
    private static final MethodHandle cuMemPoolTrimTo =
            LIBRARY.bind("cuMemPoolTrimTo", of(JAVA_INT, ADDRESS, JAVA_LONG));

    private static final int RELEASE_THRESHOLD = 4;
    private static final int RESERVED_BYTES = 5;
    private static final int USED_BYTES = 7;

    private CudaMemory() {}

    /// Reserves device memory, ordered on `stream`.
    ///
    /// @param bytes  size in bytes, at least 1
    /// @param stream stream whose earlier work the allocation follows; borrowed
    /// @param owner  frees the memory, again ordered on `stream`, when it closes
    /// @return device pointer of length 0, valid until `owner` closes
    /// @throws NativeException `CUDA_ERROR_OUT_OF_MEMORY` when the pool cannot grow by `bytes`
    static MemorySegment memAllocAsync(long bytes, MemorySegment stream, Arena owner) {
        Owned.refuseWhileCapturing("allocation", bytes);
        MemorySegment context = CudaContexts.ctxGetCurrent();
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuMemAllocAsync.invokeExact(out, bytes, stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemAllocAsync", status, "bytes=" + bytes);
        }
        return Owned.by(
                owner, Scratch.firstHandle(out), pointer -> CudaContexts.within(context, () -> free(pointer, stream)));
    }

    /// Frees device memory once the earlier work of `stream` is done.
    static void memFreeAsync(MemorySegment pointer, MemorySegment stream) {
        int status;
        try {
            status = (int) cuMemFreeAsync.invokeExact(pointer, stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemFreeAsync", status, address(pointer));
        }
    }

    /// Reserves device memory that belongs to no stream.
    ///
    /// @param owner frees the memory when it closes, waiting for the device
    static MemorySegment memAlloc(long bytes, Arena owner) {
        Owned.refuseWhileCapturing("allocation", bytes);
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuMemAlloc_v2.invokeExact(out, bytes);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemAlloc_v2", status, "bytes=" + bytes);
        }
        return Owned.by(owner, Scratch.firstHandle(out), CudaMemory::memFree);
    }

    /// Frees device memory. Waits for the device only if the memory came from [#memAlloc].
    static void memFree(MemorySegment pointer) {
        int status;
        try {
            status = (int) cuMemFree_v2.invokeExact(pointer);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemFree_v2", status, address(pointer));
        }
    }

    /// Memory of the current device.
    static MemoryInfo memGetInfo() {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuMemGetInfo_v2.invokeExact(out, out.asSlice(JAVA_LONG.byteSize()));
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemGetInfo_v2", status, "");
        }
        return new MemoryInfo(out.getAtIndex(JAVA_LONG, 0), out.getAtIndex(JAVA_LONG, 1));
    }

    /// Memory of the host that stays where it is, so that copies to and from it are asynchronous.
    ///
    /// @param owner frees the memory when it closes
    /// @return segment of length `bytes`, content undefined
    static MemorySegment memHostAlloc(long bytes, Arena owner) {
        Owned.refuseWhileCapturing("allocation of pinned memory", bytes);
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuMemHostAlloc.invokeExact(out, bytes, 0);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemHostAlloc", status, "bytes=" + bytes);
        }
        long address = Scratch.firstLong(out);
        return Owned.by(owner, MemorySegment.ofAddress(address), CudaMemory::memFreeHost)
                .reinterpret(bytes);
    }

    /// Frees memory of [#memHostAlloc].
    static void memFreeHost(MemorySegment pointer) {
        int status;
        try {
            status = (int) cuMemFreeHost.invokeExact(pointer);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemFreeHost", status, address(pointer));
        }
    }

    /// Copies host → device; returns when the host memory may be reused.
    static void memcpyHtoD(MemorySegment device, MemorySegment host, long bytes) {
        int status;
        try {
            status = (int) cuMemcpyHtoD_v2.invokeExact(device, host, bytes);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemcpyHtoD_v2", status, copy(device, host, bytes));
        }
    }

    /// Copies device → host; returns when it is done.
    static void memcpyDtoH(MemorySegment host, MemorySegment device, long bytes) {
        int status;
        try {
            status = (int) cuMemcpyDtoH_v2.invokeExact(host, device, bytes);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemcpyDtoH_v2", status, copy(host, device, bytes));
        }
    }

    /// Copies within the device.
    static void memcpyDtoD(MemorySegment to, MemorySegment from, long bytes) {
        int status;
        try {
            status = (int) cuMemcpyDtoD_v2.invokeExact(to, from, bytes);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemcpyDtoD_v2", status, copy(to, from, bytes));
        }
    }

    /// Copies host → device, ordered on `stream`.
    static void memcpyHtoDAsync(MemorySegment device, MemorySegment host, long bytes, MemorySegment stream) {
        int status;
        try {
            status = (int) cuMemcpyHtoDAsync_v2.invokeExact(device, host, bytes, stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemcpyHtoDAsync_v2", status, copy(device, host, bytes));
        }
    }

    /// Copies device → host, ordered on `stream`.
    static void memcpyDtoHAsync(MemorySegment host, MemorySegment device, long bytes, MemorySegment stream) {
        int status;
        try {
            status = (int) cuMemcpyDtoHAsync_v2.invokeExact(host, device, bytes, stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemcpyDtoHAsync_v2", status, copy(host, device, bytes));
        }
    }

    /// Copies within the device, ordered on `stream`.
    static void memcpyDtoDAsync(MemorySegment to, MemorySegment from, long bytes, MemorySegment stream) {
        int status;
        try {
            status = (int) cuMemcpyDtoDAsync_v2.invokeExact(to, from, bytes, stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemcpyDtoDAsync_v2", status, copy(to, from, bytes));
        }
    }

    /// Fills `count` bytes.
    static void memsetD8Async(MemorySegment device, byte value, long count, MemorySegment stream) {
        int status;
        try {
            status = (int) cuMemsetD8Async.invokeExact(device, value, count, stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemsetD8Async", status, address(device) + ", value=" + value + ", count=" + count);
        }
    }

    /// Fills `count` words of 32 bits.
    static void memsetD32Async(MemorySegment device, int value, long count, MemorySegment stream) {
        int status;
        try {
            status = (int) cuMemsetD32Async.invokeExact(device, value, count, stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemsetD32Async", status, address(device) + ", value=" + value + ", count=" + count);
        }
    }

    /// The pool that [#memAllocAsync] draws from on `device`; the driver owns it.
    static MemorySegment deviceGetDefaultMemPool(int device) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuDeviceGetDefaultMemPool.invokeExact(out, device);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuDeviceGetDefaultMemPool", status, "device=" + device);
        }
        return Scratch.firstHandle(out);
    }

    /// Keeps up to `bytes` of freed memory in the pool instead of returning it to the device.
    static void releaseThreshold(MemorySegment pool, long bytes) {
        MemorySegment out = Scratch.words();
        out.set(JAVA_LONG, 0, bytes);
        int status;
        try {
            status = (int) cuMemPoolSetAttribute.invokeExact(pool, RELEASE_THRESHOLD, out);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemPoolSetAttribute", status, "attribute=RELEASE_THRESHOLD, bytes=" + bytes);
        }
    }

    /// A size the pool keeps of itself, bytes.
    private static long poolBytes(MemorySegment pool, int attribute) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuMemPoolGetAttribute.invokeExact(pool, attribute, out);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemPoolGetAttribute", status, "attribute=" + attribute);
        }
        return Scratch.firstLong(out);
    }

    /// Returns unused memory of the pool to the device, down to `bytes`.
    static void memPoolTrimTo(MemorySegment pool, long bytes) {
        int status;
        try {
            status = (int) cuMemPoolTrimTo.invokeExact(pool, bytes);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuMemPoolTrimTo", status, "bytes=" + bytes);
        }
    }

    /// Bytes the pool holds of the device, in use or not.
    static long poolReserved(MemorySegment pool) {
        return poolBytes(pool, RESERVED_BYTES);
    }

    /// Bytes the pool has handed out.
    static long poolUsed(MemorySegment pool) {
        return poolBytes(pool, USED_BYTES);
    }

    /// Frees memory of [#memAllocAsync] after the work of `stream`; when the stream's owner closed first or with the
    /// memory's, after all work of the context.
    private static void free(MemorySegment pointer, MemorySegment stream) {
        if (stream.scope().isAlive()) {
            memFreeAsync(pointer, stream);
        } else {
            Captures.waitForContext();
            memFree(pointer);
        }
    }

    private static String address(MemorySegment pointer) {
        return "address=0x" + Long.toHexString(pointer.address());
    }

    private static String copy(MemorySegment to, MemorySegment from, long bytes) {
        return "to=0x" + Long.toHexString(to.address()) + ", from=0x" + Long.toHexString(from.address()) + ", bytes="
                + bytes;
    }
}
