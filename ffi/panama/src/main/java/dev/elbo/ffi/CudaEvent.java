package dev.elbo.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A mark in the work of a stream, set by [CudaStream#record].
///
/// @param handle the `CUevent`, alive until its owner closes
public record CudaEvent(MemorySegment handle) {
    /// An event that orders streams; recording it takes no time stamp.
    ///
    /// @param owner destroys the event when it closes
    public static CudaEvent open(Arena owner) {
        return new CudaEvent(CudaStreams.eventCreate(false, owner));
    }

    /// An event that also remembers when it was reached.
    ///
    /// @param owner destroys the event when it closes
    public static CudaEvent openTimed(Arena owner) {
        return new CudaEvent(CudaStreams.eventCreate(true, owner));
    }

    /// Waits until the marked work is done.
    public void synchronize() {
        CudaStreams.eventSynchronize(handle);
    }

    /// Whether the marked work is done.
    public boolean done() {
        return CudaStreams.eventQuery(handle);
    }

    /// Time from `start` to this event, ms; both timed and done.
    public float millisecondsSince(CudaEvent start) {
        return CudaStreams.eventElapsedTime(start.handle, handle);
    }
}
