package dev.elbo.ffi.onednn;

import dev.elbo.ffi.onednn.OneDnn.Operand;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Copies a tensor from one layout into another.
///
/// ```
/// y[i] = x[i]        for every index i of `extents`; or y[i] += x[i]
/// ```
public final class Reorder {
    private final Kernel kernel;
    private final long size;
    private final long bytesX;
    private final long bytesY;

    private Reorder(MemorySegment x, MemorySegment y, boolean accumulate, long size, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment attributes =
                    OneDnnAttributes.attributes(Arithmetic.F32, accumulate, Activation.IDENTITY, frame);
            kernel = new Kernel(
                    OneDnnDescriptions.reorderDesc(x, y, attributes, owner), 0, owner, Operand.SRC, Operand.DST);
        }
        this.size = size;
        this.bytesX = OneDnn.memoryDescSize(x);
        this.bytesY = OneDnn.memoryDescSize(y);
    }

    /// A reorder between two layouts given by their strides.
    ///
    /// @param extents    of x and y alike, at most 12
    /// @param stridesX   elements from one index to the next
    /// @param stridesY   elements from one index to the next
    /// @param accumulate adds to y instead of overwriting it
    /// @param owner      owns what is made; shared, if several threads are to run it
    public static Reorder of(long[] extents, long[] stridesX, long[] stridesY, boolean accumulate, Arena owner) {
        long size = 1;
        for (long extent : extents) {
            size = Math.multiplyExact(size, extent);
        }
        try (Arena frame = Arena.ofConfined()) {
            return new Reorder(
                    OneDnn.memoryDescCreate(extents, stridesX, frame),
                    OneDnn.memoryDescCreate(extents, stridesY, frame),
                    accumulate,
                    size,
                    owner);
        }
    }

    /// A reorder between two layouts as oneDNN describes them, borrowed.
    static Reorder between(MemorySegment x, MemorySegment y, boolean accumulate, long size, Arena owner) {
        return new Reorder(x, y, accumulate, size, owner);
    }

    /// The work for these buffers: one stage of one block.
    ///
    /// @param x borrowed
    /// @param y overwritten or added into
    public List<Stage> stages(MemorySegment x, MemorySegment y) {
        return List.of(new Copy(Buffers.check("x", x, bytesX), Buffers.check("y", y, bytesY)));
    }

    private final class Copy implements Stage {
        private final MemorySegment x;
        private final MemorySegment y;

        Copy(MemorySegment x, MemorySegment y) {
            this.x = x;
            this.y = y;
        }

        @Override
        public int blocks() {
            return 1;
        }

        @Override
        public long flops() {
            return size;
        }

        @Override
        public void run(long from, long to) {
            if (from == to) {
                return;
            }
            Kernel.Frame frame = kernel.take();
            try {
                frame.set(0, x, 0);
                frame.set(1, y, 0);
                frame.execute();
            } finally {
                kernel.give(frame);
            }
        }
    }
}
