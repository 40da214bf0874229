package dev.elbo.simulator;

import java.util.ArrayList;
import java.util.List;

/// What was noticed, in order. Bounded, so that a loop of mistakes does not fill the memory.
public final class Reports {
    private static final int KEPT = 1000;

    private final List<Report> reports = new ArrayList<>();
    private final List<String> refusals = new ArrayList<>();
    private Throwable broken;

    Reports() {}

    /// Notes a mistake that the caller was not told of, or not fully.
    public synchronized void add(Report.Kind kind, String text) {
        if (reports.size() < KEPT) reports.add(new Report(kind, text));
    }

    /// Notes why a call answered with a status that is not success.
    public synchronized void refuse(String text) {
        if (refusals.size() == KEPT) refusals.removeFirst();
        refusals.add(text);
    }

    /// Notes that the simulator itself failed; the first cause is kept.
    public synchronized void broken(String call, Throwable cause) {
        add(Report.Kind.SIMULATOR, call + ": " + cause);
        if (broken == null) broken = cause;
    }

    /// The mistakes so far.
    public synchronized List<Report> all() {
        return List.copyOf(reports);
    }

    /// The mistakes so far, which are then forgotten.
    synchronized List<Report> take() {
        List<Report> taken = List.copyOf(reports);
        reports.clear();
        broken = null;
        return taken;
    }

    /// The reasons of the calls that failed so far, the last of them last.
    public synchronized List<String> refusals() {
        return List.copyOf(refusals);
    }

    synchronized void clear() {
        reports.clear();
        refusals.clear();
        broken = null;
    }

    /// Throws what was noted and forgets it.
    synchronized void rethrow() {
        if (reports.isEmpty()) return;
        StringBuilder text = new StringBuilder("simulated GPU: " + reports.size() + " report(s)");
        reports.forEach(report -> text.append("\n  ").append(report));
        AssertionError error = new AssertionError(text.toString(), broken);
        reports.clear();
        broken = null;
        throw error;
    }
}
