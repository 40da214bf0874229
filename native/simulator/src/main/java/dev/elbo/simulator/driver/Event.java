package dev.elbo.simulator.driver;

import java.util.Set;

/// A mark in a stream.
final class Event {
    /// `CU_EVENT_DISABLE_TIMING`.
    static final int DISABLE_TIMING = 2;

    final Context context;
    final int flags;

    private Stream stream;
    private long ticket;
    private long nanoseconds;
    private Capture capture;
    private Set<Node> captured = Set.of();

    Event(Context context, int flags) {
        this.context = context;
        this.flags = flags;
    }

    boolean timed() {
        return (flags & DISABLE_TIMING) == 0;
    }

    /// Marks the end of what a stream holds now.
    void record(Stream in) {
        capture = null;
        captured = Set.of();
        context.driver.submit(in, Work.of(Work.Kind.EVENT_RECORD, "event record", this::stamp));
        stream = in;
        ticket = in.ticket();
    }

    /// Marks the newest nodes of a capture; nothing happens at run time.
    void recordCaptured(Stream in) {
        capture = in.capture();
        captured = Set.copyOf(in.tips());
        stream = null;
    }

    private void stamp() {
        nanoseconds = System.nanoTime();
    }

    boolean recorded() {
        return stream != null;
    }

    /// The capture it was last recorded in, null if that was a running stream.
    Capture capture() {
        return capture;
    }

    Set<Node> captured() {
        return captured;
    }

    boolean happened() {
        return stream == null || stream.reached(ticket);
    }

    /// Does one more piece of the work before the mark.
    void step() {
        stream.step();
    }

    /// Does all work before the mark.
    void await() {
        if (stream != null) stream.runTo(ticket);
    }

    /// What a stream does that waits for the mark as it stands now.
    Work waiting() {
        return Stream.waiting(stream, ticket);
    }

    long nanoseconds() {
        return nanoseconds;
    }
}
