package dev.elbo.simulator.driver;

import dev.elbo.simulator.Report;
import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Failure;
import dev.elbo.simulator.shim.Host;

/// Device and host memory: asking for it and giving it back.
final class MemoryCalls {
    private static final int FLAGS = 7; // PORTABLE, DEVICEMAP, WRITECOMBINED

    private final Driver driver;

    MemoryCalls(Driver driver) {
        this.driver = driver;
    }

    // CUresult cuMemAlloc_v2(CUdeviceptr* dptr, size_t bytesize)
    @Exported
    void cuMemAlloc_v2(long out, long bytes) {
        Context context = driver.context();
        Capture.refuseUnsafe(driver, "allocation");
        Host.putLong(out, driver.memory.allocate(context, bytes));
    }

    // CUresult cuMemFree_v2(CUdeviceptr dptr)
    @Exported
    void cuMemFree_v2(long address) {
        Context context = driver.context();
        if (address == 0) return;
        Capture.refuseUnsafe(driver, "free");
        Capture.reportFree(driver, address);
        // The driver waits for everything that may still use the memory.
        context.synchronize();
        driver.memory.free(address);
    }

    // CUresult cuMemAllocAsync(CUdeviceptr* dptr, size_t bytesize, CUstream hStream)
    @Exported
    void cuMemAllocAsync(long out, long bytes, long handle) {
        Stream stream = driver.stream(handle);
        if (stream.capture() != null) throw unsimulated("allocation recorded by a capture");
        // Whoever uses the memory from another stream must wait for this one; the address is known at once.
        Host.putLong(out, driver.memory.allocate(stream.context, bytes));
    }

    // CUresult cuMemFreeAsync(CUdeviceptr dptr, CUstream hStream)
    @Exported
    void cuMemFreeAsync(long address, long handle) {
        Stream stream = driver.stream(handle);
        if (address == 0) return;
        if (driver.memory.at(address) == null) driver.memory.free(address); // says what is wrong
        Capture.reportFree(driver, address);
        if (stream.capture() != null) {
            stream.capture().invalidate("memory that it did not allocate was freed by " + driver.call());
            throw Result.INVALID_VALUE.because("free, inside a capture, of memory that was allocated outside of it");
        }
        driver.submit(
                stream, Work.of(Work.Kind.EMPTY, "free by " + driver.origin(), () -> driver.memory.free(address)));
    }

    private Failure unsimulated(String what) {
        driver.reports.add(Report.Kind.UNSUPPORTED, driver.call() + ": not simulated; what=" + what);
        return Result.NOT_SUPPORTED.because(what + " is not simulated");
    }

    // CUresult cuMemGetInfo_v2(size_t* free, size_t* total)
    @Exported
    void cuMemGetInfo_v2(long free, long total) {
        Device device = driver.context().device;
        Host.putLong(free, device.free());
        Host.putLong(total, device.memory);
    }

    // CUresult cuMemGetAddressRange_v2(CUdeviceptr* pbase, size_t* psize, CUdeviceptr dptr)
    @Exported
    void cuMemGetAddressRange_v2(long base, long size, long address) {
        driver.context();
        Memory.Owned owned = driver.memory.holding(address);
        if (owned == null) throw Result.NOT_FOUND.because("address=0x" + Long.toHexString(address));
        if (base != 0) Host.putLong(base, owned.allocation().address());
        if (size != 0) Host.putLong(size, owned.allocation().size());
    }

    // CUresult cuMemHostAlloc(void** pp, size_t bytesize, unsigned int Flags)
    @Exported
    void cuMemHostAlloc(long out, long bytes, int flags) {
        Context context = driver.context();
        if ((flags & ~FLAGS) != 0) throw Result.INVALID_VALUE.because("flags=" + flags);
        Capture.refuseUnsafe(driver, "allocation of host memory");
        Host.putLong(out, driver.host.allocate(context, bytes, flags));
    }

    // CUresult cuMemAllocHost_v2(void** pp, size_t bytesize)
    @Exported
    void cuMemAllocHost_v2(long out, long bytes) {
        cuMemHostAlloc(out, bytes, 0);
    }

    // CUresult cuMemFreeHost(void* p)
    @Exported
    void cuMemFreeHost(long address) {
        Context context = driver.context();
        Capture.refuseUnsafe(driver, "free of host memory");
        context.synchronize();
        driver.host.remove(address, true);
    }

    // CUresult cuMemHostRegister_v2(void* p, size_t bytesize, unsigned int Flags)
    @Exported
    void cuMemHostRegister_v2(long address, long bytes, int flags) {
        Context context = driver.context();
        Capture.refuseUnsafe(driver, "registration of host memory");
        if (address == 0 || bytes == 0) throw Result.INVALID_VALUE.because("address=" + address + ", bytes=" + bytes);
        driver.host.register(context, Host.at(address, bytes), flags);
    }

    // CUresult cuMemHostUnregister(void* p)
    @Exported
    void cuMemHostUnregister(long address) {
        Context context = driver.context();
        context.synchronize();
        driver.host.remove(address, false);
    }

    // CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* pdptr, void* p, unsigned int Flags)
    @Exported
    void cuMemHostGetDevicePointer_v2(long out, long address, int flags) {
        driver.context();
        if (flags != 0) throw Result.INVALID_VALUE.because("flags=" + flags);
        if (driver.host.holding(address, 1) == null) {
            throw Result.INVALID_VALUE.because("not page-locked; address=0x" + Long.toHexString(address));
        }
        Host.putLong(out, address);
    }

    // CUresult cuMemHostGetFlags(unsigned int* pFlags, void* p)
    @Exported
    void cuMemHostGetFlags(long out, long address) {
        driver.context();
        HostMemory.Pinned pinned = driver.host.holding(address, 1);
        if (pinned == null)
            throw Result.INVALID_VALUE.because("not page-locked; address=0x" + Long.toHexString(address));
        Host.putInt(out, pinned.flags());
    }

    // CUresult cuPointerGetAttribute(void* data, CUpointer_attribute attribute, CUdeviceptr ptr)
    @Exported
    void cuPointerGetAttribute(long out, int attribute, long address) {
        driver.checkInitialised();
        Memory.Owned owned = driver.memory.holding(address);
        HostMemory.Pinned pinned = driver.host.holding(address, 1);
        if (owned == null && pinned == null) {
            throw Result.INVALID_VALUE.because("unknown to the driver; address=0x" + Long.toHexString(address));
        }
        Context context = owned != null ? owned.context() : pinned.context();
        switch (attribute) {
            case 1 -> Host.putLong(out, context.handle);
            case 2 -> Host.putInt(out, owned != null ? 2 : 1); // CU_MEMORYTYPE_DEVICE, HOST
            case 3 -> Host.putLong(out, address);
            case 4 -> {
                if (pinned == null) throw Result.INVALID_VALUE.because("device memory has no host pointer");
                Host.putLong(out, address);
            }
            case 8 -> Host.putInt(out, 0); // IS_MANAGED
            case 9 -> Host.putInt(out, context.device.ordinal);
            case 11 ->
                Host.putLong(
                        out,
                        owned != null
                                ? owned.allocation().address()
                                : pinned.segment().address());
            case 12 ->
                Host.putLong(
                        out,
                        owned != null
                                ? owned.allocation().size()
                                : pinned.segment().byteSize());
            default -> throw unsimulated("pointer attribute " + attribute);
        }
    }
}
