package dev.elbo.bench.trust;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// An arena that knows how much was asked of it, and gives no more than a limit.
final class Counted implements Arena {
    /// More was asked for than a small file can need.
    static final class TooMuch extends RuntimeException {
        private static final long serialVersionUID = 1;

        TooMuch(long bytes) {
            super("native memory asked for; bytes=" + bytes);
        }
    }

    private final Arena arena = Arena.ofConfined();
    private final long limit;
    private long bytes;

    Counted(long limit) {
        this.limit = limit;
    }

    long bytes() {
        return bytes;
    }

    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        bytes += byteSize;
        if (bytes > limit) {
            throw new TooMuch(bytes);
        }
        return arena.allocate(byteSize, byteAlignment);
    }

    @Override
    public MemorySegment.Scope scope() {
        return arena.scope();
    }

    @Override
    public void close() {
        arena.close();
    }
}
