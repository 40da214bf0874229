package dev.elbo.simulator.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceMemoryTest {
    private final DeviceMemory memory = new DeviceMemory(1 << 20);

    @Test
    void bytesComeBackAsTheyWereCopiedIn() {
        Allocation a = memory.allocate(16, "a");
        memory.copyIn(MemorySegment.ofArray(new int[] {1, 2, 3, 4}), a.address(), 16);
        int[] back = new int[2];
        memory.copyOut(a.address() + 4, MemorySegment.ofArray(back), 8);
        assertArrayEquals(new int[] {2, 3}, back);
    }

    @Test
    void addressesAreAlignedAndFarApart() {
        Allocation a = memory.allocate(10, "a");
        Allocation b = memory.allocate(10, "b");
        assertEquals(0, a.address() % DeviceMemory.ALIGNMENT);
        assertEquals(0, b.address() % DeviceMemory.ALIGNMENT);
        assertTrue(b.address() - a.address() > 1 << 20);
    }

    @Test
    void anAddressIsTracedToItsAllocation() {
        Allocation a = memory.allocate(100, "weights");
        assertSame(a, memory.find(a.address() + 99));
        assertNull(memory.find(a.address() + 100));
        assertNull(memory.find(a.address() - 1));
    }

    @Test
    void aCopyPastTheEndNamesTheAllocation() {
        Allocation a = memory.allocate(8, "weights");
        SimulatorFault fault = assertThrows(
                SimulatorFault.class, () -> memory.copyIn(MemorySegment.ofArray(new int[3]), a.address(), 12));
        assertEquals(Kind.OUT_OF_BOUNDS, fault.kind());
        assertTrue(fault.getMessage().contains("'weights' of 8 bytes"), fault.getMessage());
    }

    @Test
    void freedMemoryIsRememberedAndNeverHandedOutAgain() {
        Allocation a = memory.allocate(8, "first");
        memory.free(a.address());
        Allocation b = memory.allocate(8, "second");
        assertTrue(a.address() != b.address());
        SimulatorFault fault =
                assertThrows(SimulatorFault.class, () -> memory.copyOut(a.address(), MemorySegment.NULL, 4));
        assertEquals(Kind.USE_AFTER_FREE, fault.kind());
        assertTrue(fault.getMessage().contains("'first'"), fault.getMessage());
    }

    @Test
    void aSecondFreeAndAFreeInTheMiddleAreFaults() {
        Allocation a = memory.allocate(512, "a");
        assertEquals(
                Kind.INVALID_FREE,
                assertThrows(SimulatorFault.class, () -> memory.free(a.address() + 256))
                        .kind());
        memory.free(a.address());
        assertEquals(
                Kind.INVALID_FREE,
                assertThrows(SimulatorFault.class, () -> memory.free(a.address()))
                        .kind());
    }

    @Test
    void readingWhatNobodyWroteNamesTheFirstSuchByte() {
        Allocation a = memory.allocate(200, "half");
        memory.fill(a.address(), 0, 1, 70);
        SimulatorFault fault = assertThrows(
                SimulatorFault.class, () -> memory.copyOut(a.address(), MemorySegment.ofArray(new byte[200]), 200));
        assertEquals(Kind.UNINITIALISED_READ, fault.kind());
        assertTrue(fault.getMessage().contains("byte 70 of"), fault.getMessage());
        memory.checksInitialised(false);
        memory.copyOut(a.address(), MemorySegment.ofArray(new byte[200]), 200);
    }

    @Test
    void aCopyOnTheDeviceCarriesAlongWhatWasNeverWritten() {
        Allocation a = memory.allocate(300, "a");
        Allocation b = memory.allocate(300, "b");
        memory.fill(a.address(), 7, 1, 100);
        memory.fill(b.address(), 0, 1, 300);
        memory.copy(a.address() + 50, b.address(), 200);
        assertTrue(b.written().covers(0, 50));
        assertEquals(50, b.written().firstGap(0, 300));
        assertTrue(b.written().covers(200, 100));
    }

    @Test
    void fillsRepeatValuesOfEveryWidth() {
        Allocation a = memory.allocate(16, "a");
        memory.fill(a.address(), 0x01020304, 4, 2);
        memory.fill(a.address() + 8, 0x0506, 2, 2);
        memory.fill(a.address() + 12, 9, 1, 4);
        int[] back = new int[4];
        memory.copyOut(a.address(), MemorySegment.ofArray(back), 16);
        assertArrayEquals(new int[] {0x01020304, 0x01020304, 0x05060506, 0x09090909}, back);
        assertEquals(
                Kind.MISALIGNED,
                assertThrows(SimulatorFault.class, () -> memory.fill(a.address() + 2, 0, 4, 1))
                        .kind());
    }

    @Test
    void capacityIsALimitAndTheCountersAddUp() {
        Allocation a = memory.allocate(1 << 19, "a");
        memory.allocate(1 << 18, "b");
        SimulatorFault fault = assertThrows(SimulatorFault.class, () -> memory.allocate(1 << 19, "c"));
        assertEquals(Kind.OUT_OF_MEMORY, fault.kind());
        memory.free(a.address());
        assertEquals(1 << 18, memory.liveBytes());
        assertEquals((1 << 19) + (1 << 18), memory.highWaterBytes());
        assertEquals(
                List.of("b"),
                memory.liveAllocations().stream().map(Allocation::label).toList());
        assertEquals(2, memory.allocations());
        assertEquals(1, memory.frees());
    }
}
