package dev.elbo.ffi;

import java.lang.foreign.MemorySegment;

/// A graph made ready to run, one launch whatever its size.
///
/// @param handle the `CUgraphExec`, alive until its owner closes
public record CudaGraphExec(MemorySegment handle) {
    /// How an [#update] went; in the order of `CUgraphExecUpdateResult`.
    public enum Update {
        DONE,
        FAILED,
        TOPOLOGY_CHANGED,
        NODE_TYPE_CHANGED,
        FUNCTION_CHANGED,
        PARAMETERS_CHANGED,
        NOT_SUPPORTED,
        UNSUPPORTED_FUNCTION_CHANGE,
        ATTRIBUTES_CHANGED
    }

    /// Brings what a launch needs to the device, so that the first launch is as fast as the others.
    public void upload(CudaStream stream) {
        CudaGraphs.graphUpload(handle, stream.handle());
    }

    /// Runs the graph, ordered on `stream`. Launches of one graph never overlap.
    public void launch(CudaStream stream) {
        CudaGraphs.graphLaunch(handle, stream.handle());
    }

    /// Takes over the arguments of `graph`, which must have the same nodes and edges.
    ///
    /// @return [Update#DONE], or why this graph stays as it was and has to be instantiated anew
    public Update update(CudaGraph graph) {
        int code = CudaGraphs.graphExecUpdate(handle, graph.handle());
        // A driver newer than this list may have further reasons.
        return code < Update.values().length ? Update.values()[code] : Update.FAILED;
    }
}
