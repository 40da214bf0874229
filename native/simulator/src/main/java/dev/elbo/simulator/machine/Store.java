package dev.elbo.simulator.machine;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.elbo.simulator.memory.Allocation;
import dev.elbo.simulator.ptx.Space;
import java.lang.foreign.MemorySegment;

/// `st`: one or more registers to memory.
final class Store extends MemoryInstruction {
    /// What is stored.
    ///
    /// @param width  bytes of an element
    /// @param isLong whether each register is a long
    /// @param rows   rows of the registers
    record Source(int width, boolean[] isLong, int[] rows) {}

    private final Source source;

    Store(AddressOperand operand, Source source, int slot) {
        super(operand, source.width * source.rows.length, slot, "store");
        this.source = source;
    }

    @Override
    void access(Warp warp, int mask, Allocation memory, Space space, Pattern pattern) {
        MemorySegment segment = memory.bytes();
        if (space == Space.SHARED) {
            races(warp, mask, memory, segment);
        } else if (space == Space.GLOBAL) {
            warp.storedBytes += (long) Integer.bitCount(mask) * bytes();
        }
        noteWritten(warp, mask, memory, pattern);
        for (int k = 0; k < source.rows.length; k++) {
            element(warp, mask, segment, k, pattern);
        }
    }

    private void element(Warp warp, int mask, MemorySegment segment, int k, Pattern pattern) {
        int row = source.rows[k];
        int shift = k * source.width;
        long[] offsets = warp.offsets;
        if (source.width == 4 && !source.isLong[k]) {
            int[] a = warp.words[row];
            if (pattern == Pattern.CONSECUTIVE && source.rows.length == 1) {
                MemorySegment.copy(a, 0, segment, JAVA_INT_UNALIGNED, offsets[0], Lanes.COUNT);
            } else {
                for (int left = mask; left != 0; left &= left - 1) {
                    int lane = Integer.numberOfTrailingZeros(left);
                    segment.set(JAVA_INT_UNALIGNED, offsets[lane] + shift, a[lane]);
                }
            }
            return;
        }
        for (int left = mask; left != 0; left &= left - 1) {
            int lane = Integer.numberOfTrailingZeros(left);
            long value = value(warp, k, lane);
            long offset = offsets[lane] + shift;
            switch (source.width) {
                case 1 -> segment.set(JAVA_BYTE, offset, (byte) value);
                case 2 -> segment.set(JAVA_SHORT_UNALIGNED, offset, (short) value);
                case 4 -> segment.set(JAVA_INT_UNALIGNED, offset, (int) value);
                default -> segment.set(JAVA_LONG_UNALIGNED, offset, value);
            }
        }
    }

    private long value(Warp warp, int k, int lane) {
        return source.isLong[k] ? warp.longs[source.rows[k]][lane] : warp.words[source.rows[k]][lane];
    }

    private void races(Warp warp, int mask, Allocation memory, MemorySegment segment) {
        RaceShadow races = warp.block.races(memory);
        if (races == null) {
            return;
        }
        int conflicts = races.write(warp, mask, bytes(), false, warp.repeated);
        for (int left = warp.repeated[0]; left != 0; left &= left - 1) {
            int lane = Integer.numberOfTrailingZeros(left);
            conflicts |= changes(warp, mask, lane, segment) ? 1 << lane : 0;
        }
        if (conflicts != 0) {
            throw race(warp, conflicts, memory, "write");
        }
    }

    /// Whether a lane writes something else than the other thread that writes there: a lane of this very store, else
    /// whoever wrote what is there now.
    private boolean changes(Warp warp, int mask, int lane, MemorySegment segment) {
        boolean here = false;
        for (int left = mask & ~(1 << lane); left != 0; left &= left - 1) {
            int other = Integer.numberOfTrailingZeros(left);
            if (warp.offsets[other] != warp.offsets[lane]) {
                continue;
            }
            here = true;
            for (int k = 0; k < source.rows.length; k++) {
                if (bits(value(warp, k, other)) != bits(value(warp, k, lane))) {
                    return true;
                }
            }
        }
        for (int k = 0; k < source.rows.length && !here; k++) {
            long offset = warp.offsets[lane] + (long) k * source.width;
            long old = switch (source.width) {
                case 1 -> segment.get(JAVA_BYTE, offset);
                case 2 -> segment.get(JAVA_SHORT_UNALIGNED, offset);
                case 4 -> segment.get(JAVA_INT_UNALIGNED, offset);
                default -> segment.get(JAVA_LONG_UNALIGNED, offset);
            };
            if (bits(old) != bits(value(warp, k, lane))) {
                return true;
            }
        }
        return false;
    }

    private long bits(long value) {
        return source.width == 8 ? value : value & ((1L << (8 * source.width)) - 1);
    }
}
