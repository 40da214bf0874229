package dev.elbo.bench;

/// One library, ready to train one workload.
public interface Contender extends AutoCloseable {
    /// Its loss on the examples and noise of the [Start], before any step.
    double loss();

    /// Takes so many training steps and returns when the last is done.
    ///
    /// @return nanoseconds they took
    long run(int steps);

    @Override
    void close();

    /// A library that may be here or not.
    interface Library {
        /// Its name in the results: a lower-case word.
        String name();

        /// Its full name and version, or why it is not here.
        String description();

        /// Whether it can run here.
        boolean present();

        /// Prepares a workload. Its loss is checked by the caller.
        Contender open(Start start, int threads);
    }
}
