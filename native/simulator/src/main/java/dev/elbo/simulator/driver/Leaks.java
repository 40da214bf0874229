package dev.elbo.simulator.driver;

import java.util.ArrayList;
import java.util.List;

/// What a context still holds, with the calls that made it.
final class Leaks {
    private Leaks() {}

    static List<String> of(Driver driver, Context context) {
        List<String> leaks = new ArrayList<>();
        for (Memory.Owned each : driver.memory.of(context)) {
            leaks.add(leak(
                    context,
                    "device memory",
                    "bytes=" + each.allocation().size() + ", address=0x"
                            + Long.toHexString(each.allocation().address()),
                    each.made()));
        }
        for (HostMemory.Pinned each : driver.host.of(context)) {
            leaks.add(leak(
                    context, "pinned host memory", "bytes=" + each.segment().byteSize(), each.made()));
        }
        driver.handles.live(Stream.class).stream()
                .filter(each -> each.getKey().context == context)
                .forEach(each -> leaks.add(leak(context, "stream", "name=" + each.getKey(), each.getValue())));
        driver.handles.live(Event.class).stream()
                .filter(each -> each.getKey().context == context)
                .forEach(each -> leaks.add(leak(context, "event", "flags=" + each.getKey().flags, each.getValue())));
        driver.handles.live(GraphExec.class).stream()
                .filter(each -> each.getKey().context == context)
                .forEach(each -> leaks.add(
                        leak(context, "executable graph", each.getKey().toString(), each.getValue())));
        return leaks;
    }

    private static String leak(Context context, String what, String which, Origin made) {
        return "left when the " + context + " ended: " + what + "; " + which + ", made by=" + made;
    }
}
