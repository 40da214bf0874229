package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;
import java.util.List;

/// Graphs as a whole: making them ready, running and changing them.
final class GraphCalls {
    private static final long FLAGS = 15; // AUTO_FREE_ON_LAUNCH, UPLOAD, DEVICE_LAUNCH, USE_NODE_PRIORITY
    private static final int TOPOLOGY_CHANGED = 2;
    private static final int NODE_TYPE_CHANGED = 3;

    private final Driver driver;

    GraphCalls(Driver driver) {
        this.driver = driver;
    }

    // CUresult cuGraphCreate(CUgraph* phGraph, unsigned int flags)
    @Exported
    void cuGraphCreate(long out, int flags) {
        driver.checkInitialised();
        if (flags != 0) throw Result.INVALID_VALUE.because("flags=" + flags);
        Host.putLong(out, driver.handles.add(new Graph(), driver.origin()));
    }

    // CUresult cuGraphDestroy(CUgraph hGraph)
    @Exported
    void cuGraphDestroy(long handle) {
        Graph graph = driver.handles.remove(handle, Graph.class, driver.call());
        graph.nodes().forEach(node -> node.end(driver));
    }

    // CUresult cuGraphInstantiateWithFlags(CUgraphExec* phGraphExec, CUgraph hGraph, unsigned long long flags)
    @Exported
    void cuGraphInstantiateWithFlags(long out, long handle, long flags) {
        Context context = driver.context();
        if ((flags & ~FLAGS) != 0) throw Result.INVALID_VALUE.because("flags=" + flags);
        Graph graph = driver.handles.get(handle, Graph.class);
        Host.putLong(out, driver.handles.add(new GraphExec(context, graph), driver.origin()));
    }

    // CUresult cuGraphExecDestroy(CUgraphExec hGraphExec)
    @Exported
    void cuGraphExecDestroy(long handle) {
        driver.handles.remove(handle, GraphExec.class, driver.call());
    }

    // CUresult cuGraphUpload(CUgraphExec hGraphExec, CUstream hStream)
    @Exported
    void cuGraphUpload(long handle, long stream) {
        GraphExec exec = driver.handles.get(handle, GraphExec.class);
        driver.own(exec.context, "executable graph");
        Capture.refuseWait(driver, driver.stream(stream));
    }

    // CUresult cuGraphLaunch(CUgraphExec hGraphExec, CUstream hStream)
    @Exported
    void cuGraphLaunch(long handle, long streamHandle) {
        Stream stream = driver.stream(streamHandle);
        GraphExec exec = driver.handles.get(handle, GraphExec.class);
        driver.own(exec.context, "executable graph");
        if (stream.capture() == null) driver.counters.graphLaunch();
        driver.submit(stream, new GraphLaunch(driver, exec.works()));
    }

    // CUresult cuGraphExecUpdate_v2(CUgraphExec hGraphExec, CUgraph hGraph, CUgraphExecUpdateResultInfo* resultInfo)
    @Exported
    void cuGraphExecUpdate_v2(long handle, long graphHandle, long info) {
        GraphExec exec = driver.handles.get(handle, GraphExec.class);
        Graph graph = driver.handles.get(graphHandle, Graph.class);
        Host.putLong(info, 0);
        Host.putLong(info + 8, 0);
        Host.putLong(info + 16, 0);
        if (!exec.fits(graph)) {
            Host.putInt(info, TOPOLOGY_CHANGED);
            throw Result.GRAPH_EXEC_UPDATE_FAILURE.because("another shape; is: " + exec + "; new: " + graph);
        }
        Node wrong = exec.update(graph);
        if (wrong != null) {
            Host.putInt(info, NODE_TYPE_CHANGED);
            Host.putLong(info + 8, wrong.handle(driver));
            throw Result.GRAPH_EXEC_UPDATE_FAILURE.because("another kind of node at " + wrong);
        }
    }

    // CUresult cuGraphGetNodes(CUgraph hGraph, CUgraphNode* nodes, size_t* numNodes)
    @Exported
    void cuGraphGetNodes(long handle, long nodes, long count) {
        list(driver.handles.get(handle, Graph.class).nodes(), nodes, count);
    }

    // CUresult cuGraphGetRootNodes(CUgraph hGraph, CUgraphNode* rootNodes, size_t* numRootNodes)
    @Exported
    void cuGraphGetRootNodes(long handle, long nodes, long count) {
        Graph graph = driver.handles.get(handle, Graph.class);
        list(graph.nodes().stream().filter(node -> node.after.isEmpty()).toList(), nodes, count);
    }

    // CUresult cuGraphNodeGetDependencies(CUgraphNode hNode, CUgraphNode* dependencies, size_t* numDependencies)
    @Exported
    void cuGraphNodeGetDependencies(long handle, long nodes, long count) {
        list(List.copyOf(driver.handles.get(handle, Node.class).after), nodes, count);
    }

    /// Writes as many handles as there is room for, or only says how many there are.
    private void list(List<Node> nodes, long out, long count) {
        if (out == 0) {
            Host.putLong(count, nodes.size());
            return;
        }
        int room = (int) Math.min(Host.getLong(count), nodes.size());
        for (int i = 0; i < room; i++) Host.putLong(out + 8L * i, nodes.get(i).handle(driver));
        Host.putLong(count, room);
    }

    // CUresult cuGraphGetEdges(CUgraph hGraph, CUgraphNode* from, CUgraphNode* to, size_t* numEdges)
    @Exported
    void cuGraphGetEdges(long handle, long from, long to, long count) {
        Graph graph = driver.handles.get(handle, Graph.class);
        if (from == 0) {
            Host.putLong(count, graph.edges());
            return;
        }
        long room = Host.getLong(count);
        long written = 0;
        for (Node node : graph.nodes()) {
            for (Node before : node.after) {
                if (written == room) return;
                Host.putLong(from + 8 * written, before.handle(driver));
                Host.putLong(to + 8 * written, node.handle(driver));
                written++;
            }
        }
        Host.putLong(count, written);
    }
}
