package dev.elbo.runtime;

import dev.elbo.ffi.CudaContext;
import dev.elbo.ffi.CudaEvent;
import dev.elbo.ffi.CudaStream;
import dev.elbo.ffi.DevicePointer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Pinned memory through which copies between host and device go, so that the device does not wait for pageable
/// memory: two halves, one being filled by one side while the other side empties the other.
final class Staging {
    private static final long HALF = 4L << 20;

    private final CudaStream stream;
    private final MemorySegment[] halves = new MemorySegment[2];
    private final CudaEvent[] passed = new CudaEvent[2];

    Staging(CudaContext context, CudaStream stream, Arena owner) {
        this.stream = stream;
        for (int i = 0; i < halves.length; i++) {
            halves[i] = context.pinned(HALF, owner);
            passed[i] = CudaEvent.open(owner);
        }
    }

    /// Copies all of `host` to the device. Returns before the last of it is there; `host` may be reused.
    void upload(MemorySegment host, MemorySegment device) {
        int half = 0;
        for (long from = 0; from < host.byteSize(); from += HALF, half ^= 1) {
            long bytes = Math.min(HALF, host.byteSize() - from);
            passed[half].synchronize();
            MemorySegment part = halves[half].asSlice(0, bytes);
            part.copyFrom(host.asSlice(from, bytes));
            stream.upload(part, DevicePointer.at(device, from));
            stream.record(passed[half]);
        }
    }

    /// Fills all of `host` from the device, after all work given so far.
    void download(MemorySegment device, MemorySegment host) {
        long size = host.byteSize();
        int half = 0;
        start(device, 0, size, half);
        for (long from = 0; from < size; from += HALF, half ^= 1) {
            start(device, from + HALF, size, half ^ 1);
            passed[half].synchronize();
            long bytes = Math.min(HALF, size - from);
            host.asSlice(from, bytes).copyFrom(halves[half].asSlice(0, bytes));
        }
    }

    private void start(MemorySegment device, long from, long size, int half) {
        if (from < size) {
            passed[half].synchronize();
            stream.download(DevicePointer.at(device, from), halves[half].asSlice(0, Math.min(HALF, size - from)));
            stream.record(passed[half]);
        }
    }
}
