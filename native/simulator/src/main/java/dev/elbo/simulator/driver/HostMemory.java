package dev.elbo.simulator.driver;

import dev.elbo.simulator.Report;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Host memory that the device knows: page-locked by the driver, or registered with it.
final class HostMemory {
    /// What stands in the destination of a copy until the copy is done: a NaN as `float` and as `double`.
    static final int POISON = 0x7ff4_dead;

    private static final long PAGE = 4096;

    /// @param arena owns the memory; null if it is the caller's own
    record Pinned(Context context, MemorySegment segment, int flags, Origin made, Arena arena) {}

    private final Driver driver;
    private final TreeMap<Long, Pinned> pinned = new TreeMap<>();

    HostMemory(Driver driver) {
        this.driver = driver;
    }

    /// Page-locked memory of the driver's own.
    long allocate(Context context, long bytes, int flags) {
        if (bytes == 0) throw Result.INVALID_VALUE.because("an allocation of 0 bytes");
        Arena arena = Arena.ofShared();
        MemorySegment segment = arena.allocate(bytes, PAGE);
        add(new Pinned(context, segment, flags, driver.origin(), arena));
        return segment.address();
    }

    /// The caller's memory, from now on known to the device.
    void register(Context context, MemorySegment segment, int flags) {
        if (overlapping(segment)) {
            throw Result.HOST_MEMORY_ALREADY_REGISTERED.because("address=0x" + Long.toHexString(segment.address()));
        }
        add(new Pinned(context, segment, flags, driver.origin(), null));
    }

    private boolean overlapping(MemorySegment segment) {
        Map.Entry<Long, Pinned> below = pinned.lowerEntry(segment.address() + segment.byteSize());
        return below != null && below.getKey() + below.getValue().segment.byteSize() > segment.address();
    }

    private void add(Pinned each) {
        pinned.put(each.segment.address(), each);
        driver.bytes.map(each.segment, each.made.toString());
    }

    /// Ends what starts at an address.
    ///
    /// @param allocated whether it must be the driver's own memory, or else the caller's
    void remove(long address, boolean allocated) {
        Pinned gone = pinned.get(address);
        if (gone == null || (gone.arena != null) != allocated) {
            String text = "not the start of " + (allocated ? "page-locked" : "registered") + " memory; address=0x"
                    + Long.toHexString(address);
            driver.reports.add(Report.Kind.HANDLE, driver.call() + ": " + text);
            throw (allocated ? Result.INVALID_VALUE : Result.HOST_MEMORY_NOT_REGISTERED).because(text);
        }
        pinned.remove(address);
        driver.bytes.free(address);
        if (gone.arena != null) gone.arena.close();
    }

    /// Forgets everything. Its bytes stay, for somebody may still hold their addresses.
    void clear() {
        pinned.keySet().forEach(driver.bytes::free);
        pinned.clear();
    }

    /// Forgets what a context still has; its bytes stay, too.
    void release(Context context) {
        pinned.values().removeIf(each -> {
            boolean gone = each.context == context;
            if (gone) driver.bytes.free(each.segment.address());
            return gone;
        });
    }

    /// The memory that holds all of a range, null if the device does not know it.
    Pinned holding(long address, long length) {
        Map.Entry<Long, Pinned> below = pinned.floorEntry(address);
        if (below == null) return null;
        long end = below.getKey() + below.getValue().segment.byteSize();
        return address + length <= end ? below.getValue() : null;
    }

    List<Pinned> of(Context context) {
        return pinned.values().stream().filter(each -> each.context == context).toList();
    }

    /// Makes a destination unusable until its copy is done.
    static void poison(MemorySegment target) {
        long words = target.byteSize() / Integer.BYTES;
        for (long i = 0; i < words; i++) target.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i, POISON);
        target.asSlice(words * Integer.BYTES).fill((byte) POISON);
    }

    /// Whether nobody has written into a destination since it was poisoned.
    static boolean poisoned(MemorySegment target) {
        long words = target.byteSize() / Integer.BYTES;
        for (long i = 0; i < words; i++) {
            if (target.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i) != POISON) return false;
        }
        return true;
    }
}
