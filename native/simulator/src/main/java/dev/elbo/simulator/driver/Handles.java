package dev.elbo.simulator.driver;

import dev.elbo.simulator.Report;
import dev.elbo.simulator.Reports;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The opaque pointers that C callers hold, and what they stand for.
///
/// No handle is given twice, so that one that was destroyed is known for what it was.
public final class Handles {
    // Nobody may read or write through a handle: the range lies outside of what a process can map.
    private static final long FIRST = 0x0000_8e1b_0000_0000L;
    private static final long STEP = 16;

    // How many ended handles are still known for what they were.
    private static final int REMEMBERED = 1 << 14;

    private record Entry(Object thing, Class<?> kind, Origin made, String gone) {}

    private final Map<Long, Entry> entries = new HashMap<>();
    private final ArrayDeque<Long> ended = new ArrayDeque<>();
    private final Reports reports;
    private long next = FIRST;

    Handles(Reports reports) {
        this.reports = reports;
    }

    /// A new handle.
    long add(Object thing, Origin made) {
        long handle = next;
        next += STEP;
        entries.put(handle, new Entry(thing, thing.getClass(), made, null));
        return handle;
    }

    /// What a handle stands for.
    ///
    /// @throws dev.elbo.simulator.shim.Failure INVALID_HANDLE, with a report, if it stands for nothing of this kind
    public <T> T get(long handle, Class<T> kind) {
        Entry entry = entries.get(handle);
        if (entry != null && kind.isInstance(entry.thing)) return kind.cast(entry.thing);
        String text = "not a live " + name(kind) + "; handle=0x" + Long.toHexString(handle) + ", " + what(entry);
        reports.add(Report.Kind.HANDLE, text);
        throw Result.INVALID_HANDLE.because(text);
    }

    /// The handle of a live thing.
    long of(Object thing) {
        return entries.entrySet().stream()
                .filter(each -> each.getValue().thing == thing)
                .mapToLong(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> Result.INVALID_HANDLE.because("no handle"));
    }

    /// Ends a handle.
    <T> T remove(long handle, Class<T> kind, String by) {
        T thing = get(handle, kind);
        end(handle, by);
        return thing;
    }

    private void end(long handle, String by) {
        entries.computeIfPresent(handle, (_, entry) -> new Entry(null, entry.kind, entry.made, by));
        ended.add(handle);
        if (ended.size() > REMEMBERED) entries.remove(ended.remove());
    }

    /// The live things of a kind with what made them, oldest first.
    <T> List<Map.Entry<T, Origin>> live(Class<T> kind) {
        List<Map.Entry<T, Origin>> live = new ArrayList<>();
        entries.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(Map.Entry::getValue)
                .forEach(entry -> {
                    if (kind.isInstance(entry.thing)) {
                        live.add(Map.entry(kind.cast(entry.thing), entry.made));
                    }
                });
        return live;
    }

    /// Ends every handle.
    void clear() {
        List<Long> live = entries.entrySet().stream()
                .filter(each -> each.getValue().thing != null)
                .map(Map.Entry::getKey)
                .toList();
        live.forEach(handle -> end(handle, "reset"));
    }

    private static String what(Entry entry) {
        if (entry == null) return "never given out";
        String what = name(entry.kind) + " made by " + entry.made;
        return entry.gone == null ? "is=" + what : "was=" + what + ", destroyed by=" + entry.gone;
    }

    private static String name(Class<?> kind) {
        return kind.getSimpleName().replaceAll("(?<=.)([A-Z])", " $1").toLowerCase(java.util.Locale.ROOT);
    }
}
