package dev.elbo.ffi;

import java.lang.foreign.MemorySegment;

/// A device pointer is a [MemorySegment] of length 0 in the scope of the arena that owns the memory.
public final class DevicePointer {
    private DevicePointer() {}

    /// The pointer `offset` bytes after `base`, as long alive as `base` is.
    ///
    /// `asSlice` cannot do this: the JDK takes a segment of length 0 to be empty.
    ///
    /// @param offset in bytes, at least 0; the driver, not the JDK, knows how far the memory reaches
    public static MemorySegment at(MemorySegment base, long offset) {
        if (offset < 0) {
            throw new IllegalArgumentException("pointer before its memory: offset=" + offset);
        }
        return base.reinterpret(Long.MAX_VALUE).asSlice(offset, 0);
    }

    /// The bare address of a pointer, for structures the JDK does not look into.
    ///
    /// @throws IllegalStateException    when the owner of the memory has closed
    /// @throws WrongThreadException     when the owner is confined to another thread
    /// @throws IllegalArgumentException when the segment lies on the Java heap
    public static long address(MemorySegment pointer) {
        if (!pointer.isNative()) {
            throw new IllegalArgumentException("heap memory has no address: segment=" + pointer);
        }
        if (!pointer.scope().isAlive()) {
            throw new IllegalStateException("owner has closed: address=0x" + Long.toHexString(pointer.address()));
        }
        if (!pointer.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("owner is confined to another thread: address=0x"
                    + Long.toHexString(pointer.address()) + ", thread="
                    + Thread.currentThread().getName());
        }
        return pointer.address();
    }
}
