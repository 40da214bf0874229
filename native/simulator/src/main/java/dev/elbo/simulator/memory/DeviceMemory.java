package dev.elbo.simulator.memory;

import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/// The global memory of a simulated device: every allocation known, none at an address used before.
///
/// Allocations are far apart, so that an access past the end of one hits nothing; a freed range stays known, so
/// that a late access can be told whose memory it was. All methods may be called from any thread.
public final class DeviceMemory {
    /// Alignment of each allocation, as CUDA promises it.
    public static final long ALIGNMENT = 256;

    /// Far below the addresses that Linux gives to libraries, stacks and `mmap`, and above those of a program's own
    /// heap.
    private static final long FIRST_ADDRESS = 0x1000_0000_0000L;

    private static final long SMALLEST_GAP = 1L << 24;
    private static final int REMEMBERED = 1 << 14;

    private final long capacity;
    private final ConcurrentSkipListMap<Long, Allocation> ranges = new ConcurrentSkipListMap<>();
    private final ArrayDeque<Long> freed = new ArrayDeque<>();
    private long next = FIRST_ADDRESS;
    private long liveBytes;
    private long highWaterBytes;
    private long totalBytes;
    private long allocations;
    private long frees;
    private volatile boolean checksInitialised = true;

    /// @param capacity bytes that may be live at once
    public DeviceMemory(long capacity) {
        this.capacity = capacity;
    }

    /// Reserves memory that nobody has written yet.
    ///
    /// @param bytes at least 1
    /// @param label names the owner in messages
    /// @throws SimulatorFault `OUT_OF_MEMORY` when less than `bytes` is left
    public synchronized Allocation allocate(long bytes, String label) {
        if (bytes < 1) {
            throw new IllegalArgumentException("DeviceMemory.allocate: at least one byte is needed; bytes=" + bytes);
        }
        if (bytes > capacity - liveBytes) {
            throw new SimulatorFault(
                    Kind.OUT_OF_MEMORY,
                    "'" + label + "' does not fit; bytes=" + bytes + ", live=" + liveBytes + ", capacity=" + capacity);
        }
        Allocation allocation = Allocation.of(next, bytes, label);
        long end = next + bytes + Math.max(bytes, SMALLEST_GAP);
        next = (end + ALIGNMENT - 1) & -ALIGNMENT;
        ranges.put(allocation.address(), allocation);
        liveBytes += bytes;
        totalBytes += bytes;
        highWaterBytes = Math.max(highWaterBytes, liveBytes);
        allocations++;
        return allocation;
    }

    /// Makes host memory readable and writable for kernels, at its own address; it counts against no limit.
    ///
    /// @param host native memory, borrowed until it is freed here
    public synchronized Allocation map(MemorySegment host, String label) {
        Allocation allocation = Allocation.ofHost(host, label);
        ranges.put(allocation.address(), allocation);
        return allocation;
    }

    /// Gives an allocation back.
    ///
    /// @param address its first address
    /// @throws SimulatorFault `INVALID_FREE` when no live allocation starts there
    public synchronized Allocation free(long address) {
        Allocation allocation = ranges.get(address);
        if (allocation == null || allocation.freed()) {
            throw new SimulatorFault(Kind.INVALID_FREE, describe(address), null, address);
        }
        boolean host = allocation.written() == null;
        Allocation remembered = allocation.free();
        if (host) {
            ranges.remove(address);
            return allocation;
        }
        liveBytes -= allocation.size();
        frees++;
        ranges.put(address, remembered);
        freed.addLast(address);
        if (freed.size() > REMEMBERED) {
            ranges.remove(freed.removeFirst());
        }
        return allocation;
    }

    /// The allocation, live or freed, that holds the byte at `address`, or null.
    public Allocation find(long address) {
        Map.Entry<Long, Allocation> below = ranges.floorEntry(address);
        return below != null && below.getValue().contains(address, 1) ? below.getValue() : null;
    }

    /// The live allocation that holds all of `length` bytes at `address`.
    ///
    /// @param access what is about to happen, as in "load of 4 bytes"
    /// @throws SimulatorFault `OUT_OF_BOUNDS` or `USE_AFTER_FREE`
    public Allocation live(long address, long length, String access) {
        Map.Entry<Long, Allocation> below = ranges.floorEntry(address);
        Allocation owner = below == null ? null : below.getValue();
        if (owner == null || !owner.contains(address, length)) {
            throw new SimulatorFault(Kind.OUT_OF_BOUNDS, access + " " + describe(address), null, address);
        }
        if (owner.freed()) {
            throw new SimulatorFault(Kind.USE_AFTER_FREE, access + " " + describe(address), null, address);
        }
        return owner;
    }

    /// Bytes that may be read now: inside one live allocation, and written.
    ///
    /// @param access what is about to happen, as in "operand A of cublasSgemm_v2"
    /// @return a view, borrowed, good until the allocation is freed
    public MemorySegment readable(long address, long length, String access) {
        if (length == 0) {
            return MemorySegment.NULL;
        }
        Allocation owner = live(address, length, access);
        long offset = address - owner.address();
        if (checksInitialised && owner.written() != null) {
            long gap = owner.written().firstGap(offset, length);
            if (gap >= 0) {
                throw unwritten(owner, gap, access);
            }
        }
        return owner.bytes().asSlice(offset, length);
    }

