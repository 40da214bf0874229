package dev.elbo.ffi.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.ffi.onednn.OneDnn.Operand;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A primitive and the frames its callers run it in.
///
/// The primitive is shared; a frame (memory objects, arguments, scratchpad) belongs to one call at a time. Frames are
/// kept and used again, so there are as many as threads ever ran this kernel at once.
final class Kernel {
    private static final long ARGUMENT_BYTES = 16;

    private final MemorySegment desc;
    private final MemorySegment primitive;
    private final Operand[] operands;
    private final long padBytes;
    private final Arena owner;

    private Frame[] idle = new Frame[4];
    private int count;

    /// @param desc     description, owned by `owner` as well
    /// @param padBytes size of each frame's extra memory
    /// @param owner    owns the primitive and the frames; shared
    /// @param operands the tensors, in the order of [Frame#set]
    Kernel(MemorySegment desc, long padBytes, Arena owner, Operand... operands) {
        this.desc = desc;
        this.primitive = OneDnn.primitiveCreate(desc, owner);
        this.operands = operands;
        this.padBytes = padBytes;
        this.owner = owner;
    }

    String implementation() {
        return OneDnnDescriptions.implementation(desc);
    }

    /// The layout of one tensor, borrowed.
    MemorySegment layout(Operand operand) {
        return OneDnnDescriptions.layout(desc, operand);
    }

    /// A frame nobody else uses until it is given back.
    Frame take() {
        synchronized (this) {
            if (count > 0) {
                return idle[--count];
            }
        }
        return new Frame();
    }

    synchronized void give(Frame frame) {
        if (count == idle.length) {
            idle = Arrays.copyOf(idle, 2 * count);
        }
        idle[count++] = frame;
    }

    /// What one call needs.
    final class Frame {
        private final MemorySegment[] memories;
        private final MemorySegment arguments;
        private final MemorySegment pad;

        private Frame() {
            long scratchBytes = OneDnn.memoryDescSize(layout(Operand.SCRATCHPAD));
            int all = operands.length + (scratchBytes > 0 ? 1 : 0);
            memories = new MemorySegment[all];
            arguments = owner.allocate(ARGUMENT_BYTES * all, 8);
            for (int i = 0; i < operands.length; i++) {
                put(i, operands[i]);
            }
            if (scratchBytes > 0) {
                put(operands.length, Operand.SCRATCHPAD);
                OneDnn.memorySetDataHandle(memories[operands.length], owner.allocate(scratchBytes, 64), 0);
            }
            pad = padBytes > 0 ? owner.allocate(padBytes, 64) : MemorySegment.NULL;
        }

        private void put(int i, Operand operand) {
            memories[i] = OneDnn.memoryCreate(layout(operand), owner);
            arguments.set(JAVA_INT, ARGUMENT_BYTES * i, operand.argument());
            arguments.set(ADDRESS, ARGUMENT_BYTES * i + 8, memories[i]);
        }

        /// Lets the `i`-th tensor be the memory at `offset` bytes into `data`.
        void set(int i, MemorySegment data, long offset) {
            OneDnn.memorySetDataHandle(memories[i], data, offset);
        }

        /// Extra memory of the frame, with anything in it.
        MemorySegment pad() {
            return pad;
        }

        void execute() {
            OneDnn.primitiveExecute(primitive, memories.length, arguments);
        }
    }
}
