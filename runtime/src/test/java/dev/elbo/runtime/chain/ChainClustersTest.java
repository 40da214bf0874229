package dev.elbo.runtime.chain;

import java.util.List;

/// Chains over many states by clusters of eight blocks, each with an eighth of the columns and its threads with an
/// eighth of the rows.
class ChainClustersTest extends FormOnCudaTest {
    ChainClustersTest() {
        super(Form.CLUSTERS, 90, 4, 1, 0, 3);
    }

    /// The largest, and eighths that are not all as large.
    @Override
    int[] states() {
        return new int[] {512, 129, 255, 511};
    }

    @Override
    int[] batches() {
        return new int[] {4};
    }

    /// Fewer states than a block has registers for, more than a cluster has, or a matrix for every step.
    @Override
    List<Scores> others() {
        return List.of(
                Scores.random(1, 2, 128, false, 0, 9),
                Scores.random(1, 2, 513, false, 0, 9),
                Scores.random(1, 2, 130, true, 0, 9));
    }
}
