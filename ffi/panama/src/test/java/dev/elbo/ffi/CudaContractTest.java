package dev.elbo.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Devices, memory, streams and events.
class CudaContractTest extends CudaContract {
    @Test
    void deviceSaysWhatItIs() {
        assertTrue(Cuda.driverVersion().compareTo(CudaLibraries.OLDEST_DRIVER) >= 0);
        assertTrue(Cuda.deviceCount() >= 1);
        assertFalse(Cuda.deviceName(context.device()).isBlank());
        assertTrue(Cuda.deviceBytes(context.device()) >= 1 << 30);
        assertTrue(Cuda.capability(context.device()).compareTo(new Version(7, 5, 0)) >= 0);
        assertEquals(32, context.attribute(DeviceAttribute.WARP_SIZE));
        assertTrue(context.attribute(DeviceAttribute.MULTIPROCESSORS) > 0);
        assertEquals(1, context.attribute(DeviceAttribute.MEMORY_POOLS_SUPPORTED));
        assertTrue(context.urgentPriority() <= 0);
        assertTrue(context.current());
        NativeException none = assertThrows(NativeException.class, () -> Cuda.device(Cuda.deviceCount()));
        assertEquals("cuDeviceGet: CUDA_ERROR_INVALID_DEVICE (101); ordinal=" + Cuda.deviceCount(), none.getMessage());
        assertEquals("CUDA_ERROR_OUT_OF_MEMORY", Cuda.errorName(2));
        assertEquals("unknown CUDA status", Cuda.errorName(123456));
    }

    @Test
    void reportListsTheDevice() {
        Report report = Report.ofProcess();
        assertEquals(Cuda.deviceCount(), report.devices().size());
        assertEquals(
                Cuda.deviceName(context.device()), report.devices().getFirst().name());
        assertEquals("", report.trouble());
    }

    @Test
    void contextIsCurrentOnTheThreadThatMadeItSo() throws InterruptedException {
        AtomicReference<String> seen = new AtomicReference<>();
        Throwable thrown = BoundaryTest.inAnotherThread(() -> {
            boolean before = context.current();
            context.makeCurrent();
            seen.set(before + " " + context.current());
        });
        assertNull(thrown);
        assertEquals("false true", seen.get());
    }

