package dev.elbo.simulator.driver;

import java.util.List;

/// One launch of a graph, or a graph that is a node of another one.
///
/// @param works in the order in which they are done
record GraphLaunch(Driver driver, List<Work> works) implements Work {
    @Override
    public Kind kind() {
        return Kind.GRAPH;
    }

    @Override
    public String name() {
        return "graph of " + works.size() + " nodes";
    }

    @Override
    public void issued() {
        works.forEach(Work::issued);
    }

    @Override
    public void run() {
        for (Work work : works) {
            driver.counters.graphNode();
            work.run();
        }
    }
}
