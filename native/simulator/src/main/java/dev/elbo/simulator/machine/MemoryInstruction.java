package dev.elbo.simulator.machine;

import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;
import dev.elbo.simulator.ptx.Space;

/// An instruction that goes to memory: finds whose memory each lane's address is, and checks it.
///
/// Lanes mostly fall into one allocation, the one that this instruction met last, side by side or all at one
/// address; those two patterns are passed on to the access, which can then do with one check and one copy.
abstract class MemoryInstruction extends Instruction {
    /// How the lanes' offsets lie.
    enum Pattern {
        /// Anyhow.
        SCATTERED,
        /// All active lanes at one address.
        UNIFORM,
        /// All 32 lanes active, each one access further than the lane before.
        CONSECUTIVE
    }

    /// An address operand.
    ///
    /// @param row    row of the base
    /// @param isLong whether the base is a long
    /// @param offset added to it
    record AddressOperand(Space space, int row, boolean isLong, long offset) {
        /// The address of one lane.
        long address(Warp warp, int lane) {
            return (isLong ? warp.longs[row][lane] : warp.words[row][lane] & 0xffff_ffffL) + offset;
        }
    }

    private final AddressOperand operand;
    private final int bytes;
    private final int slot;
    private final String what;

    /// @param bytes bytes that one lane touches, a power of two
    /// @param slot  number of this instruction among those that go to memory
    /// @param what  the access in words, as in "load"
    MemoryInstruction(AddressOperand operand, int bytes, int slot, String what) {
        this.operand = operand;
        this.bytes = bytes;
        this.slot = slot;
        this.what = what + " of " + bytes + " bytes";
    }

    /// The access itself: memory is live, offsets are inside it and aligned.
    ///
    /// @param memory  whose offsets stand in [Warp#offsets]
    /// @param space   where the memory is, never generic
    /// @param pattern what is known about the offsets
    abstract void access(Warp warp, int mask, Allocation memory, Space space, Pattern pattern);

    /// Bytes that one lane touches.
    final int bytes() {
        return bytes;
    }

    final String what() {
        return what;
    }

    @Override
    final void run(Warp warp, int mask) {
        long[] at = warp.addresses;
        long offset = operand.offset;
        if (operand.isLong) {
            long[] base = warp.longs[operand.row];
            for (int i = 0; i < Lanes.COUNT; i++) {
                at[i] = base[i] + offset;
            }
        } else {
            int[] base = warp.words[operand.row];
            for (int i = 0; i < Lanes.COUNT; i++) {
                at[i] = (base[i] & 0xffff_ffffL) + offset;
            }
        }
        switch (operand.space) {
            case GLOBAL, CONST -> whole(warp, mask, warp.block.global(), Space.GLOBAL);
            case SHARED -> shared(warp, mask);
            case PARAM -> whole(warp, mask, warp.block.parameters(), Space.PARAM);
            case LOCAL -> local(warp, mask);
            case GENERIC -> generic(warp, mask);
        }
    }

    private void generic(Warp warp, int mask) {
        long[] at = warp.addresses;
        int shared = 0;
        int local = 0;
        int parameter = 0;
        for (int left = mask; left != 0; left &= left - 1) {
            int lane = Integer.numberOfTrailingZeros(left);
            long address = at[lane];
            if (Windows.inside(address, Windows.SHARED)) {
                shared |= 1 << lane;
                at[lane] = address - Windows.SHARED;
            } else if (Windows.inside(address, Windows.LOCAL)) {
                local |= 1 << lane;
                at[lane] = address - Windows.LOCAL;
            } else if (Windows.inside(address, Windows.PARAM)) {
                parameter |= 1 << lane;
                at[lane] = address - Windows.PARAM;
            }
        }
        int global = mask & ~shared & ~local & ~parameter;
        if (global != 0) {
            whole(warp, global, warp.block.global(), Space.GLOBAL);
        }
        if (shared != 0) {
            shared(warp, shared);
        }
        if (local != 0) {
            local(warp, local);
        }
        if (parameter != 0) {
            whole(warp, parameter, warp.block.parameters(), Space.PARAM);
        }
    }

