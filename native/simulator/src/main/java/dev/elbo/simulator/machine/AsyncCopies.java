package dev.elbo.simulator.machine;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;
import dev.elbo.simulator.ptx.ScalarType;
import dev.elbo.simulator.ptx.Space;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// `cp.async`: copies to shared memory that are only there once their thread has waited for them.
///
/// The bytes are fetched at once but written when the thread waits. Until then the target counts as never written,
/// so that whoever reads it too early is found.
final class AsyncCopies {
    /// One thread's copy under way.
    ///
    /// @param group number of the thread's group that it belongs to
    private record Copy(int lane, long group, Allocation target, long offset, byte[] bytes) {}

    private final List<Copy> pending = new ArrayList<>();
    /// Groups that each lane has closed.
    private final long[] closed = new long[Lanes.COUNT];

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("cp", AsyncCopies::decode);
    }

    void clear() {
        pending.clear();
    }

    private static Instruction decode(Operation o) {
        if (!o.took("async")) {
            throw o.unknown();
        }
        return switch (o.oneOf("commit_group", "wait_group", "wait_all")) {
            case "commit_group" -> new Close();
            case "wait_group" -> new Wait(o.constant(0));
            case "wait_all" -> new Wait(-1);
            case null, default -> copy(o);
        };
    }

    private static Instruction copy(Operation o) {
        o.needs("ca", "cg");
        o.needs("shared", "shared::cta");
        o.needs("global");
        o.skip("L2::");
        int bytes = (int) o.constant(2);
        if (bytes != 4 && bytes != 8 && bytes != 16) {
            throw o.unknown();
        }
        int size = o.operands() > 3 ? o.word(3, ScalarType.U32) : -1;
        return new Start(
                o.decoder().address(o.operand(0), Space.SHARED, bytes, o),
                o.decoder().address(o.operand(1), Space.GLOBAL, bytes, o),
                bytes,
                size);
    }

    /// Closes each lane's open group.
    private static final class Close extends Instruction {
        @Override
        void run(Warp warp, int mask) {
            for (int left = mask; left != 0; left &= left - 1) {
                warp.copies.closed[Integer.numberOfTrailingZeros(left)]++;
            }
        }
    }

    /// Finishes all but the youngest groups of each lane.
    private static final class Wait extends Instruction {
        private final long younger;

        /// @param younger groups that may stay under way, -1 if not even open ones may
        Wait(long younger) {
            this.younger = younger;
        }

        @Override
        void run(Warp warp, int mask) {
            AsyncCopies copies = warp.copies;
            copies.pending.removeIf(copy -> {
                boolean mine = (mask >>> copy.lane & 1) != 0;
                boolean due = younger < 0 || copy.group < copies.closed[copy.lane] - younger;
                if (mine && due) {
                    finish(warp, copy);
                }
                return mine && due;
            });
        }

        private void finish(Warp warp, Copy copy) {
            warp.offsets[copy.lane] = copy.offset;
            RaceShadow races = warp.block.races(copy.target);
            int length = copy.bytes.length;
            int conflicts = races == null ? 0 : races.write(warp, 1 << copy.lane, length, false, warp.repeated);
            if (conflicts != 0) {
                throw warp.fault(
                        Kind.SHARED_RACE,
                        "asynchronous copy to " + copy.target.label() + " at byte " + copy.offset
                                + " and an access by another thread, with no barrier between",
                        copy.lane,
                        copy.target.address() + copy.offset);
            }
            MemorySegment.copy(copy.bytes, 0, copy.target.bytes(), JAVA_BYTE, copy.offset, length);
            copy.target.written().set(copy.offset, length);
        }
    }

    private static final class Start extends Instruction {
        private final MemoryInstruction.AddressOperand target;
        private final MemoryInstruction.AddressOperand source;
        private final int bytes;
        private final int size;

        /// @param size row of the number of bytes to fetch, the rest being zeros; -1 if all are fetched
        Start(MemoryInstruction.AddressOperand target, MemoryInstruction.AddressOperand source, int bytes, int size) {
            this.target = target;
            this.source = source;
            this.bytes = bytes;
            this.size = size;
        }

        @Override
        void run(Warp warp, int mask) {
            for (int left = mask; left != 0; left &= left - 1) {
                int lane = Integer.numberOfTrailingZeros(left);
                byte[] fetched = fetch(warp, lane);
                long address = target.address(warp, lane);
                Allocation owner = owner(warp, warp.block.shared(), address, bytes, lane, "asynchronous copy to");
                long offset = address - owner.address();
                owner.written().forget(offset, bytes);
                warp.copies.pending.add(new Copy(lane, warp.copies.closed[lane], owner, offset, fetched));
            }
        }

        private byte[] fetch(Warp warp, int lane) {
            byte[] fetched = new byte[bytes];
            int wanted = size < 0 ? bytes : Math.min(bytes, warp.words[size][lane]);
            if (wanted <= 0) {
                return fetched;
            }
            long address = source.address(warp, lane);
            Allocation owner = owner(warp, warp.block.global(), address, wanted, lane, "asynchronous copy from");
            if (owner.freed()) {
                throw warp.fault(
                        Kind.USE_AFTER_FREE,
                        "asynchronous copy from " + warp.block.global().describe(address),
                        lane,
                        address);
            }
            long offset = address - owner.address();
            if (warp.block.options().initialised()
                    && owner.written() != null
                    && !owner.written().covers(offset, wanted)) {
                throw warp.fault(
                        Kind.UNINITIALISED_READ,
                        "asynchronous copy from byte " + owner.written().firstGap(offset, wanted) + " of "
                                + owner.label(),
                        lane,
                        address);
            }
            warp.loadedBytes += wanted;
            MemorySegment.copy(owner.bytes(), JAVA_BYTE, offset, fetched, 0, wanted);
            return fetched;
        }

        private Allocation owner(Warp warp, AddressSpace space, long address, int length, int lane, String what) {
            Allocation owner = space.find(address, length);
            if (owner == null) {
                throw warp.fault(Kind.OUT_OF_BOUNDS, what + " " + space.describe(address), lane, address);
            }
            if ((address & (bytes - 1)) != 0) {
                throw warp.fault(Kind.MISALIGNED, what + " an address that is no multiple of " + bytes, lane, address);
            }
            return owner;
        }
    }
}
