package dev.elbo.simulator.driver;

import dev.elbo.simulator.Report;
import dev.elbo.simulator.shim.Failure;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

/// A stream's work being written into a graph instead of being done.
final class Capture {
    static final int GLOBAL = 0;
    static final int THREAD_LOCAL = 1;
    static final int RELAXED = 2;

    final Driver driver;
    final Stream origin;
    final int mode;
    final long thread;
    final Origin begun;
    final Graph graph = new Graph();
    private final Set<Stream> streams = new LinkedHashSet<>();
    private String broken;

    private Capture(Driver driver, Stream origin, int mode) {
        this.driver = driver;
        this.origin = origin;
        this.mode = mode;
        this.thread = driver.thread();
        this.begun = driver.origin();
        driver.captures.add(this);
        join(origin);
    }

    static void begin(Driver driver, Stream stream, int mode) {
        if (mode < GLOBAL || mode > RELAXED) throw Result.INVALID_VALUE.because("mode=" + mode);
        if (stream == stream.context.legacy) {
            throw Result.STREAM_CAPTURE_UNSUPPORTED.because("the legacy stream cannot be captured");
        }
        if (stream.capture() != null) {
            throw Result.ILLEGAL_STATE.because(stream + " is being captured since " + stream.capture().begun);
        }
        new Capture(driver, stream, mode);
    }

    private void join(Stream stream) {
        streams.add(stream);
        stream.join(this);
    }

    boolean invalidated() {
        return broken != null;
    }

    /// Spoils the capture; everything in it fails until it is ended.
    void invalidate(String why) {
        if (broken == null) broken = why;
    }

    private void check() {
        if (broken != null) throw Result.STREAM_CAPTURE_INVALIDATED.because("capture was spoiled before: " + broken);
    }

    /// Writes work down.
    Node add(Stream stream, Work work) {
        check();
        Node node = graph.add(work, stream.tips());
        stream.tips().clear();
        stream.tips().add(node);
        return node;
    }

    /// A stream waits for an event that was recorded in a capture: it takes part from now on.
    static void await(Stream stream, Event event) {
        Capture capture = event.capture();
        if (capture.origin.capture() != capture) {
            throw Result.CAPTURED_EVENT.because("the event was recorded in a capture that has ended");
        }
        capture.check();
        if (stream == stream.context.legacy) {
            capture.invalidate("the legacy stream was made to wait for it");
            throw Result.STREAM_CAPTURE_IMPLICIT.because("the legacy stream cannot wait for captured work");
        }
        if (stream.capture() == null) capture.join(stream);
        if (stream.capture() != capture) {
            capture.invalidate("a stream of another capture was made to wait for it");
            stream.capture().invalidate("it was made to wait for another capture");
            throw Result.STREAM_CAPTURE_MERGE.because(stream + " is in another capture than the event");
        }
        stream.tips().addAll(event.captured());
    }

    /// A stream that is being captured waits for an event of running work.
    static void isolation(Stream stream) {
        stream.capture().invalidate("it was made to wait for work outside of it");
        throw Result.STREAM_CAPTURE_ISOLATION.because(
                "a captured stream waits for an event that was recorded outside of the capture; stream=" + stream);
    }

    /// Ends the capture.
    Graph end(Stream stream) {
        if (stream != origin) {
            invalidate("it was ended in another stream than it began in");
            throw Result.STREAM_CAPTURE_UNMATCHED.because("began in=" + origin + ", ended in=" + stream);
        }
        if (mode != RELAXED && driver.thread() != thread) {
            throw Result.STREAM_CAPTURE_WRONG_THREAD.because("capture was begun by another thread, " + begun);
        }
        Set<Node> joined = new HashSet<>();
        origin.tips().forEach(tip -> joined.addAll(tip.history()));
        Stream loose = streams.stream()
                .filter(each -> !joined.containsAll(each.tips()))
                .findFirst()
                .orElse(null);
        close();
        check();
        if (loose != null) {
            throw Result.STREAM_CAPTURE_UNJOINED.because(loose + " was forked from " + origin
                    + " and never joined again; record an event in it and wait for it");
        }
        return graph;
    }

    /// A stream that takes part goes away.
    void destroyed(Stream stream) {
        invalidate(stream + " was destroyed during the capture");
        if (stream == origin) close();
    }

    private void close() {
        streams.forEach(Stream::endCapture);
        driver.captures.remove(this);
    }

    /// A call that would wait for a captured stream.
    static void refuseWait(Driver driver, Stream stream) {
        if (stream.capture() == null) return;
        stream.capture().invalidate("synchronised by " + driver.call());
        throw refusal(driver, "synchronisation inside a capture", stream.capture());
    }

    /// A call that would wait for a whole context.
    static void refuseWait(Driver driver, Context context) {
        for (Stream stream : context.all()) refuseWait(driver, stream);
    }

    /// A call that would put work into the legacy stream, which blocking streams must not be captured beside.
    static void refuseImplicit(Driver driver, Context context) {
        Stream stream = context.capturing();
        if (stream == null) return;
        stream.capture().invalidate("the legacy stream was used by " + driver.call());
        String text = "the legacy stream was used while a blocking stream is captured; stream=" + stream
                + ", capture begun by=" + stream.capture().begun;
        driver.reports.add(Report.Kind.CAPTURE, driver.call() + ": " + text);
        throw Result.STREAM_CAPTURE_IMPLICIT.because(text);
    }

    /// A question about the legacy stream, which has no answer while a blocking stream is captured. It spoils nothing.
    static void refuseImplicitQuery(Stream stream) {
        if (stream == stream.context.legacy && stream.context.capturing() != null) {
            throw Result.STREAM_CAPTURE_IMPLICIT.because("a blocking stream is being captured");
        }
    }

    /// A call that CUDA calls potentially unsafe, such as one that allocates or frees.
    ///
    /// @param what the call does, in a noun
    static void refuseUnsafe(Driver driver, String what) {
        int threadMode = driver.state().captureMode;
        if (threadMode == RELAXED) return;
        for (Capture capture : driver.captures) {
            if (capture.mode == RELAXED) continue;
            boolean mine = capture.thread == driver.thread();
            if (mine || capture.mode == GLOBAL && threadMode == GLOBAL) {
                capture.invalidate(what + " by " + driver.call());
                throw refusal(driver, what + " inside a capture", capture);
            }
        }
    }

    /// A free, which Elbo does not allow beside any capture that is not relaxed, or another thread's own.
    static void reportFree(Driver driver, long address) {
        for (Capture capture : driver.captures) {
            if (capture.mode == RELAXED) continue;
            if (capture.mode == THREAD_LOCAL && capture.thread != driver.thread()) continue;
            driver.reports.add(
                    Report.Kind.CAPTURE,
                    driver.call() + ": free during capture; address=0x" + Long.toHexString(address) + ", which is "
                            + driver.bytes.describe(address) + ", capture begun by=" + capture.begun);
            return;
        }
    }

    private static Failure refusal(Driver driver, String what, Capture capture) {
        String text = what + "; capture begun by=" + capture.begun;
        driver.reports.add(Report.Kind.CAPTURE, driver.call() + ": " + text);
        return Result.STREAM_CAPTURE_UNSUPPORTED.because(text);
    }
}
