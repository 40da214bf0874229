package dev.elbo.runtime;

/// What runs the launches of a recorded step again, all of them in order.
@FunctionalInterface
interface Replay {
    /// Runs them so many times, without allocating on the Java heap once it has settled.
    void run(long times);
}
