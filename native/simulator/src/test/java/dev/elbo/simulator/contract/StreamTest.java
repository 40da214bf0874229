package dev.elbo.simulator.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Report;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class StreamTest extends GpuTest {
    private static final int BYTES = 8;

    @Test
    void anAsynchronousCopyIsNotThereUntilItIsWaitedFor() {
        long memory = upload(1, 2);
        MemorySegment host = pinned(BYTES);
        long stream = stream();
        cuda.ok("cuMemcpyDtoHAsync_v2", host, memory, (long) BYTES, stream);
        assertTrue(Float.isNaN(host.get(ValueLayout.JAVA_FLOAT, 0)));
        assertTrue(Double.isNaN(host.get(ValueLayout.JAVA_DOUBLE, 0)));
        cuda.ok("cuStreamSynchronize", stream);
        assertArrayEquals(new float[] {1, 2}, host.toArray(ValueLayout.JAVA_FLOAT));
    }

    /// What the host makes of the value is not seen, but what it hands on is.
    @Test
    void aHostReadOfAnUnfinishedCopyIsReportedWhenItIsHandedOn() {
        long memory = upload(1, 2);
        MemorySegment host = pinned(BYTES);
        long stream = stream();
        cuda.ok("cuMemcpyDtoHAsync_v2", host, memory, (long) BYTES, stream);
        assertTrue(gpu.unfinishedCopies().getFirst().contains("cuMemcpyDtoHAsync_v2 at "));
        Native blas = new Native("cublas");
        long handle = blas.make("cublasCreate_v2");
        MemorySegment zero = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0);
        blas.ok("cublasSgemm_v2", handle, 0, 0, 1, 1, 1, host, memory, 1, memory, 1, zero, allocate(4), 1);
        assertReported(Report.Kind.UNFINISHED_COPY, "scalar of cublasSgemm_v2 was read on the host before the copy");
        cuda.ok("cuMemcpyHtoD_v2", memory, host, (long) BYTES);
        assertReported(Report.Kind.UNFINISHED_COPY, "reads what a copy to the host has not brought yet");
        cuda.ok("cuStreamSynchronize", stream);
        assertEquals(0, gpu.unfinishedCopies().size());
    }

    @Test
    void copiesInOneStreamMayShareTheirHostMemory() {
        long a = upload(1, 2);
        long b = upload(3, 4);
        MemorySegment host = pinned(BYTES);
        long stream = stream();
        cuda.ok("cuMemcpyDtoHAsync_v2", host, a, (long) BYTES, stream);
        cuda.ok("cuMemcpyHtoDAsync_v2", b, host, (long) BYTES, stream);
        cuda.ok("cuMemcpyDtoHAsync_v2", host, a, (long) BYTES, stream);
        cuda.ok("cuStreamSynchronize", stream);
        assertArrayEquals(new float[] {1, 2}, download(b, 2));
    }

    @Test
    void aPollFindsWorkUnfinishedOnceForEachPiece() {
        long memory = upload(1, 2);
        long stream = stream();
        cuda.ok("cuMemsetD32Async", memory, 0, 1L, stream);
        cuda.ok("cuMemsetD32Async", memory, 0, 1L, stream);
        assertEquals(600, cuda.call("cuStreamQuery", stream));
        assertEquals(600, cuda.call("cuStreamQuery", stream));
        assertEquals(0, cuda.call("cuStreamQuery", stream));
    }

    @Test
    void aSourceThatChangesBeforeItsCopyRanIsReported() {
        long memory = allocate(BYTES);
        MemorySegment host = pinned(BYTES);
        host.fill((byte) 0);
        long stream = stream();
        cuda.ok("cuMemcpyHtoDAsync_v2", memory, host, (long) BYTES, stream);
        host.set(ValueLayout.JAVA_BYTE, 5, (byte) 1);
        cuda.ok("cuStreamSynchronize", stream);
        assertReported(
                Report.Kind.UNFINISHED_COPY,
                "reads what the host has changed since it was asked for",
                "byte=5",
                "cuMemcpyHtoDAsync_v2 at ");
    }

    @Test
    void aTargetThatChangesBeforeItsCopyRanIsReported() {
        long memory = upload(1, 2);
        MemorySegment host = pinned(BYTES);
        long stream = stream();
        cuda.ok("cuMemcpyDtoHAsync_v2", host, memory, (long) BYTES, stream);
        host.set(ValueLayout.JAVA_FLOAT, 0, 3);
        cuda.ok("cuStreamSynchronize", stream);
        assertReported(Report.Kind.UNFINISHED_COPY, "the host changed the target");
    }

    @Test
    void pageableMemoryMayChangeAtOnce() {
        long memory = allocate(BYTES);
        MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2);
        long stream = stream();
        cuda.ok("cuMemcpyHtoDAsync_v2", memory, host, (long) BYTES, stream);
        host.fill((byte) 0);
        cuda.ok("cuMemcpyDtoHAsync_v2", host, memory, (long) BYTES, stream);
        assertArrayEquals(new float[] {1, 2}, host.toArray(ValueLayout.JAVA_FLOAT));
    }

    /// Nothing connects the two streams, so what the first one writes is not there for the second.
    @Test
    void aMissingEventShows() {
        long memory = upload(1, 2);
        MemorySegment host = pinned(BYTES);
        long writer = stream();
        long reader = stream();
        cuda.ok("cuMemsetD32Async", memory, 0, 2L, writer);
        cuda.ok("cuMemcpyDtoHAsync_v2", host, memory, (long) BYTES, reader);
        cuda.ok("cuStreamSynchronize", reader);
        assertArrayEquals(new float[] {1, 2}, host.toArray(ValueLayout.JAVA_FLOAT));
    }

    @Test
    void anEventOrdersTwoStreams() {
        long memory = upload(1, 2);
        MemorySegment host = pinned(BYTES);
        long writer = stream();
        long reader = stream();
        long event = cuda.make("cuEventCreate", 2);
        cuda.ok("cuMemsetD32Async", memory, 0, 2L, writer);
        cuda.ok("cuEventRecord", event, writer);
        cuda.ok("cuStreamWaitEvent", reader, event, 0);
        cuda.ok("cuMemcpyDtoHAsync_v2", host, memory, (long) BYTES, reader);
        cuda.ok("cuStreamSynchronize", reader);
        assertArrayEquals(new float[] {0, 0}, host.toArray(ValueLayout.JAVA_FLOAT));
    }

    @Test
    void theLegacyStreamWaitsForBlockingStreamsOnly() {
        long blocking = cuda.make("cuStreamCreate", 0);
        long free = stream();
        long a = upload(1);
        long b = upload(1);
        cuda.ok("cuMemsetD32Async", a, 0, 1L, blocking);
        cuda.ok("cuMemsetD32Async", b, 0, 1L, free);
        assertEquals(0f, download(a, 1)[0]);
        assertEquals(1f, download(b, 1)[0]);
    }

    @Test
    void aBlockingStreamWaitsForTheLegacyStream() {
        long blocking = cuda.make("cuStreamCreate", 0);
        long memory = upload(1);
        MemorySegment host = pinned(4);
        cuda.ok("cuMemsetD32Async", memory, 0, 1L, 0L);
        cuda.ok("cuMemcpyDtoHAsync_v2", host, memory, 4L, blocking);
        cuda.ok("cuStreamSynchronize", blocking);
        assertEquals(0f, host.get(ValueLayout.JAVA_FLOAT, 0));
    }

    @Test
    void memoryFreedInOneStreamIsGoneForAnother() {
        long memory = upload(1);
        long stream = stream();
        cuda.ok("cuMemFreeAsync", memory, stream);
        cuda.ok("cuStreamSynchronize", stream);
        assertEquals(1, cuda.call("cuMemcpyDtoH_v2", arena.allocate(4), memory, 4L));
        assertReported(Report.Kind.DEVICE, "use after free", "cuMemAlloc_v2 at ");
    }

    @Test
    void aDestroyedStreamIsNamedForWhatItWas() {
        long stream = stream();
        cuda.ok("cuStreamDestroy_v2", stream);
        assertEquals(400, cuda.call("cuStreamSynchronize", stream));
        assertReported(
                Report.Kind.HANDLE, "not a live stream", "made by cuStreamCreate", "destroyed by=cuStreamDestroy_v2");
    }

    @Test
    void anEventIsNoStream() {
        long event = cuda.make("cuEventCreate", 0);
        assertEquals(400, cuda.call("cuStreamSynchronize", event));
        assertReported(Report.Kind.HANDLE, "not a live stream", "is=event made by cuEventCreate");
    }

    @Test
    void aStreamOfAnotherContextIsRefused() {
        long stream = stream();
        cuda.make("cuCtxCreate_v2", 0, 0);
        assertEquals(400, cuda.call("cuStreamSynchronize", stream));
        assertReported(Report.Kind.HANDLE, "belongs to another context", "owner=primary context of device 0");
    }

    @Test
    void elapsedTimeNeedsEventsThatHappened() {
        long start = cuda.make("cuEventCreate", 0);
        long end = cuda.make("cuEventCreate", 0);
        long stream = stream();
        cuda.ok("cuEventRecord", start, stream);
        cuda.ok("cuEventRecord", end, stream);
        MemorySegment time = arena.allocate(4);
        assertEquals(600, cuda.call("cuEventElapsedTime", time, start, end));
        cuda.ok("cuEventSynchronize", end);
        cuda.ok("cuEventElapsedTime", time, start, end);
        assertTrue(time.get(ValueLayout.JAVA_FLOAT, 0) >= 0);
    }

    @Test
    void waitsAreCounted() {
        long stream = stream();
        gpu.counters().reset();
        cuda.ok("cuStreamSynchronize", stream);
        cuda.ok("cuCtxSynchronize");
        assertEquals(2, gpu.counters().synchronizations());
        assertEquals(1, gpu.counters().calls("cuStreamSynchronize"));
    }
}
