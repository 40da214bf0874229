package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;
import java.lang.foreign.MemorySegment;

/// Copies and fills.
///
/// A copy from or to page-locked memory happens when the stream gets to it; until then its destination on the host
/// holds a pattern that is no number. A copy from pageable memory takes the bytes at once and one to pageable
/// memory waits, as the driver does it through a staging buffer.
final class CopyCalls {
    private final Driver driver;

    CopyCalls(Driver driver) {
        this.driver = driver;
    }

    // CUresult cuMemcpyHtoD_v2(CUdeviceptr dstDevice, const void* srcHost, size_t ByteCount)
    @Exported
    void cuMemcpyHtoD_v2(long target, long source, long bytes) {
        Context context = driver.context();
        driver.memory.check(target, bytes, "target of cuMemcpyHtoD_v2");
        driver.submitAndWait(context.legacy, new ToDevice(driver, target, Host.at(source, bytes)));
    }

    // CUresult cuMemcpyDtoH_v2(void* dstHost, CUdeviceptr srcDevice, size_t ByteCount)
    @Exported
    void cuMemcpyDtoH_v2(long target, long source, long bytes) {
        Context context = driver.context();
        driver.memory.check(source, bytes, "source of cuMemcpyDtoH_v2");
        driver.submitAndWait(context.legacy, new ToHost(driver, Host.at(target, bytes), source));
    }

    // CUresult cuMemcpyDtoD_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, size_t ByteCount)
    @Exported
    void cuMemcpyDtoD_v2(long target, long source, long bytes) {
        // On real hardware this one returns before it is done.
        cuMemcpyDtoDAsync_v2(target, source, bytes, 0);
    }

    // CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, const void* srcHost, size_t ByteCount, CUstream hStream)
    @Exported
    void cuMemcpyHtoDAsync_v2(long target, long source, long bytes, long handle) {
        Stream stream = driver.stream(handle);
        driver.memory.check(target, bytes, "target of cuMemcpyHtoDAsync_v2");
        MemorySegment from = Host.at(source, bytes);
        boolean staged = stream.capture() == null && driver.host.holding(source, bytes) == null;
        driver.submit(stream, new ToDevice(driver, target, staged ? ToDevice.copyOf(from) : from));
    }

    // CUresult cuMemcpyDtoHAsync_v2(void* dstHost, CUdeviceptr srcDevice, size_t ByteCount, CUstream hStream)
    @Exported
    void cuMemcpyDtoHAsync_v2(long target, long source, long bytes, long handle) {
        Stream stream = driver.stream(handle);
        driver.memory.check(source, bytes, "source of cuMemcpyDtoHAsync_v2");
        Work copy = new ToHost(driver, Host.at(target, bytes), source);
        boolean waits = stream.capture() == null && driver.host.holding(target, bytes) == null;
        if (waits) driver.submitAndWait(stream, copy);
        else driver.submit(stream, copy);
    }

    // CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, size_t ByteCount, CUstream hStream)
    @Exported
    void cuMemcpyDtoDAsync_v2(long target, long source, long bytes, long handle) {
        Stream stream = driver.stream(handle);
        driver.memory.check(source, bytes, "source of " + driver.call());
        driver.memory.check(target, bytes, "target of " + driver.call());
        driver.submit(stream, Work.of(Work.Kind.MEMCPY, "copy on the device", () -> {
            driver.counters.moved(0, 0, bytes);
            driver.bytes.copy(source, target, bytes);
        }));
    }

    // CUresult cuMemcpy(CUdeviceptr dst, CUdeviceptr src, size_t ByteCount)
    @Exported
    void cuMemcpy(long target, long source, long bytes) {
        if (onDevice(target) && onDevice(source)) cuMemcpyDtoD_v2(target, source, bytes);
        else if (onDevice(target)) cuMemcpyHtoD_v2(target, source, bytes);
        else cuMemcpyDtoH_v2(target, source, bytes);
    }

    // CUresult cuMemcpyAsync(CUdeviceptr dst, CUdeviceptr src, size_t ByteCount, CUstream hStream)
    @Exported
    void cuMemcpyAsync(long target, long source, long bytes, long stream) {
        if (onDevice(target) && onDevice(source)) cuMemcpyDtoDAsync_v2(target, source, bytes, stream);
        else if (onDevice(target)) cuMemcpyHtoDAsync_v2(target, source, bytes, stream);
        else cuMemcpyDtoHAsync_v2(target, source, bytes, stream);
    }

    private boolean onDevice(long address) {
        return driver.memory.holding(address) != null;
    }

    // CUresult cuMemsetD8_v2(CUdeviceptr dstDevice, unsigned char uc, size_t N)
    @Exported
    void cuMemsetD8_v2(long target, int value, long count) {
        fill(target, value, 1, count, 0);
    }

    // CUresult cuMemsetD16_v2(CUdeviceptr dstDevice, unsigned short us, size_t N)
    @Exported
    void cuMemsetD16_v2(long target, int value, long count) {
        fill(target, value, 2, count, 0);
    }

    // CUresult cuMemsetD32_v2(CUdeviceptr dstDevice, unsigned int ui, size_t N)
    @Exported
    void cuMemsetD32_v2(long target, int value, long count) {
        fill(target, value, 4, count, 0);
    }

    // CUresult cuMemsetD8Async(CUdeviceptr dstDevice, unsigned char uc, size_t N, CUstream hStream)
    @Exported
    void cuMemsetD8Async(long target, int value, long count, long stream) {
        fill(target, value, 1, count, stream);
    }

    // CUresult cuMemsetD16Async(CUdeviceptr dstDevice, unsigned short us, size_t N, CUstream hStream)
    @Exported
    void cuMemsetD16Async(long target, int value, long count, long stream) {
        fill(target, value, 2, count, stream);
    }

    // CUresult cuMemsetD32Async(CUdeviceptr dstDevice, unsigned int ui, size_t N, CUstream hStream)
    @Exported
    void cuMemsetD32Async(long target, int value, long count, long stream) {
        fill(target, value, 4, count, stream);
    }

    private void fill(long target, int value, int width, long count, long handle) {
        Stream stream = driver.stream(handle);
        driver.memory.check(target, Math.multiplyExact(count, width), "target of " + driver.call());
        if (target % width != 0) {
            throw Result.INVALID_VALUE.because(
                    "misaligned; address=0x" + Long.toHexString(target) + ", width=" + width);
        }
        driver.submit(stream, fill(target, value, width, count));
    }

    Work fill(long target, int value, int width, long count) {
        return Work.of(Work.Kind.MEMSET, "fill", () -> driver.bytes.fill(target, value, width, count));
    }
}
