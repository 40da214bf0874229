package dev.elbo.simulator.machine;

import dev.elbo.simulator.ptx.Operand;
import dev.elbo.simulator.ptx.Operand.Name;
import dev.elbo.simulator.ptx.Operand.Register;
import dev.elbo.simulator.ptx.PtxException;
import dev.elbo.simulator.ptx.Statement;
import dev.elbo.simulator.ptx.Statement.Instruction;
import dev.elbo.simulator.ptx.Statement.Label;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Basic blocks of a kernel, numbered in the order in which diverged lanes are run.
///
/// Lanes of a warp that part run one group at a time, the group at the lowest block first, and merge when they meet
/// at the same block. The numbering makes this reconverge at immediate post-dominators: it is topological up to
/// back edges, and the blocks of a loop are numbered before whatever comes after the loop.
final class FlowGraph {
    /// How a block ends.
    enum End {
        /// Goes to the only successor.
        JUMP,
        /// Goes to successor 0 where the predicate holds, else to successor 1.
        BRANCH,
        /// Goes to the successor that an index names.
        TABLE,
        /// The thread is done.
        EXIT
    }

    static final class Node {
        final List<Instruction> body = new ArrayList<>();
        End end = End.JUMP;
        Instruction branch;
        Register predicate;
        boolean negated;
        Operand index;
        List<Node> successors = new ArrayList<>();
        int order = -1;

        private List<String> targets = List.of();
    }

    private final String kernel;
    private final Map<String, Node> labels = new HashMap<>();
    private final Map<String, List<String>> branchTables;
    private final List<Node> layout = new ArrayList<>();

    private FlowGraph(String kernel, Map<String, List<String>> branchTables) {
        this.kernel = kernel;
        this.branchTables = branchTables;
    }

    /// Reachable blocks in running order; the first is where the kernel starts.
    static List<Node> of(String kernel, Expansion code) {
        FlowGraph graph = new FlowGraph(kernel, code.branchTables());
        graph.split(code.statements());
        graph.connect();
        return graph.ordered();
    }

    private void split(List<Statement> statements) {
        Node current = start();
        for (Statement statement : statements) {
            switch (statement) {
                case Label(String name) -> {
                    current = current.body.isEmpty() ? current : start();
                    labels.put(name, current);
                }
                case Instruction instruction -> current = append(current, instruction);
            }
        }
        current.end = End.EXIT;
    }

    private Node start() {
        Node node = new Node();
        layout.add(node);
        return node;
    }

    private Node append(Node current, Instruction instruction) {
        switch (instruction.mnemonic()) {
            case "bra", "brx" -> {
                return branch(current, instruction);
            }
            case "ret", "exit" -> {
                return exit(current, instruction);
            }
            default -> {}
        }
        if (!Convergence.needed(instruction)) {
            current.body.add(instruction);
            return current;
        }
        Node own = current.body.isEmpty() ? current : start();
        own.body.add(instruction);
        return Convergence.isBlockBarrier(instruction) ? start() : own;
    }

    private Node branch(Node current, Instruction instruction) {
        current.branch = instruction;
        List<Operand> operands = instruction.operands();
        if (instruction.mnemonic().equals("brx")) {
            if (instruction.guard() != null || !(operands.get(1) instanceof Name(String table))) {
                throw new PtxException("unsupported instruction: " + instruction, instruction.line(), kernel);
            }
            current.end = End.TABLE;
            current.index = operands.get(0);
            current.targets = branchTables.getOrDefault(table, List.of());
            return start();
        }
        if (!(operands.getFirst() instanceof Name(String target))) {
            throw new PtxException("unsupported instruction: " + instruction, instruction.line(), kernel);
        }
        current.targets = List.of(target);
        guard(current, instruction);
        return start();
    }

    private Node exit(Node current, Instruction instruction) {
        current.branch = instruction;
        if (instruction.guard() == null) {
            current.end = End.EXIT;
            return start();
        }
        Node leave = new Node();
        leave.end = End.EXIT;
        current.successors.add(leave);
        guard(current, instruction);
        return start();
    }

