package dev.elbo.simulator.driver;

import dev.elbo.simulator.Report;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.memory.Allocation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Queue;

/// A copy from the device to the host. From when it is asked for to when it is done, page-locked memory that it goes to
/// holds a pattern that is no number.
final class ToHost implements Work {
    private final Driver driver;
    private final MemorySegment target;
    private final long source;
    private final boolean pinned;
    private final Origin made;
    // A graph may be launched again before it has run.
    private final Queue<HostMemory.Unfinished> waiting = new ArrayDeque<>();

    ToHost(Driver driver, MemorySegment target, long source) {
        this.driver = driver;
        this.target = target;
        this.source = source;
        this.pinned = driver.host.holding(target.address(), target.byteSize()) != null;
        this.made = driver.origin();
    }

    @Override
    public Kind kind() {
        return Kind.MEMCPY;
    }

    @Override
    public String name() {
        return "copy to the host";
    }

    @Override
    public void issued() {
        if (pinned) waiting.add(driver.host.begin(target, made));
    }

    @Override
    public void run() {
        if (pinned) driver.host.end(waiting.remove());
        long bytes = target.byteSize();
        driver.counters.moved(0, bytes, 0);
        try {
            driver.bytes.copyOut(source, target, bytes);
        } catch (SimulatorFault fault) {
            if (fault.kind() != SimulatorFault.Kind.UNINITIALISED_READ) throw fault;
            // The driver does not know, and goes on.
            driver.reports.add(Report.Kind.DEVICE, fault.getMessage() + ", copy=" + made);
            Allocation owner = driver.bytes.live(source, bytes, name());
            MemorySegment.copy(owner.bytes(), source - owner.address(), target, 0, bytes);
        }
    }
}
