package dev.elbo.simulator.driver;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A graph made ready to run: its work in order, each piece of which may later be replaced by one of the same kind.
final class GraphExec {
    final Context context;
    private final Map<Node, Work> works = new LinkedHashMap<>();
    private final List<List<Integer>> shape;

    GraphExec(Context context, Graph graph) {
        this.context = context;
        for (Node node : graph.order()) works.put(node, node.work);
        shape = shape(graph);
    }

    /// The work of one launch: later replacements do not change it.
    List<Work> works() {
        return List.copyOf(works.values());
    }

    /// Replaces the work of one node.
    void replace(Node node, Work work) {
        Work old = works.get(node);
        if (old == null) throw Result.INVALID_VALUE.because("the executable graph was not made from this; " + node);
        if (old.kind() != work.kind()) {
            throw Result.INVALID_VALUE.because("another kind of node; is=" + old.kind() + ", new=" + work.kind());
        }
        works.put(node, work);
    }

    /// Replaces all work by that of a graph of the same shape.
    ///
    /// @return the first node that does not fit, null if all did
    Node update(Graph other) {
        List<Node> order = other.order();
        if (!shape.equals(shape(other))) return order.isEmpty() ? null : order.getFirst();
        List<Node> mine = List.copyOf(works.keySet());
        for (int i = 0; i < mine.size(); i++) {
            if (works.get(mine.get(i)).kind() != order.get(i).work.kind()) return order.get(i);
        }
        for (int i = 0; i < mine.size(); i++) works.put(mine.get(i), order.get(i).work);
        return null;
    }

    boolean fits(Graph other) {
        return shape.equals(shape(other));
    }

    /// For each node, in order of making, the places of those before it.
    private static List<List<Integer>> shape(Graph graph) {
        List<Node> nodes = graph.nodes();
        Map<Node, Integer> places = new java.util.HashMap<>();
        for (Node node : nodes) places.put(node, places.size());
        return nodes.stream()
                .map(node -> node.after.stream().map(places::get).sorted().toList())
                .toList();
    }

    @Override
    public String toString() {
        return "nodes=" + works.size();
    }
}