    private static void guard(Node node, Instruction instruction) {
        node.end = instruction.guard() == null ? End.JUMP : End.BRANCH;
        node.predicate = instruction.guard();
        node.negated = instruction.negated();
    }

    private void connect() {
        for (int i = 0; i < layout.size(); i++) {
            Node node = layout.get(i);
            for (String target : node.targets) {
                Node to = labels.get(target);
                if (to == null) {
                    throw new PtxException("unknown label: " + target, node.branch.line(), kernel);
                }
                node.successors.add(to);
            }
            boolean fallsThrough = node.end == End.BRANCH || node.end == End.JUMP && node.targets.isEmpty();
            if (fallsThrough && i + 1 < layout.size()) {
                node.successors.add(layout.get(i + 1));
            }
        }
    }

    /// Repeatedly numbers strongly connected components in topological order, and inside each, with the edges back
    /// to its entry cut, the same again.
    private List<Node> ordered() {
        List<Node> order = new ArrayList<>();
        number(List.of(layout.getFirst()), null, order);
        for (int i = 0; i < order.size(); i++) {
            order.get(i).order = i;
        }
        return order;
    }

    /// @param inside the nodes to number, null for all
    private void number(List<Node> entries, Set<Node> inside, List<Node> order) {
        Set<Node> cut = inside == null ? Set.of() : Set.copyOf(entries);
        for (List<Node> component : Components.of(entries, inside, cut)) {
            if (component.size() == 1) {
                order.add(component.getFirst());
            } else {
                // Components list the node they were entered by first.
                number(List.of(component.getFirst()), new HashSet<>(component), order);
            }
        }
    }

    /// Tarjan's strongly connected components, without recursion: a kernel may be long.
    private static final class Components {
        private final Set<Node> inside;
        private final Set<Node> cut;
        private final Map<Node, int[]> numbers = new HashMap<>();
        private final Deque<Node> open = new ArrayDeque<>();
        private final List<List<Node>> found = new ArrayList<>();

        private Components(Set<Node> inside, Set<Node> cut) {
            this.inside = inside;
            this.cut = cut;
        }

        static List<List<Node>> of(List<Node> entries, Set<Node> inside, Set<Node> cut) {
            Components components = new Components(inside, cut);
            entries.forEach(components::visit);
            // Tarjan closes what comes last first.
            return components.found.reversed();
        }

        private void visit(Node root) {
            Deque<Node> path = new ArrayDeque<>();
            enter(root, path);
            while (!path.isEmpty()) {
                Node node = path.peek();
                int[] state = numbers.get(node);
                if (state[2] < node.successors.size()) {
                    step(node.successors.get(state[2]++), state, path);
                    continue;
                }
                path.pop();
                if (state[0] == state[1]) {
                    close(node);
                }
                if (!path.isEmpty()) {
                    int[] above = numbers.get(path.peek());
                    above[1] = Math.min(above[1], state[1]);
                }
            }
        }

        private void step(Node next, int[] state, Deque<Node> path) {
            if (cut.contains(next) || inside != null && !inside.contains(next)) {
                return;
            }
            int[] seen = numbers.get(next);
            if (seen == null) {
                enter(next, path);
            } else if (seen[3] == 1) {
                state[1] = Math.min(state[1], seen[0]);
            }
        }

        /// Number, lowest number reachable, next successor, whether still open.
        private void enter(Node node, Deque<Node> path) {
            numbers.put(node, new int[] {numbers.size(), numbers.size(), 0, 1});
            path.push(node);
            open.push(node);
        }

        private void close(Node first) {
            List<Node> component = new ArrayList<>();
            Node node;
            do {
                node = open.pop();
                numbers.get(node)[3] = 0;
                component.add(node);
            } while (node != first);
            Collections.reverse(component);
            found.add(component);
        }
    }
}
