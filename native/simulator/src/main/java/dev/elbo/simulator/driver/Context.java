package dev.elbo.simulator.driver;

import dev.elbo.simulator.Report;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.shim.Failure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A device as one user of it sees it: its streams, and whether it still works.
public final class Context {
    final Driver driver;
    final Device device;
    final boolean primary;
    final long handle;
    final Stream legacy;
    int flags;

    private final List<Stream> streams = new ArrayList<>();
    private final Map<Long, Stream> perThread = new HashMap<>();
    private Failure sticky;
    private boolean destroyed;

    Context(Driver driver, Device device, boolean primary) {
        this.driver = driver;
        this.device = device;
        this.primary = primary;
        this.handle = driver.handles.add(this, driver.origin());
        this.legacy = new Stream(this, 0, 0, "legacy stream");
    }

    boolean destroyed() {
        return destroyed;
    }

    /// @throws Failure if the context is dead, as after a kernel that touched a wrong address
    void check() {
        if (destroyed) throw Result.CONTEXT_IS_DESTROYED.because("context is destroyed");
        if (sticky != null) throw sticky;
    }

    /// Kills the context: everything that is asked of it from now on fails the same way, as on a real device.
    ///
    /// @return the failure
    Failure kill(Failure failure) {
        if (sticky == null) sticky = failure;
        all().forEach(Stream::abandon);
        return failure;
    }

    /// Does a piece of work whose turn has come. What goes wrong in it goes wrong on the device.
    void run(Work work) {
        try {
            work.run();
        } catch (SimulatorFault fault) {
            driver.reports.add(Report.Kind.DEVICE, work.name() + ": " + fault.getMessage());
            throw kill(Driver.failure(fault));
        } catch (Failure failure) {
            throw kill(failure);
        }
    }

    Stream create(int streamFlags, int priority) {
        Stream stream = new Stream(this, streamFlags, priority, "stream " + (streams.size() + 1));
        streams.add(stream);
        return stream;
    }

    void remove(Stream stream) {
        streams.remove(stream);
    }

    /// The thread's own default stream.
    Stream perThread(long thread) {
        return perThread.computeIfAbsent(thread, _ -> new Stream(this, 0, 0, "per-thread stream"));
    }

    /// Every stream, the newest first: in which order unconnected work runs is nobody's promise.
    List<Stream> all() {
        List<Stream> all = new ArrayList<>(streams.reversed());
        all.addAll(perThread.values());
        all.add(legacy);
        return all;
    }

    /// The stream of this context in which a capture is open and that the legacy stream would have to wait for.
    Stream capturing() {
        return all().stream()
                .filter(stream -> stream.capture() != null && stream.blocking())
                .findFirst()
                .orElse(null);
    }

    /// Puts work into a stream, behind what the legacy stream's rules put before it.
    void submit(Stream stream, Work work) {
        if (stream == legacy) {
            for (Stream other : all()) {
                if (other != legacy && other.blocking() && !other.idle()) {
                    stream.enqueue(Stream.waiting(other, other.ticket()));
                }
            }
        } else if (stream.blocking() && !legacy.idle()) {
            stream.enqueue(Stream.waiting(legacy, legacy.ticket()));
        }
        stream.enqueue(work);
    }

    /// Does everything.
    void synchronize() {
        all().forEach(Stream::drain);
    }

    /// Does everything that nobody waited for, if the context still works.
    void finish() {
        if (sticky != null) return;
        try {
            synchronize();
        } catch (Failure failure) {
            driver.reports.add(
                    Report.Kind.DEVICE,
                    "work that nobody waited for failed; context=" + this + ", " + failure.getMessage());
        }
    }

    /// Ends the context, and says what was left in it.
    void destroy() {
        finish();
        Leaks.of(driver, this).forEach(leak -> driver.reports.add(Report.Kind.LEAK, leak));
        destroyed = true;
        driver.memory.release(this);
        driver.host.release(this);
        driver.handles.remove(handle, Context.class, driver.origin().call());
    }

    @Override
    public String toString() {
        return (primary ? "primary context" : "context") + " of device " + device.ordinal;
    }
}
