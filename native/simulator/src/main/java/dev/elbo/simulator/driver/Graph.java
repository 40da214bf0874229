package dev.elbo.simulator.driver;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Work and the order it must keep.
final class Graph {
    private final List<Node> nodes = new ArrayList<>();
    private int made;

    Node add(Work work, Collection<Node> after) {
        Node node = new Node(this, made++, work);
        node.after.addAll(after);
        nodes.add(node);
        return node;
    }

    void remove(Node gone) {
        nodes.remove(gone);
        nodes.forEach(node -> node.after.remove(gone));
    }

    /// In the order in which they were added.
    List<Node> nodes() {
        return nodes;
    }

    int edges() {
        return nodes.stream().mapToInt(node -> node.after.size()).sum();
    }

    /// The nodes in an order that keeps every edge, and otherwise takes what was added last first, so that a graph
    /// which lacks an edge does not happen to run as it was meant.
    ///
    /// @throws dev.elbo.simulator.shim.Failure INVALID_VALUE if the edges form a ring
    List<Node> order() {
        Map<Node, Integer> open = new HashMap<>();
        Map<Node, List<Node>> followers = new HashMap<>();
        List<Node> ready = new ArrayList<>();
        for (Node node : nodes) {
            open.put(node, node.after.size());
            node.after.forEach(before ->
                    followers.computeIfAbsent(before, _ -> new ArrayList<>()).add(node));
            if (node.after.isEmpty()) ready.add(node);
        }
        List<Node> order = new ArrayList<>(nodes.size());
        while (!ready.isEmpty()) {
            Node node = ready.removeLast();
            order.add(node);
            for (Node follower : followers.getOrDefault(node, List.of())) {
                if (open.merge(follower, -1, Integer::sum) == 0) ready.add(follower);
            }
        }
        if (order.size() < nodes.size()) throw Result.INVALID_VALUE.because("graph has a cycle; nodes=" + nodes.size());
        return order;
    }

    @Override
    public String toString() {
        return "nodes=" + nodes.size() + ", edges=" + edges();
    }
}
