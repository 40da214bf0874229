package dev.elbo.simulator.driver;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;
import java.util.ArrayList;
import java.util.List;

/// The nodes of graphs that are built by hand, and what each of them does.
final class NodeCalls {
    private final Driver driver;
    private final CopyCalls copies;

    NodeCalls(Driver driver, CopyCalls copies) {
        this.driver = driver;
        this.copies = copies;
    }

    // CUresult cuGraphAddKernelNode_v2(CUgraphNode*, CUgraph, const CUgraphNode* dependencies, size_t count,
    //     const CUDA_KERNEL_NODE_PARAMS* nodeParams)
    @Exported
    void cuGraphAddKernelNode_v2(long out, long graph, long dependencies, long count, long parameters) {
        add(out, graph, dependencies, count, kernel(parameters));
    }

    // CUresult cuGraphAddMemsetNode(CUgraphNode*, CUgraph, const CUgraphNode* dependencies, size_t count,
    //     const CUDA_MEMSET_NODE_PARAMS* memsetParams, CUcontext ctx)
    @Exported
    void cuGraphAddMemsetNode(long out, long graph, long dependencies, long count, long parameters, long context) {
        driver.handles.get(context, Context.class).check();
        add(out, graph, dependencies, count, fill(parameters));
    }

    // CUresult cuGraphAddEmptyNode(CUgraphNode*, CUgraph, const CUgraphNode* dependencies, size_t count)
    @Exported
    void cuGraphAddEmptyNode(long out, long graph, long dependencies, long count) {
        add(out, graph, dependencies, count, Work.of(Work.Kind.EMPTY, "empty", () -> {}));
    }

    // CUresult cuGraphAddHostNode(CUgraphNode*, CUgraph, const CUgraphNode* dependencies, size_t count,
    //     const CUDA_HOST_NODE_PARAMS* nodeParams)
    @Exported
    void cuGraphAddHostNode(long out, long graph, long dependencies, long count, long parameters) {
        Work work = StreamCalls.host(Host.getLong(parameters), Host.getLong(parameters + 8));
        add(out, graph, dependencies, count, work);
    }

    // CUresult cuGraphAddChildGraphNode(CUgraphNode*, CUgraph, const CUgraphNode* dependencies, size_t count, CUgraph)
    @Exported
    void cuGraphAddChildGraphNode(long out, long graph, long dependencies, long count, long child) {
        List<Work> works = driver.handles.get(child, Graph.class).order().stream()
                .map(node -> node.work)
                .toList();
        add(out, graph, dependencies, count, new GraphLaunch(driver, works));
    }

    private void add(long out, long handle, long dependencies, long count, Work work) {
        Graph graph = driver.handles.get(handle, Graph.class);
        List<Node> after = new ArrayList<>();
        for (long i = 0; i < count; i++) after.add(in(graph, Host.getLong(dependencies + 8 * i)));
        Host.putLong(out, graph.add(work, after).handle(driver));
    }

    private Node in(Graph graph, long handle) {
        Node node = driver.handles.get(handle, Node.class);
        if (node.graph != graph) throw Result.INVALID_VALUE.because(node + " is of another graph");
        return node;
    }

    // CUresult cuGraphAddDependencies(CUgraph, const CUgraphNode* from, const CUgraphNode* to, size_t numDependencies)
    @Exported
    void cuGraphAddDependencies(long handle, long from, long to, long count) {
        Graph graph = driver.handles.get(handle, Graph.class);
        for (long i = 0; i < count; i++) {
            in(graph, Host.getLong(to + 8 * i)).after.add(in(graph, Host.getLong(from + 8 * i)));
        }
    }

    // CUresult cuGraphDestroyNode(CUgraphNode hNode)
    @Exported
    void cuGraphDestroyNode(long handle) {
        Node node = driver.handles.get(handle, Node.class);
        node.graph.remove(node);
        node.end(driver);
    }

    // CUresult cuGraphNodeGetType(CUgraphNode hNode, CUgraphNodeType* type)
    @Exported
    void cuGraphNodeGetType(long handle, long type) {
        Host.putInt(type, driver.handles.get(handle, Node.class).work.kind().ordinal());
    }

    // CUresult cuGraphKernelNodeSetParams_v2(CUgraphNode hNode, const CUDA_KERNEL_NODE_PARAMS* nodeParams)
    @Exported
    void cuGraphKernelNodeSetParams_v2(long handle, long parameters) {
        Node node = driver.handles.get(handle, Node.class);
        if (node.work.kind() != Work.Kind.KERNEL) throw Result.INVALID_VALUE.because("not a kernel; " + node);
        node.work = kernel(parameters);
    }

    // CUresult cuGraphExecKernelNodeSetParams_v2(CUgraphExec, CUgraphNode, const CUDA_KERNEL_NODE_PARAMS* nodeParams)
    @Exported
    void cuGraphExecKernelNodeSetParams_v2(long exec, long node, long parameters) {
        replace(exec, node, kernel(parameters));
    }

    // CUresult cuGraphExecMemsetNodeSetParams(CUgraphExec, CUgraphNode, const CUDA_MEMSET_NODE_PARAMS*, CUcontext)
    @Exported
    void cuGraphExecMemsetNodeSetParams(long exec, long node, long parameters, long context) {
        driver.handles.get(context, Context.class).check();
        replace(exec, node, fill(parameters));
    }

    private void replace(long exec, long node, Work work) {
        driver.handles.get(exec, GraphExec.class).replace(driver.handles.get(node, Node.class), work);
    }

    /// From a `CUDA_KERNEL_NODE_PARAMS`.
    private Work kernel(long at) {
        Function function = driver.handles.get(Host.getLong(at), Function.class);
        return new KernelWork(
                        function,
                        new Dim3(Host.getInt(at + 8), Host.getInt(at + 12), Host.getInt(at + 16)),
                        new Dim3(Host.getInt(at + 20), Host.getInt(at + 24), Host.getInt(at + 28)),
                        Host.getInt(at + 32),
                        KernelWork.parameters(function, Host.getLong(at + 40), Host.getLong(at + 48)),
                        KernelWork.NO_CLUSTER,
                        false)
                .check();
    }

    /// From a `CUDA_MEMSET_NODE_PARAMS`.
    private Work fill(long at) {
        long height = Host.getLong(at + 32);
        if (height != 1) throw Result.NOT_SUPPORTED.because("fills of several rows are not simulated; rows=" + height);
        long target = Host.getLong(at);
        int width = Host.getInt(at + 20);
        long count = Host.getLong(at + 24);
        driver.memory.check(target, width * count, "target of " + driver.call());
        return copies.fill(target, Host.getInt(at + 16), width, count);
    }
}
