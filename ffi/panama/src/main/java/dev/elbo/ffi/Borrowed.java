package dev.elbo.ffi;

import java.lang.foreign.MemorySegment;

/// What a handle of a library relies on and cannot look at: its thread, and what it holds by address.
///
/// A library keeps the bare address of a stream or a workspace and would use it after its end; scalars lie in memory
/// that a second thread would overwrite. So both are asked about before each call.
public final class Borrowed {
    private final Thread thread = Thread.currentThread();
    private final MemorySegment[] held;

    private Borrowed(MemorySegment[] held) {
        this.held = held;
    }

    /// For the calling thread.
    ///
    /// @param held what the library is given by address
    public static Borrowed of(MemorySegment... held) {
        return new Borrowed(held.clone());
    }

    /// @throws WrongThreadException  on another thread than the one that opened the handle
    /// @throws IllegalStateException when the owner of something that is held has closed
    public void require() {
        if (Thread.currentThread() != thread) {
            throw new WrongThreadException("handle of another thread: opened by=" + thread.getName() + ", used by="
                    + Thread.currentThread().getName());
        }
        for (MemorySegment each : held) {
            DevicePointer.address(each);
        }
    }
}
