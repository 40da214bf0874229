package dev.elbo.simulator.driver;

/// Something that a stream does when its turn comes; a graph does the same thing again at each launch.
public interface Work {
    /// The kinds of graph nodes, with the numbers that the driver gives them.
    enum Kind {
        KERNEL,
        MEMCPY,
        MEMSET,
        HOST,
        GRAPH,
        EMPTY,
        WAIT_EVENT,
        EVENT_RECORD
    }

    /// Which kind of graph node it makes.
    Kind kind();

    /// What a person calls it: the kernel, or the call.
    String name();

    /// It has been handed to a stream that runs: at once, or as part of a graph.
    default void issued() {}

    /// Does it, now.
    void run();

    /// Work that is one action.
    static Work of(Kind kind, String name, Runnable action) {
        return new Work() {
            @Override
            public Kind kind() {
                return kind;
            }

            @Override
            public String name() {
                return name;
            }

            @Override
            public void run() {
                action.run();
            }
        };
    }
}
