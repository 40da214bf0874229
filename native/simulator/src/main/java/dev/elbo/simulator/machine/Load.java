package dev.elbo.simulator.machine;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.elbo.simulator.memory.Allocation;
import dev.elbo.simulator.ptx.Space;
import java.lang.foreign.MemorySegment;

/// `ld`: memory to one or more registers.
final class Load extends MemoryInstruction {
    /// What is loaded, and where to.
    ///
    /// @param width   bytes of an element
    /// @param signed  whether an element narrower than its register is extended by its sign
    /// @param isLong  whether the registers are longs
    /// @param rows    rows of the registers; -1 throws the element away
    /// @param keeps16 whether the registers hold 16 bits
    record Target(int width, boolean signed, boolean isLong, int[] rows, boolean keeps16) {}

    private final Target target;

    Load(AddressOperand operand, Target target, int slot) {
        super(operand, target.width * target.rows.length, slot, "load");
        this.target = target;
    }

    @Override
    void access(Warp warp, int mask, Allocation memory, Space space, Pattern pattern) {
        requireWritten(warp, mask, memory, space, pattern);
        if (space == Space.SHARED) {
            RaceShadow races = warp.block.races(memory);
            int conflicts = races == null ? 0 : races.read(warp, mask, bytes(), pattern == Pattern.UNIFORM);
            if (conflicts != 0) {
                throw race(warp, conflicts, memory, "read");
            }
        } else if (space == Space.GLOBAL) {
            warp.loadedBytes += (long) Integer.bitCount(mask) * bytes();
        }
        MemorySegment segment = memory.bytes();
        for (int k = 0; k < target.rows.length; k++) {
            if (target.rows[k] >= 0) {
                element(warp, mask, segment, target.rows[k], k * target.width, pattern);
            }
        }
    }

    private void element(Warp warp, int mask, MemorySegment segment, int row, int shift, Pattern pattern) {
        if (target.width == 8) {
            longs(warp, mask, segment, warp.longs[row], shift);
        } else if (target.isLong) {
            int[] narrow = new int[Lanes.COUNT];
            words(warp, mask, segment, narrow, shift, pattern);
            long[] d = warp.longs[row];
            for (int i = 0; i < Lanes.COUNT; i++) {
                long wide = target.signed ? narrow[i] : narrow[i] & 0xffff_ffffL;
                d[i] = (mask >>> i & 1) != 0 ? wide : d[i];
            }
        } else {
            words(warp, mask, segment, warp.words[row], shift, pattern);
        }
    }

    private void words(Warp warp, int mask, MemorySegment segment, int[] d, int shift, Pattern pattern) {
        long[] offsets = warp.offsets;
        if (target.width < 4) {
            for (int left = mask; left != 0; left &= left - 1) {
                int lane = Integer.numberOfTrailingZeros(left);
                d[lane] = narrow(segment, offsets[lane] + shift);
            }
        } else if (pattern == Pattern.CONSECUTIVE && target.rows.length == 1) {
            MemorySegment.copy(segment, JAVA_INT_UNALIGNED, offsets[0], d, 0, Lanes.COUNT);
        } else if (pattern == Pattern.UNIFORM) {
            int value = segment.get(JAVA_INT_UNALIGNED, offsets[Integer.numberOfTrailingZeros(mask)] + shift);
            for (int i = 0; i < Lanes.COUNT; i++) {
                d[i] = (mask >>> i & 1) != 0 ? value : d[i];
            }
        } else if (mask == -1) {
            for (int i = 0; i < Lanes.COUNT; i++) {
                d[i] = segment.get(JAVA_INT_UNALIGNED, offsets[i] + shift);
            }
        } else {
            for (int left = mask; left != 0; left &= left - 1) {
                int lane = Integer.numberOfTrailingZeros(left);
                d[lane] = segment.get(JAVA_INT_UNALIGNED, offsets[lane] + shift);
            }
        }
    }

    private void longs(Warp warp, int mask, MemorySegment segment, long[] d, int shift) {
        long[] offsets = warp.offsets;
        for (int left = mask; left != 0; left &= left - 1) {
            int lane = Integer.numberOfTrailingZeros(left);
            d[lane] = segment.get(JAVA_LONG_UNALIGNED, offsets[lane] + shift);
        }
    }

    private int narrow(MemorySegment segment, long offset) {
        int value = target.width == 1 ? segment.get(JAVA_BYTE, offset) : segment.get(JAVA_SHORT_UNALIGNED, offset);
        int kept = target.signed ? value : value & (target.width == 1 ? 0xff : 0xffff);
        return target.keeps16 ? kept & 0xffff : kept;
    }
}