    /// Bytes that may be written now, and that count as written from here on.
    ///
    /// @return a view, borrowed, good until the allocation is freed
    public MemorySegment writable(long address, long length, String access) {
        if (length == 0) {
            return MemorySegment.NULL;
        }
        Allocation owner = live(address, length, access);
        long offset = address - owner.address();
        if (owner.written() != null) {
            owner.written().set(offset, length);
        }
        return owner.bytes().asSlice(offset, length);
    }

    /// Host to device.
    public void copyIn(MemorySegment source, long address, long length) {
        MemorySegment.copy(
                source, 0, writable(address, length, "copy from the host of " + length + " bytes"), 0, length);
    }

    /// Device to host. Bytes that were never written are a fault.
    public void copyOut(long address, MemorySegment target, long length) {
        MemorySegment.copy(readable(address, length, "copy to the host of " + length + " bytes"), 0, target, 0, length);
    }

    /// Device to device; what was never written stays so, and is reported when it is used.
    public void copy(long source, long target, long length) {
        if (length == 0) {
            return;
        }
        Allocation from = live(source, length, "copy on the device, source of " + length + " bytes");
        Allocation to = live(target, length, "copy on the device, target of " + length + " bytes");
        long fromOffset = source - from.address();
        long toOffset = target - to.address();
        MemorySegment.copy(from.bytes(), fromOffset, to.bytes(), toOffset, length);
        if (to.written() == null) {
            return;
        }
        if (from.written() == null || from.written().covers(fromOffset, length)) {
            to.written().set(toOffset, length);
        } else {
            to.written().copy(from.written(), fromOffset, toOffset, length);
        }
    }

    /// Repeats a value of 1, 2 or 4 bytes.
    ///
    /// @param width bytes of the value
    /// @param count how many values
    public void fill(long address, int value, int width, long count) {
        if ((address & (width - 1)) != 0) {
            throw new SimulatorFault(
                    Kind.MISALIGNED, "fill with values of " + width + " bytes " + describe(address), null, address);
        }
        MemorySegment target =
                writable(address, Math.multiplyExact(count, width), "fill of " + count * width + " bytes");
        byte[] pattern = new byte[width];
        boolean uniform = true;
        for (int i = 0; i < width; i++) {
            pattern[i] = (byte) (value >>> (8 * i));
            uniform &= pattern[i] == pattern[0];
        }
        if (uniform) {
            target.fill(pattern[0]);
            return;
        }
        MemorySegment source = MemorySegment.ofArray(pattern);
        for (long i = 0; i < count; i++) {
            MemorySegment.copy(source, 0, target, i * width, width);
        }
    }

    /// Whether reads of memory never written are faults; they are unless this is switched off.
    public boolean checksInitialised() {
        return checksInitialised;
    }

    public void checksInitialised(boolean on) {
        checksInitialised = on;
    }

    /// What lives at or next to an address, in words for a message.
    public String describe(long address) {
        Map.Entry<Long, Allocation> below = ranges.floorEntry(address);
        Map.Entry<Long, Allocation> above = ranges.higherEntry(address);
        if (below != null) {
            Allocation owner = below.getValue();
            long past = address - owner.address() - owner.size();
            String state = owner.freed() ? "freed allocation " : "allocation ";
            if (past < 0) {
                return "at byte " + (address - owner.address()) + " of " + state + owner;
            }
            if (above == null || past <= above.getKey() - address) {
                return past + " bytes past the end of " + state + owner;
            }
        }
        if (above != null) {
            Allocation owner = above.getValue();
            return (owner.address() - address) + " bytes before " + (owner.freed() ? "freed " : "") + "allocation "
                    + owner;
        }
        return "at 0x" + Long.toHexString(address) + ", where nothing was ever allocated";
    }

    /// The fault for byte `gap` of an allocation that nobody wrote before it was read.
    public static SimulatorFault unwritten(Allocation owner, long gap, String access) {
        return new SimulatorFault(
                Kind.UNINITIALISED_READ,
                access + " at byte " + gap + " of allocation " + owner,
                null,
                owner.address() + gap);
    }

    /// Allocations that were never freed, in order of address.
    public List<Allocation> liveAllocations() {
        return ranges.values().stream().filter(a -> !a.freed()).toList();
    }

    /// Bytes that may be live at once.
    public long capacity() {
        return capacity;
    }

    /// Bytes live now.
    public synchronized long liveBytes() {
        return liveBytes;
    }

    /// The most bytes that were ever live at once.
    public synchronized long highWaterBytes() {
        return highWaterBytes;
    }

    /// Bytes ever allocated.
    public synchronized long totalBytes() {
        return totalBytes;
    }

    /// Number of allocations ever made.
    public synchronized long allocations() {
        return allocations;
    }

    /// Number of allocations given back.
    public synchronized long frees() {
        return frees;
    }
}