    /// Shared memory of the own block, or, through mapped addresses, of others of the cluster.
    private void shared(Warp warp, int mask) {
        if (warp.block.cluster().size() == 1) {
            whole(warp, mask, warp.block.shared(), Space.SHARED);
            return;
        }
        long[] at = warp.addresses;
        for (int left = mask; left != 0; ) {
            int first = Integer.numberOfTrailingZeros(left);
            long window = at[first] >>> Cluster.RANK;
            Block owner = window == 0 ? warp.block : warp.block.cluster().block((int) Math.min(window, 1 << 20) - 1);
            if (owner == null) {
                throw warp.fault(
                        Kind.OUT_OF_BOUNDS, what + " in a block that the cluster does not have", first, at[first]);
            }
            if (owner.done()) {
                String text = what + " in shared memory of block " + owner.index() + ", which has ended";
                throw warp.fault(Kind.USE_AFTER_FREE, text, first, at[first]);
            }
            int same = 0;
            for (int more = left; more != 0; more &= more - 1) {
                int lane = Integer.numberOfTrailingZeros(more);
                if (at[lane] >>> Cluster.RANK == window) {
                    same |= 1 << lane;
                }
            }
            for (int more = same; more != 0; more &= more - 1) {
                at[Integer.numberOfTrailingZeros(more)] &= (1L << Cluster.RANK) - 1;
            }
            // Variables have the same addresses in every block: what the instruction met last may be another block's.
            warp.recent[slot] = null;
            whole(warp, same, owner.shared(), Space.SHARED);
            left &= ~same;
        }
    }

    /// Takes the lanes allocation by allocation.
    private void whole(Warp warp, int mask, AddressSpace addresses, Space space) {
        for (int left = mask; left != 0; ) {
            left = piece(warp, left, addresses, space);
        }
    }

    /// Serves the lanes that fall into the same allocation as the first.
    ///
    /// @return the lanes left
    private int piece(Warp warp, int mask, AddressSpace addresses, Space space) {
        long[] at = warp.addresses;
        int first = Integer.numberOfTrailingZeros(mask);
        // A generic access may meet parameters and shared memory, whose addresses both begin at 0.
        Allocation memory = space == Space.PARAM ? null : warp.recent[slot];
        if (memory == null || !memory.contains(at[first], bytes)) {
            memory = addresses.find(at[first], bytes);
            if (memory == null) {
                throw warp.fault(Kind.OUT_OF_BOUNDS, what + " " + addresses.describe(at[first]), first, at[first]);
            }
            warp.recent[slot] = memory;
        }
        if (memory.freed()) {
            throw warp.fault(Kind.USE_AFTER_FREE, what + " " + addresses.describe(at[first]), first, at[first]);
        }
        long base = memory.address();
        long limit = memory.size() - bytes;
        long[] offsets = warp.offsets;
        long start = at[first] - base;
        if (mask == -1) {
            long outside = 0;
            long unaligned = 0;
            long apart = 0;
            long broken = 0;
            for (int i = 0; i < Lanes.COUNT; i++) {
                long offset = at[i] - base;
                offsets[i] = offset;
                outside |= offset | (limit - offset);
                unaligned |= at[i];
                apart |= offset ^ start;
                broken |= offset ^ (start + (long) i * bytes);
            }
            if (outside >= 0 && (unaligned & (bytes - 1)) == 0) {
                Pattern pattern = broken == 0 ? Pattern.CONSECUTIVE : apart == 0 ? Pattern.UNIFORM : Pattern.SCATTERED;
                access(warp, mask, memory, space, pattern);
                return 0;
            }
        }
        return some(warp, mask, memory, space, start);
    }

    /// Serves lanes one by one: some are idle, or not all is well.
    private int some(Warp warp, int mask, Allocation memory, Space space, long start) {
        long[] at = warp.addresses;
        int inside = 0;
        long apart = 0;
        for (int left = mask; left != 0; left &= left - 1) {
            int lane = Integer.numberOfTrailingZeros(left);
            if (!memory.contains(at[lane], bytes)) {
                continue;
            }
            if ((at[lane] & (bytes - 1)) != 0) {
                throw warp.fault(
                        Kind.MISALIGNED,
                        what + " at byte " + (at[lane] - memory.address()) + " of " + memory.label()
                                + "; the address is no multiple of " + bytes,
                        lane,
                        at[lane]);
            }
            inside |= 1 << lane;
            warp.offsets[lane] = at[lane] - memory.address();
            apart |= warp.offsets[lane] ^ start;
        }
        access(warp, inside, memory, space, apart == 0 ? Pattern.UNIFORM : Pattern.SCATTERED);
        return mask & ~inside;
    }

