package dev.elbo.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Ties something that has no segment of its own, such as another binding's handle object, to the life of an arena.
public final class AtClose {
    private AtClose() {}

    /// Runs `cleanup` when `owner` closes, or after the capture that the closing thread has open.
    ///
    /// @param cleanup may not use segments of `owner` nor depend on another cleanup
    public static void run(Arena owner, Runnable cleanup) {
        // Any address but 0 will do: the segment has no bytes and nobody keeps it.
        Owned.by(owner, MemorySegment.ofAddress(1), _ -> cleanup.run());
    }
}
