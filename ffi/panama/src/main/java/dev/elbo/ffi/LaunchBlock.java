package dev.elbo.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The arguments of a kernel, packed as the kernel expects them: in order, each aligned to its own size.
///
/// The driver is told how long the block is and refuses one that does not fit the kernel, which the other way of
/// passing arguments (an array of pointers) cannot notice. It copies the block during the launch, under capture as
/// well; so one block serves one launch after the other:
///
/// ```java
/// function.launch(shape, block.clear().arg(x).arg(y).arg(rows), stream);
/// ```
public final class LaunchBlock {
    /// The parameters of a kernel, bytes; the limit of CUDA before 12.1 and of devices before Volta.
    static final int CAPACITY = 4096;

    // enum { CU_LAUNCH_PARAM_END, CU_LAUNCH_PARAM_BUFFER_POINTER, CU_LAUNCH_PARAM_BUFFER_SIZE }
    private static final long END = 0;
    private static final long BUFFER_POINTER = 1;
    private static final long BUFFER_SIZE = 2;

    // void* extra[5] = {BUFFER_POINTER, arguments, BUFFER_SIZE, &size, END}; size_t size; char arguments[]
    private static final long EXTRA = 0;
    private static final long SIZE = 40;
    private static final long ARGUMENTS = 48;

    private final MemorySegment memory;
    private final MemorySegment arguments;
    private int size;

    private LaunchBlock(MemorySegment memory) {
        this.memory = memory;
        this.arguments = memory.asSlice(ARGUMENTS, CAPACITY);
        memory.setAtIndex(JAVA_LONG, 0, BUFFER_POINTER);
        memory.setAtIndex(ADDRESS, 1, arguments);
        memory.setAtIndex(JAVA_LONG, 2, BUFFER_SIZE);
        memory.setAtIndex(ADDRESS, 3, memory.asSlice(SIZE));
        memory.setAtIndex(JAVA_LONG, 4, END);
    }

    /// An empty block.
    ///
    /// @param owner frees its memory when it closes
    public static LaunchBlock of(Arena owner) {
        return new LaunchBlock(owner.allocate(ARGUMENTS + CAPACITY, 16));
    }

    /// Forgets all arguments.
    public LaunchBlock clear() {
        size = 0;
        return this;
    }

    /// Adds a device pointer.
    ///
    /// @param pointer borrowed; checked here, for nothing keeps it alive between now and the launch
    /// @throws IllegalStateException when the owner of the memory has closed
    public LaunchBlock arg(MemorySegment pointer) {
        long address = DevicePointer.address(pointer);
        arguments.set(JAVA_LONG, next(Long.BYTES), address);
        return this;
    }

    /// Adds an `int` or `unsigned`.
    public LaunchBlock arg(int value) {
        arguments.set(JAVA_INT, next(Integer.BYTES), value);
        return this;
    }

    /// Adds a `long long` or `size_t`.
    public LaunchBlock arg(long value) {
        arguments.set(JAVA_LONG, next(Long.BYTES), value);
        return this;
    }

    /// Adds a `float`.
    public LaunchBlock arg(float value) {
        arguments.set(JAVA_FLOAT, next(Float.BYTES), value);
        return this;
    }

    private int next(int bytes) {
        int offset = size + bytes - 1 & -bytes;
        if (offset + bytes > CAPACITY) {
            throw new IllegalArgumentException(
                    "too many kernel arguments: bytes=" + (offset + bytes) + ", capacity=" + CAPACITY);
        }
        size = offset + bytes;
        return offset;
    }

    /// Length of the packed arguments, bytes, without padding at the end.
    public int size() {
        return size;
    }

    /// The packed arguments, read-only and borrowed.
    public MemorySegment bytes() {
        return arguments.asSlice(0, size).asReadOnly();
    }

    /// The `extra` of a launch: the block and its size.
    MemorySegment extra() {
        memory.set(JAVA_LONG, SIZE, size);
        return memory;
    }
}
