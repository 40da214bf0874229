package dev.elbo.simulator.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/// Which bytes of a range have been written: one bit a byte.
///
/// Safe for several threads that write disjoint bytes: bits are only ever set, and a word that is shared is set
/// atomically.
public final class WrittenBytes {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] bits;

    WrittenBytes(long bytes) {
        bits = new long[Math.toIntExact((bytes + 63) >>> 6)];
    }

    /// Whether all of `length` bytes from `offset` on have been written.
    public boolean covers(long offset, long length) {
        return firstGap(offset, length) < 0;
    }

    /// The first byte of the range that was never written, or -1.
    public long firstGap(long offset, long length) {
        long end = offset + length;
        for (long at = offset; at < end; ) {
            int word = (int) (at >>> 6);
            long mask = maskFrom(at, end);
            long missing = mask & ~bits[word];
            if (missing != 0) {
                return ((long) word << 6) + Long.numberOfTrailingZeros(missing);
            }
            at = (at | 63) + 1;
        }
        return -1;
    }

    /// Whether the `length` bytes from `offset` on, a power of two up to 64 and aligned to it, have been written.
    public boolean coversAligned(long offset, int length) {
        long mask = (-1L >>> (64 - length)) << offset;
        return (bits[(int) (offset >>> 6)] & mask) == mask;
    }

    /// Whether `length` bytes, a power of two up to 64, have been written at each of the offsets, which are aligned to
    /// it.
    public boolean coversAligned(long[] offsets, int length) {
        long wanted = -1L >>> (64 - length);
        long missing = 0;
        for (long offset : offsets) {
            missing |= wanted & ~(bits[(int) (offset >>> 6)] >>> offset);
        }
        return missing == 0;
    }

    /// Notes a write of `length` bytes, a power of two up to 64, at an offset that is a multiple of it.
    public void setAligned(long offset, int length) {
        set((int) (offset >>> 6), (-1L >>> (64 - length)) << offset);
    }

    /// Notes that `length` bytes from `offset` on have been written.
    public void set(long offset, long length) {
        long end = offset + length;
        for (long at = offset; at < end; at = (at | 63) + 1) {
            set((int) (at >>> 6), maskFrom(at, end));
        }
    }

    /// Forgets writes of `length` bytes from `offset` on. Not for memory that several threads write.
    public void forget(long offset, long length) {
        for (long i = offset; i < offset + length; i++) {
            put(i, false);
        }
    }

    /// Takes over what another range knows about `length` bytes; null knows that all of them are written.
    void copy(WrittenBytes source, long sourceOffset, long offset, long length) {
        if (source == null) {
            set(offset, length);
            return;
        }
        boolean backwards = source == this && sourceOffset < offset;
        for (long i = 0; i < length; i++) {
            long at = backwards ? length - 1 - i : i;
            put(offset + at, source.covers(sourceOffset + at, 1));
        }
    }

    /// Forgets every write.
    public void clear() {
        Arrays.fill(bits, 0);
    }

    private void put(long offset, boolean written) {
        long mask = 1L << offset;
        if (written) {
            bits[(int) (offset >>> 6)] |= mask;
        } else {
            bits[(int) (offset >>> 6)] &= ~mask;
        }
    }

    private void set(int word, long mask) {
        long old = bits[word];
        if ((old & mask) != mask) {
            WORD.getAndBitwiseOr(bits, word, mask);
        }
    }

    private static long maskFrom(long at, long end) {
        long mask = -1L << at;
        return (at >>> 6) == (end >>> 6) ? mask & ((1L << end) - 1) : mask;
    }
}
