package dev.elbo.simulator.machine;

import dev.elbo.simulator.memory.Allocation;
import java.util.List;

/// Local memory of the threads of a warp: one allocation per variable, with a piece for each lane.
final class LocalMemory {
    private final List<Layout.Range> ranges;
    private final Allocation[] pieces;

    LocalMemory(Layout frame) {
        ranges = frame.ranges(0);
        pieces = ranges.stream()
                .map(r -> Allocation.of(r.start(), stride(r) * Lanes.COUNT, "local variable " + r.name()))
                .toArray(Allocation[]::new);
    }

    /// Number of the variable that holds `bytes` bytes at `address`, or -1.
    int find(long address, int bytes) {
        for (int i = 0; i < pieces.length; i++) {
            long offset = address - ranges.get(i).start();
            if (offset >= 0 && offset <= ranges.get(i).bytes() - bytes) {
                return i;
            }
        }
        return -1;
    }

    Allocation variable(int number) {
        return pieces[number];
    }

    /// Where in a variable's allocation a lane's byte lies.
    long offset(int number, int lane, long address) {
        Layout.Range range = ranges.get(number);
        return stride(range) * lane + (address - range.start());
    }

    String describe(long address) {
        for (Layout.Range range : ranges.reversed()) {
            if (range.start() <= address) {
                return (address - range.start() - range.bytes()) + " bytes past the end of local variable "
                        + range.name() + " of " + range.bytes() + " bytes";
            }
        }
        return "at byte " + address + ", where no local variable lies";
    }

    void clear() {
        for (Allocation piece : pieces) {
            piece.written().clear();
        }
    }

    /// A multiple of the widest access, so that lanes are aligned alike.
    private static long stride(Layout.Range range) {
        return (range.bytes() + 15) & -16;
    }
}
