package dev.elbo.cli;

import dev.elbo.models.recipe.RbmRecipe;
import picocli.CommandLine.Model.CommandSpec;
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
    private Double sparsity;

    @Option(names = "--sparsity-cost", description = "Weight of that wish (default: 1 with --sparsity).")
    private Double cost;

    /// Whether updates are those of plain gradient descent.
    boolean descends() {
        return momentum != null;
    }

    /// Refuses what a machine of this configuration has no use for.
    static void refuseIdle(CommandSpec command, Config config) {
        boolean persistent = config.says("persistent", true);
        Idle.refuse(command, option -> !option.equals("--chains") || persistent, "they are kept by --persistent");
        boolean sparse = Idle.given(command).contains("--sparsity") || !config.says("sparsity", 0.0);
        Idle.refuse(command, option -> !option.equals("--sparsity-cost") || sparse, "it is the weight of --sparsity");
    }

    /// @param decay of the weights
    RbmRecipe recipe(int hidden, int batch, double decay) {
        double price = cost != null ? cost : sparsity != null ? 1 : 0;
        double rate = sparsity != null ? sparsity : 0;
        RbmRecipe.Manner manner = new RbmRecipe.Manner(!descends(), descends() ? momentum : 0, decay, rate, price);
        return new RbmRecipe(hidden, gibbs, chains == null ? batch : chains, persistent, real, manner);
    }
}
