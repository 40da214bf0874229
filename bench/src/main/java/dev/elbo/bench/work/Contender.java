package dev.elbo.bench.work;

/// One library, ready to run one workload.
public interface Contender extends AutoCloseable {
    /// Its answer on the arrays of the [Start], before any timed run.
    double loss();

    /// Runs so many times and returns when the last is done.
    ///
    /// @return nanoseconds they took
    long run(int times);

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

        /// Whether it has been taught a workload at these sizes.
        boolean knows(Sized workload);

        /// Prepares a workload that it knows. Its loss is checked by the caller.
        Contender open(Start start, int threads);
    }
}
