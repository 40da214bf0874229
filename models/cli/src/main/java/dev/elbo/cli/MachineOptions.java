package dev.elbo.cli;

import dev.elbo.models.recipe.RbmRecipe;
import picocli.CommandLine.Option;

/// What `elbo train` asks about a Boltzmann machine.
final class MachineOptions {
    @Option(names = "--cd", description = "Gibbs steps of an rbm's update (default: ${DEFAULT-VALUE}).")
    private int gibbs = 1;

    @Option(names = "--persistent", description = "Keep an rbm's chains from update to update.")
    private boolean persistent;

    @Option(names = "--chains", description = "Chains that a persistent rbm keeps (default: as --batch).")
    private Integer chains;

    @Option(names = "--real", description = "Real visible units of an rbm, of the data's deviations, not bits.")
    private boolean real;

    @Option(names = "--momentum", description = "Train an rbm by gradient descent with this momentum, not by Adam.")
    private Double momentum;

    @Option(names = "--sparsity", description = "How often an rbm's hidden units should be on.")
    private double sparsity;

    @Option(names = "--sparsity-cost", description = "Weight of that wish (default: 1 with --sparsity).")
    private Double cost;

    /// Whether updates are those of plain gradient descent.
    boolean descends() {
        return momentum != null;
    }

    /// @param decay of the weights
    RbmRecipe recipe(int hidden, int batch, double decay) {
        double price = cost != null ? cost : sparsity > 0 ? 1 : 0;
        RbmRecipe.Manner manner = new RbmRecipe.Manner(!descends(), descends() ? momentum : 0, decay, sparsity, price);
        return new RbmRecipe(hidden, gibbs, chains == null ? batch : chains, persistent, real, manner);
    }
}
