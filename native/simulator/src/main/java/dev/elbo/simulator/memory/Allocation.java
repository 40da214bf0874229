package dev.elbo.simulator.memory;

import java.lang.foreign.MemorySegment;

/// A range of memory with one owner: its bytes, and which of them have been written.
///
/// The machine uses the same type for device memory, for a block's shared memory and for the local memory of a warp.
public final class Allocation {
    private final long address;
    private final long size;
    private final String label;
    private final WrittenBytes written;
    private volatile MemorySegment bytes;

    private Allocation(long address, long size, String label, MemorySegment bytes, WrittenBytes written) {
        this.address = address;
        this.size = size;
        this.label = label;
        this.bytes = bytes;
        this.written = written;
    }

    /// Memory of the simulated device, none of it written yet.
    public static Allocation of(long address, long size, String label) {
        // long[] keeps eight-byte loads aligned for whoever looks at the segment.
        MemorySegment bytes = MemorySegment.ofArray(new long[Math.toIntExact((size + 7) >>> 3)]);
        return new Allocation(address, size, label, bytes.asSlice(0, size), new WrittenBytes(size));
    }

    /// Memory of the host, seen by the device at its own address; all of it counts as written.
    static Allocation ofHost(MemorySegment host, String label) {
        return new Allocation(host.address(), host.byteSize(), label, host, null);
    }

    /// First device address.
    public long address() {
        return address;
    }

    /// Size in bytes, as asked for.
    public long size() {
        return size;
    }

    /// Who owns it, in the words of whoever allocated it.
    public String label() {
        return label;
    }

    public boolean freed() {
        return bytes == null;
    }

    /// The bytes, borrowed; null once freed. Writing here does not note the bytes as written: use
    /// [DeviceMemory#writable] for that.
    public MemorySegment bytes() {
        return bytes;
    }

    /// Which bytes have been written, or null where all count as written.
    public WrittenBytes written() {
        return written;
    }

    /// Whether `length` bytes at a device address lie inside.
    public boolean contains(long from, long length) {
        long offset = from - address;
        return offset >= 0 && length <= size && offset <= size - length;
    }

    /// Gives the bytes back.
    ///
    /// @return what is remembered of it: address, size and label
    Allocation free() {
        bytes = null;
        return new Allocation(address, size, label, null, null);
    }

    @Override
    public String toString() {
        return "'" + label + "' of " + size + " bytes at 0x" + Long.toHexString(address);
    }
}
