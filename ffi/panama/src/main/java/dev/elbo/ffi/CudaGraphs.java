package dev.elbo.ffi;

import static dev.elbo.ffi.Cuda.LIBRARY;
import static dev.elbo.ffi.Cuda.SUCCESS;
import static dev.elbo.ffi.Cuda.failure;
import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// Capture and graphs. See [CudaGraph].
final class CudaGraphs {
    // CUresult cuStreamBeginCapture_v2(CUstream hStream, CUstreamCaptureMode mode)
    private static final MethodHandle cuStreamBeginCapture_v2 =
            LIBRARY.bind("cuStreamBeginCapture_v2", of(JAVA_INT, ADDRESS, JAVA_INT));

    // CUresult cuStreamEndCapture(CUstream hStream, CUgraph* phGraph)
    private static final MethodHandle cuStreamEndCapture =
            LIBRARY.bind("cuStreamEndCapture", of(JAVA_INT, ADDRESS, ADDRESS));

    // CUresult cuStreamIsCapturing(CUstream hStream, CUstreamCaptureStatus* captureStatus)
    private static final MethodHandle cuStreamIsCapturing =
            LIBRARY.bind("cuStreamIsCapturing", of(JAVA_INT, ADDRESS, ADDRESS));

    // CUresult cuGraphGetNodes(CUgraph hGraph, CUgraphNode* nodes, size_t* numNodes)
    private static final MethodHandle cuGraphGetNodes =
            LIBRARY.bind("cuGraphGetNodes", of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));

    // CUresult cuGraphDestroy(CUgraph hGraph)
    private static final MethodHandle cuGraphDestroy = LIBRARY.bind("cuGraphDestroy", of(JAVA_INT, ADDRESS));

    // CUresult cuGraphInstantiateWithFlags(CUgraphExec* phGraphExec, CUgraph hGraph, unsigned long long flags)
    private static final MethodHandle cuGraphInstantiateWithFlags =
            LIBRARY.bind("cuGraphInstantiateWithFlags", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG));

    // CUresult cuGraphUpload(CUgraphExec hGraphExec, CUstream hStream)
    private static final MethodHandle cuGraphUpload = LIBRARY.bind("cuGraphUpload", of(JAVA_INT, ADDRESS, ADDRESS));

    // CUresult cuGraphLaunch(CUgraphExec hGraphExec, CUstream hStream)
    private static final MethodHandle cuGraphLaunch = LIBRARY.bind("cuGraphLaunch", of(JAVA_INT, ADDRESS, ADDRESS));

    // CUresult cuGraphExecUpdate_v2(CUgraphExec, CUgraph, CUgraphExecUpdateResultInfo* resultInfo)
    private static final MethodHandle cuGraphExecUpdate_v2 =
            LIBRARY.bind("cuGraphExecUpdate_v2", of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));

    // CUresult cuGraphExecDestroy(CUgraphExec hGraphExec)
    private static final MethodHandle cuGraphExecDestroy = LIBRARY.bind("cuGraphExecDestroy", of(JAVA_INT, ADDRESS));

    private static final int THREAD_LOCAL = 1;
    private static final int UPDATE_FAILURE = 910;

    private CudaGraphs() {}

    /// Starts to record the work given to `stream` instead of doing it; other threads are not disturbed.
    static void streamBeginCapture(MemorySegment stream) {
        int status;
        try {
            status = (int) cuStreamBeginCapture_v2.invokeExact(stream, THREAD_LOCAL);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuStreamBeginCapture_v2", status, "");
        }
    }

    /// Ends the capture of `stream`.
    ///
    /// @param owner destroys the graph when it closes
    static MemorySegment streamEndCapture(MemorySegment stream, Arena owner) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuStreamEndCapture.invokeExact(stream, out);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuStreamEndCapture", status, "");
        }
        return Owned.by(owner, Scratch.firstHandle(out), CudaGraphs::graphDestroy);
    }

    /// Whether `stream` is being captured, validly or not.
    static boolean streamIsCapturing(MemorySegment stream) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuStreamIsCapturing.invokeExact(stream, out);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuStreamIsCapturing", status, "");
        }
        return Scratch.firstInt(out) != 0;
    }

    /// How many nodes a graph has.
    static long graphNodeCount(MemorySegment graph) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuGraphGetNodes.invokeExact(graph, MemorySegment.NULL, out);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuGraphGetNodes", status, "");
        }
        return Scratch.firstLong(out);
    }

    /// Destroys a graph.
    static void graphDestroy(MemorySegment graph) {
        int status;
        try {
            status = (int) cuGraphDestroy.invokeExact(graph);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuGraphDestroy", status, "");
        }
    }

    /// Makes a graph ready to launch.
    ///
    /// @param owner destroys what can be launched when it closes
    static MemorySegment graphInstantiate(MemorySegment graph, Arena owner) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuGraphInstantiateWithFlags.invokeExact(out, graph, 0L);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuGraphInstantiateWithFlags", status, "");
        }
        return Owned.by(owner, Scratch.firstHandle(out), CudaGraphs::graphExecDestroy);
    }

    /// Brings what a launch needs to the device, so that the first launch is as fast as the others.
    static void graphUpload(MemorySegment exec, MemorySegment stream) {
        int status;
        try {
            status = (int) cuGraphUpload.invokeExact(exec, stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuGraphUpload", status, "");
        }
    }

    /// Runs the graph, ordered on `stream`.
    static void graphLaunch(MemorySegment exec, MemorySegment stream) {
        int status;
        try {
            status = (int) cuGraphLaunch.invokeExact(exec, stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuGraphLaunch", status, "");
        }
    }

    /// Gives `exec` the arguments of `graph`, which must have the same nodes and edges.
    ///
    /// @return `CUgraphExecUpdateResult`: 0 when done, else why `exec` stays as it was
    static int graphExecUpdate(MemorySegment exec, MemorySegment graph) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuGraphExecUpdate_v2.invokeExact(exec, graph, out);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS && status != UPDATE_FAILURE) {
            throw failure("cuGraphExecUpdate_v2", status, "");
        }
        return Scratch.firstInt(out);
    }

    /// Destroys what can be launched; a launch under way is finished.
    static void graphExecDestroy(MemorySegment exec) {
        int status;
        try {
            status = (int) cuGraphExecDestroy.invokeExact(exec);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuGraphExecDestroy", status, "");
        }
    }
}
