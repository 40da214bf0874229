package dev.elbo.simulator.driver;

import java.util.LinkedHashSet;
import java.util.Set;

/// One piece of work in a graph, and what must come before it.
final class Node {
    final Graph graph;
    final int index;
    final Set<Node> after = new LinkedHashSet<>();
    Work work;
    private long handle;

    Node(Graph graph, int index, Work work) {
        this.graph = graph;
        this.index = index;
        this.work = work;
    }

    /// The handle that C callers hold, made when first asked for.
    long handle(Driver driver) {
        if (handle == 0) handle = driver.handles.add(this, driver.origin());
        return handle;
    }

    /// Ends the handle, if there is one.
    void end(Driver driver) {
        if (handle != 0) driver.handles.remove(handle, Node.class, driver.call());
    }

    /// This node and everything that must come before it.
    Set<Node> history() {
        Set<Node> seen = new LinkedHashSet<>();
        collect(seen);
        return seen;
    }

    private void collect(Set<Node> seen) {
        // Chains of thousands of nodes are usual, so no recursion.
        var open = new java.util.ArrayDeque<Node>();
        open.push(this);
        while (!open.isEmpty()) {
            Node node = open.pop();
            if (seen.add(node)) node.after.forEach(open::push);
        }
    }

    @Override
    public String toString() {
        return "node " + index + " (" + work.name() + ")";
    }
}
