package dev.elbo.bench.work;

/// A workload at certain sizes.
///
/// Its name says in what it differs from the first of the workload's own sizes: `rbm`, `rbm_batch1000`.
public record Sized(Workload workload, Sizes sizes) {
    /// The name, unique among the workloads.
    public String name() {
        String differences = sizes.beside(workload.sizes().getFirst());
        return differences.isEmpty() ? workload.name() : workload.name() + "_" + differences;
    }

    /// What one run costs at least.
    public Cost cost() {
        return workload.cost(sizes);
    }

    /// As in [#name()].
    @Override
    public String toString() {
        return name();
    }
}
