package dev.elbo.runtime;

/// One piece of work whose buffers and arguments are settled: what a step keeps and replays.
interface Launch {
    /// Name of the operation this belongs to, as messages and profiles show it.
    String operation();

    /// Runs it, or gives it to the device's queue, without allocating on the Java heap.
    void run();
}
