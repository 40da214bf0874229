package dev.elbo.simulator.driver;

import dev.elbo.simulator.Report;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Host memory that the device knows: page-locked by the driver, or registered with it.
final class HostMemory {
    /// What stands in the destination of a copy until the copy is done: a NaN as `float` and as `double`.
    static final int POISON = 0x7ff4_dead;

    private static final long PAGE = 4096;

    /// @param arena owns the memory; null if it is the caller's own
    record Pinned(Context context, MemorySegment segment, int flags, Origin made, Arena arena) {}

    /// A copy to the host that has not run.
    static final class Unfinished {
        private final MemorySegment target;
        private final Origin made;
        private boolean disturbed;

        private Unfinished(MemorySegment target, Origin made) {
            this.target = target;
            this.made = made;
        }

        Origin made() {
            return made;
        }

        private boolean overlaps(MemorySegment other) {
            return target.address() < other.address() + other.byteSize()
                    && other.address() < target.address() + target.byteSize();
        }
    }

    private final Driver driver;
    private final TreeMap<Long, Pinned> pinned = new TreeMap<>();
    private final List<Unfinished> unfinished = new ArrayList<>();

    // Of memory that nobody freed. It is kept until the device begins anew once more, for somebody may still hold its
    // addresses.
    private final List<Arena> abandoned = new ArrayList<>();

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

    /// Forgets everything, and gives back what was forgotten the last time.
    void clear() {
        abandoned.forEach(Arena::close);
        abandoned.clear();
        pinned.values().forEach(this::abandon);
        pinned.keySet().forEach(driver.bytes::free);
        pinned.clear();
        unfinished.clear();
    }

    /// Forgets what a context still has.
    void release(Context context) {
        pinned.values().removeIf(each -> {
            boolean gone = each.context == context;
            if (gone) {
                abandon(each);
                driver.bytes.free(each.segment.address());
                unfinished.removeIf(copy -> copy.overlaps(each.segment));
            }
            return gone;
        });
    }

    private void abandon(Pinned each) {
        if (each.arena != null) abandoned.add(each.arena);
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

    /// A copy to page-locked memory is asked for: until it has run, nothing there is a number.
    Unfinished begin(MemorySegment target, Origin made) {
        Unfinished copy = new Unfinished(target, made);
        unfinished.add(copy);
        poison(target);
        return copy;
    }

    /// The copy is about to be done; nobody may have written to its target since.
    void end(Unfinished copy) {
        unfinished.remove(copy);
        if (!copy.disturbed && !poisoned(copy.target)) {
            driver.reports.add(
                    Report.Kind.UNFINISHED_COPY,
                    "the host changed the target of a copy that had not run; bytes=" + copy.target.byteSize()
                            + ", copy=" + copy.made);
        }
        // What this copy brings is no mistake of the host's.
        unfinished.stream().filter(each -> each.overlaps(copy.target)).forEach(each -> each.disturbed = true);
    }

    /// A copy that has yet to write into a range.
    Optional<Unfinished> unfinished(MemorySegment range) {
        return unfinished.stream().filter(each -> each.overlaps(range)).findFirst();
    }

    List<String> unfinished() {
        return unfinished.stream()
                .map(each -> "copy to the host has not run; bytes=" + each.target.byteSize() + ", copy=" + each.made)
                .toList();
    }

    private static void poison(MemorySegment target) {
        long words = target.byteSize() / Integer.BYTES;
        for (long i = 0; i < words; i++) target.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i, POISON);
        target.asSlice(words * Integer.BYTES).fill((byte) POISON);
    }

    /// Whether memory holds nothing but what [#begin] put there.
    static boolean poisoned(MemorySegment target) {
        long words = target.byteSize() / Integer.BYTES;
        for (long i = 0; i < words; i++) {
            if (target.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i) != POISON) return false;
        }
        return true;
    }
}
