package dev.elbo.runtime;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// What lives in a device's memory: who owns it, how much, and which call asked for it.
///
/// Memory is freed by closing its arena, which tells nobody; the ledger therefore looks at the scopes it knows and
/// drops those that have ended. A device has few arenas, so looking costs little, and the high-water mark is exact
/// because it is only ever raised by an allocation, after looking.
public final class Ledger {
    /// One allocation.
    ///
    /// @param owner       name of the memory it was taken from
    /// @param bytes       size
    /// @param allocatedBy the first caller outside of the runtime's own memory classes
    public record Entry(String owner, long bytes, String allocatedBy) {}

    private static final StackWalker CALLERS = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

    private final Map<MemorySegment.Scope, List<Entry>> living = new HashMap<>();
    private long liveBytes;
    private long highWaterBytes;

    Ledger() {}

    void allocated(MemorySegment.Scope scope, String owner, long bytes) {
        settle();
        living.computeIfAbsent(scope, _ -> new ArrayList<>()).add(new Entry(owner, bytes, caller()));
        liveBytes += bytes;
        highWaterBytes = Math.max(highWaterBytes, liveBytes);
    }

    /// Bytes allocated and not yet freed.
    public long liveBytes() {
        settle();
        return liveBytes;
    }

    /// The most bytes that were ever live at once.
    public long highWaterBytes() {
        return highWaterBytes;
    }

    /// Every live allocation, the largest first.
    public List<Entry> live() {
        settle();
        return living.values().stream()
                .flatMap(List::stream)
                .sorted(Comparator.comparingLong(Entry::bytes).reversed())
                .toList();
    }

    /// One line per owner and caller, the largest first, under a line of totals.
    public String report() {
        Map<String, long[]> sums = new HashMap<>();
        for (Entry entry : live()) {
            long[] sum = sums.computeIfAbsent(entry.owner + ", from " + entry.allocatedBy, _ -> new long[2]);
            sum[0] += entry.bytes;
            sum[1]++;
        }
        StringBuilder text = new StringBuilder("live=" + liveBytes() + ", high water=" + highWaterBytes + " bytes");
        sums.entrySet().stream()
                .sorted(Comparator.comparingLong(line -> -line.getValue()[0]))
                .forEach(line -> text.append(
                        "\n  %,d bytes in %d by %s".formatted(line.getValue()[0], line.getValue()[1], line.getKey())));
        return text.toString();
    }

    private void settle() {
        for (Iterator<Map.Entry<MemorySegment.Scope, List<Entry>>> each =
                        living.entrySet().iterator();
                each.hasNext(); ) {
            Map.Entry<MemorySegment.Scope, List<Entry>> arena = each.next();
            if (!arena.getKey().isAlive()) {
                for (Entry entry : arena.getValue()) {
                    liveBytes -= entry.bytes;
                }
                each.remove();
            }
        }
    }

    private static String caller() {
        return CALLERS.walk(frames -> frames.filter(frame -> !isPlumbing(frame.getDeclaringClass()))
                .findFirst()
                .map(frame -> frame.getClassName() + "." + frame.getMethodName() + ":" + frame.getLineNumber())
                .orElse("unknown"));
    }

    private static boolean isPlumbing(Class<?> type) {
        return type == Ledger.class || Device.class.isAssignableFrom(type) || Memory.class.isAssignableFrom(type);
    }
}
