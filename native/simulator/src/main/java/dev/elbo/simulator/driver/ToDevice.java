package dev.elbo.simulator.driver;

import dev.elbo.simulator.Report;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Queue;

/// A copy from the host to the device. Page-locked memory that it comes from must not change until it is done.
final class ToDevice implements Work {
    private static final MemorySegment UNKNOWN = MemorySegment.NULL;

    private final Driver driver;
    private final long target;
    private final MemorySegment source;
    private final boolean pinned;
    private final Origin made;
    // What the source held when the copy was asked for; a graph may be launched again before it has run.
    private final Queue<MemorySegment> then = new ArrayDeque<>();

    ToDevice(Driver driver, long target, MemorySegment source) {
        this.driver = driver;
        this.target = target;
        this.source = source;
        this.pinned = driver.host.holding(source.address(), source.byteSize()) != null;
        this.made = driver.origin();
    }

    /// The bytes that memory holds now.
    static MemorySegment copyOf(MemorySegment memory) {
        return MemorySegment.ofArray(memory.toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public Kind kind() {
        return Kind.MEMCPY;
    }

    @Override
    public String name() {
        return "copy to the device";
    }

    @Override
    public void issued() {
        if (!pinned) return;
        // What another copy has yet to bring may change.
        then.add(driver.host.unfinished(source).isPresent() ? UNKNOWN : copyOf(source));
    }

    @Override
    public void run() {
        if (pinned) check(then.remove());
        driver.counters.moved(source.byteSize(), 0, 0);
        driver.bytes.copyIn(source, target, source.byteSize());
    }

    private void check(MemorySegment before) {
        if (HostMemory.poisoned(source)) {
            driver.host
                    .unfinished(source)
                    .ifPresent(other ->
                            report("reads what a copy to the host has not brought yet; writer=" + other.made()));
        }
        long changed = before == UNKNOWN ? -1 : source.mismatch(before);
        if (changed >= 0) report("reads what the host has changed since it was asked for; byte=" + changed);
    }

    private void report(String what) {
        driver.reports.add(
                Report.Kind.UNFINISHED_COPY,
                "a copy to the device " + what + ", bytes=" + source.byteSize() + ", copy=" + made);
    }
}
