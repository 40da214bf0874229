package dev.elbo.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Work of a stream that was recorded instead of done. Arguments are recorded by value, pointers as addresses.
///
/// @param handle the `CUgraph`, alive until its owner closes
public record CudaGraph(MemorySegment handle) {
    /// Records what `work` gives to `stream`, and to streams that wait for it and that it waits for in the end.
    ///
    /// Until `work` returns, this thread may do nothing that waits for the device, and can allocate nothing there;
    /// other threads are not disturbed. What owners give back on this thread meanwhile is given back at the end.
    ///
    /// @param owner destroys the graph when it closes
    /// @throws RuntimeException whatever `work` throws; then the capture is ended and nothing remains of it
    public static CudaGraph capture(CudaStream stream, Runnable work, Arena owner) {
        Owned.hold();
        CudaGraph graph;
        try {
            graph = Captures.during(() -> recorded(stream, work, owner));
        } catch (Throwable t) {
            try {
                Owned.resume();
            } catch (RuntimeException e) {
                t.addSuppressed(e);
            }
            throw t;
        }
        Owned.resume();
        return graph;
    }

    private static CudaGraph recorded(CudaStream stream, Runnable work, Arena owner) {
        CudaGraphs.streamBeginCapture(stream.handle());
        try {
            work.run();
            return new CudaGraph(CudaGraphs.streamEndCapture(stream.handle(), owner));
        } catch (Throwable t) {
            abandon(stream, t);
            throw t;
        }
    }

    /// Ends a capture whose work failed, or whose end did. The stream stays unusable otherwise, and with it what is
    /// freed on it.
    private static void abandon(CudaStream stream, Throwable cause) {
        try (Arena frame = Arena.ofConfined()) {
            if (CudaGraphs.streamIsCapturing(stream.handle())) {
                CudaGraphs.streamEndCapture(stream.handle(), frame);
            }
        } catch (RuntimeException e) {
            // Often CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, which says no more than that the work failed.
            cause.addSuppressed(e);
        }
    }

    /// How many nodes the graph has: launches, copies, fills.
    public long nodes() {
        return CudaGraphs.graphNodeCount(handle);
    }

    /// Makes the graph ready to run. It may be changed or destroyed afterwards.
    ///
    /// @param owner destroys what is made when it closes
    public CudaGraphExec instantiate(Arena owner) {
        return new CudaGraphExec(CudaGraphs.graphInstantiate(handle, owner));
    }
}