    private void local(Warp warp, int mask) {
        LocalMemory local = warp.local;
        long[] at = warp.addresses;
        for (int left = mask; left != 0; ) {
            int first = Integer.numberOfTrailingZeros(left);
            int variable = local.find(at[first], bytes);
            int same = 0;
            for (int more = left; more != 0; more &= more - 1) {
                int lane = Integer.numberOfTrailingZeros(more);
                if (variable < 0) {
                    throw warp.fault(Kind.OUT_OF_BOUNDS, what + " " + local.describe(at[lane]), lane, at[lane]);
                }
                if ((at[lane] & (bytes - 1)) != 0) {
                    throw warp.fault(Kind.MISALIGNED, what + " in local memory", lane, at[lane]);
                }
                if (local.find(at[lane], bytes) == variable) {
                    same |= 1 << lane;
                    warp.offsets[lane] = local.offset(variable, lane, at[lane]);
                }
            }
            access(warp, same, local.variable(variable), Space.LOCAL, Pattern.SCATTERED);
            left &= ~same;
        }
    }

    /// Reports the first lane that would read what nobody wrote.
    final void requireWritten(Warp warp, int mask, Allocation memory, Space space, Pattern pattern) {
        if (!warp.block.options().initialised() || memory.written() == null) {
            return;
        }
        long[] offsets = warp.offsets;
        switch (pattern) {
            case UNIFORM -> {
                int first = Integer.numberOfTrailingZeros(mask);
                if (memory.written().coversAligned(offsets[first], bytes)) {
                    return;
                }
            }
            case CONSECUTIVE -> {
                if (memory.written().covers(offsets[0], (long) bytes * Lanes.COUNT)) {
                    return;
                }
            }
            case SCATTERED -> {
                if (mask == -1 && memory.written().coversAligned(offsets, bytes)) {
                    return;
                }
            }
        }
        for (int left = mask; left != 0; left &= left - 1) {
            int lane = Integer.numberOfTrailingZeros(left);
            if (!memory.written().coversAligned(offsets[lane], bytes)) {
                long gap = memory.written().firstGap(offsets[lane], bytes);
                throw warp.fault(
                        Kind.UNINITIALISED_READ,
                        what + " at byte " + gap + " of " + memory.label() + " of " + memory.size() + " bytes"
                                + (space == Space.SHARED
                                        ? ": never filled, or a barrier is missing before this read"
                                        : ""),
                        lane,
                        warp.addresses[lane]);
            }
        }
    }

    /// Notes what the lanes wrote.
    final void noteWritten(Warp warp, int mask, Allocation memory, Pattern pattern) {
        if (memory.written() == null) {
            return;
        }
        long[] offsets = warp.offsets;
        if (pattern == Pattern.CONSECUTIVE) {
            memory.written().set(offsets[0], (long) bytes * Lanes.COUNT);
            return;
        }
        for (int left = mask; left != 0; left &= left - 1) {
            memory.written().setAligned(offsets[Integer.numberOfTrailingZeros(left)], bytes);
        }
    }

    /// Reports a race that one of `lanes` takes part in.
    final SimulatorFault race(Warp warp, int lanes, Allocation memory, String access) {
        int lane = Integer.numberOfTrailingZeros(lanes);
        int other = warp.block.races(memory).other(warp.offsets[lane], warp.clock, lane);
        int threads = warp.block.warpCount() * Lanes.COUNT;
        String of = other < 0 || other / threads == warp.block.cluster().rank(warp.block)
                ? ""
                : " of block " + warp.block.cluster().block(other / threads).index();
        String with = other < 0
                ? "another thread of its warp"
                : "thread " + warp.block.launch().block().index(other % threads) + of;
        return warp.fault(
                Kind.SHARED_RACE,
                access + " of " + memory.label() + " at byte " + warp.offsets[lane] + " and an access by " + with
                        + ", with no barrier between",
                lane,
                warp.addresses[lane]);
    }
}