    @Test
    void ownerMayBeClosedByAThreadThatHasTheContext() throws InterruptedException {
        stream.allocate(4096, owner);
        context.allocate(4096, owner);
        context.pinned(4096, owner);
        CudaEvent.open(owner);
        CudaStream.open(owner);
        Throwable thrown = BoundaryTest.inAnotherThread(() -> {
            context.makeCurrent();
            owner.close();
        });
        assertNull(thrown);
        stream.synchronize();
        assertEquals(0, context.allocated());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 32, 33, 1000, 4097})
    void bytesSurviveTheWayThroughTheDevice(int bytes) {
        byte[] values = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            values[i] = (byte) (i * 7 + 1);
        }
        MemorySegment host = owner.allocateFrom(JAVA_BYTE, values);
        MemorySegment pinned = context.pinned(bytes, owner);
        assertEquals(bytes, pinned.byteSize());

        MemorySegment ofStream = stream.allocate(bytes, owner);
        MemorySegment ofContext = context.allocate(bytes, owner);
        assertEquals(0, ofStream.byteSize());
        stream.upload(host, ofStream);
        stream.copy(ofStream, ofContext, bytes);
        stream.download(ofContext, pinned);
        stream.synchronize();
        assertArrayEquals(values, pinned.toArray(JAVA_BYTE));

        pinned.fill((byte) 0);
        context.upload(host, ofContext);
        context.copy(ofContext, ofStream, bytes);
        context.download(ofStream, pinned);
        assertArrayEquals(values, pinned.toArray(JAVA_BYTE));
    }

    @Test
    void memoryIsFilledByBytesAndByWords() {
        MemorySegment memory = ints(1, 2, 3, 4);
        stream.fillWords(DevicePointer.at(memory, 4), Float.floatToRawIntBits(-1.5f), 2);
        stream.fillBytes(DevicePointer.at(memory, 13), (byte) 0x7f, 2);
        assertArrayEquals(
                new int[] {1, Float.floatToRawIntBits(-1.5f), Float.floatToRawIntBits(-1.5f), 0x007f7f04},
                ints(memory, 4));
    }

    @Test
    void viewsReachIntoMemory() {
        MemorySegment memory = ints(1, 2, 3, 4);
        assertArrayEquals(new int[] {3, 4}, ints(DevicePointer.at(memory, 8), 2));
        stream.upload(owner.allocateFrom(JAVA_INT, 30), DevicePointer.at(memory, 8));
        assertArrayEquals(new int[] {1, 2, 30, 4}, ints(memory, 4));
    }

    @Test
    void poolKnowsWhatIsOut() {
        long before = context.allocated();
        context.keepFreed(1 << 20);
        try (Arena brief = Arena.ofConfined()) {
            stream.allocate(1 << 20, brief);
            assertEquals(before + (1 << 20), context.allocated());
            assertTrue(context.pooled() >= context.allocated());
        }
        stream.synchronize();
        assertEquals(before, context.allocated());
        context.trim(0);
        assertTrue(context.pooled() >= context.allocated());
        context.keepFreed(0);
    }

    @Test
    void freeMemoryIsBelowTheTotal() {
        MemoryInfo before = context.memory();
        assertTrue(before.free() <= before.total());
        assertEquals(Cuda.deviceBytes(context.device()), before.total(), before.total() * 0.05);
        context.allocate(64 << 20, owner);
        assertTrue(context.memory().free() <= before.free() - (64 << 20));
    }

    @Test
    void memoryIsUnusableAfterItsOwnerHasClosed() {
        MemorySegment memory = ints(1, 2, 3);
        LaunchBlock block = LaunchBlock.of(device);
        MemorySegment host = device.allocate(12, 4);
        owner.close();
        assertThrows(IllegalStateException.class, () -> stream.download(memory, host));
        assertThrows(IllegalStateException.class, () -> block.arg(memory));
    }

    @Test
    void streamIsUnusableAfterItsOwnerHasClosed() {
        CudaStream brief = CudaStream.open(owner);
        CudaFunction bump = CudaModule.load("contract.ptx", Gpu.ptx(), device).function("bump");
        LaunchBlock block = LaunchBlock.of(device).arg(1);
        owner.close();
        assertThrows(IllegalStateException.class, brief::synchronize);
        assertThrows(IllegalStateException.class, () -> bump.launch(LaunchShape.of(1, 1), block, brief));
        assertThrows(
                IllegalStateException.class,
                () -> bump.launch(LaunchShape.of(1, 1).overlapping(), block, brief));
    }

    @Test
    void memoryAndItsStreamMayHaveOneOwner() {
        CudaStream other = CudaStream.open(owner);
        MemorySegment memory = other.allocate(1024, owner);
        other.fillBytes(memory, (byte) 1, 1024);
        owner.close();
        assertEquals(0, context.allocated());
    }

    @Test
    void memoryMayOutliveItsStream() {
        try (Arena brief = Arena.ofConfined()) {
            CudaStream other = CudaStream.open(brief);
            MemorySegment memory = other.allocate(1024, owner);
            other.fillBytes(memory, (byte) 1, 1024);
        }
        owner.close();
        assertEquals(0, context.allocated());
    }

    @Test
    void impossibleAllocationSaysHowMuch() {
        long bytes = 1L << 50;
        NativeException e = assertThrows(NativeException.class, () -> stream.allocate(bytes, owner));
        assertEquals("cuMemAllocAsync: CUDA_ERROR_OUT_OF_MEMORY (2); bytes=" + bytes, e.getMessage());
        assertEquals(2, e.status());
        assertEquals(4, ints(ints(4), 1)[0], "and the device goes on");
    }

    @Test
    void allocationForAClosedOwnerLeavesNothingBehind() {
        long before = context.allocated();
        owner.close();
        assertThrows(IllegalStateException.class, () -> stream.allocate(1024, owner));
        stream.synchronize();
        assertEquals(before, context.allocated());
    }

    @Test
    void streamsWaitForEventsOfOthers() {
        CudaStream other = CudaStream.open(context.urgentPriority(), owner);
        MemorySegment from = ints(1, 2, 3);
        MemorySegment to = ints(0, 0, 0);
        CudaEvent ready = CudaEvent.open(owner);
        stream.record(ready);
        other.waitFor(ready);
        other.copy(from, to, 12);
        CudaEvent copied = CudaEvent.open(owner);
        other.record(copied);
        stream.waitFor(copied);
        assertArrayEquals(new int[] {1, 2, 3}, ints(to, 3));
        assertTrue(copied.done());
        copied.synchronize();
        assertTrue(stream.done());
    }

    @Test
    void timedEventsMeasure() {
        CudaEvent start = CudaEvent.openTimed(owner);
        CudaEvent end = CudaEvent.openTimed(owner);
        stream.record(start);
        stream.fillBytes(stream.allocate(1 << 20, owner), (byte) 0, 1 << 20);
        stream.record(end);
        end.synchronize();
        float ms = end.millisecondsSince(start);
        assertTrue(ms >= 0 && ms < 10_000, "ms=" + ms);
        CudaEvent untimed = CudaEvent.open(owner);
        stream.record(untimed);
        untimed.synchronize();
        NativeException e = assertThrows(NativeException.class, () -> untimed.millisecondsSince(start));
        assertEquals("CUDA_ERROR_INVALID_HANDLE", e.statusName());
    }
}
