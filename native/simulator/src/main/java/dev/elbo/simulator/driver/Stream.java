package dev.elbo.simulator.driver;

import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Queue;
import java.util.Set;

/// A queue of work that is done in order, as late as the rules allow.
///
/// Nothing runs when it is submitted. It runs when something waits for it, so that a program which forgets to wait does
/// not see its results. Two streams that no event connects run in whatever order they are waited for.
public final class Stream {
    /// `CU_STREAM_NON_BLOCKING`: the legacy stream does not wait for it, nor it for that.
    static final int NON_BLOCKING = 1;

    final Context context;
    final int flags;
    final int priority;
    final String name;
    private long handle;

    private final Queue<Work> queue = new ArrayDeque<>();
    private long issued;
    private long done;

    private Capture capture;
    private final Set<Node> tips = new LinkedHashSet<>();

    Stream(Context context, int flags, int priority, String name) {
        this.context = context;
        this.flags = flags;
        this.priority = priority;
        this.name = name;
    }

    /// The handle, 0 for a default stream.
    public long handle() {
        return handle;
    }

    boolean blocking() {
        return (flags & NON_BLOCKING) == 0;
    }

    void handle(long given) {
        handle = given;
    }

    boolean idle() {
        return queue.isEmpty();
    }

    /// A place in the queue: after everything that is in it now.
    long ticket() {
        return issued;
    }

    boolean reached(long ticket) {
        return done >= ticket;
    }

    void enqueue(Work work) {
        queue.add(work);
        issued++;
    }

    /// Does the oldest piece of work.
    void step() {
        Work work = queue.remove();
        done++;
        context.run(work);
    }

    /// Does everything before a ticket.
    void runTo(long ticket) {
        while (done < ticket) step();
    }

    void drain() {
        runTo(issued);
    }

    /// Forgets what has not been done: its context is dead.
    void abandon() {
        queue.clear();
        done = issued;
    }

    /// Waits until another stream has come to a ticket.
    static Work waiting(Stream other, long ticket) {
        return Work.of(Work.Kind.WAIT_EVENT, "wait for " + other.name, () -> other.runTo(ticket));
    }

    /// The capture that this stream takes part in, null if none.
    Capture capture() {
        return capture;
    }

    /// The nodes that the next captured piece of work follows.
    Set<Node> tips() {
        return tips;
    }

    void join(Capture joined) {
        capture = joined;
    }

    void endCapture() {
        capture = null;
        tips.clear();
    }

    @Override
    public String toString() {
        return name;
    }
}
