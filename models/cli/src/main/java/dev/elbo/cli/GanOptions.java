package dev.elbo.cli;

import dev.elbo.models.recipe.DcganRecipe;
import dev.elbo.models.recipe.GanRecipe;
import dev.elbo.models.recipe.Play;
import java.util.List;
import picocli.CommandLine.Option;

/// What `elbo train` asks of GANs.
final class GanOptions {
    @Option(
            names = "--objective",
            description = "What a gan plays for: non-saturating, minimax, least-squares, hinge or wasserstein"
                    + " (default: ${DEFAULT-VALUE}).")
    private String objective = Play.OBJECTIVES.getFirst();

    @Option(
            names = "--label",
            description = "Label of real examples, below 1 to smooth it (default: ${DEFAULT-VALUE}).")
    private double label = 1;

    @Option(
            names = "--statistic",
            description = "What a discriminator is told of its whole batch: deviation, distances or none"
                    + " (default: ${DEFAULT-VALUE}).")
    private String statistic = Play.STATISTICS.getFirst();

    @Option(names = "--noise", description = "Instance noise at first, which fades (default: 0; of toys: 1).")
    private Double noise;

    @Option(names = "--spectral", description = "Divide a discriminator's weights by their spectral norms.")
    private boolean spectral;

    @Option(
            names = "--width",
            description = "Channels of a dcgan's largest maps; 128 in the paper, whose images are 64×64, and 64 in the"
                    + " usual smaller one (default: ${DEFAULT-VALUE}).")
    private int width = 32;

    GanRecipe dense(List<Integer> hidden, int latent, boolean toy) {
        return new GanRecipe(hidden, latent, play(toy ? 1 : 0));
    }

    DcganRecipe convolutional(int latent) {
        return new DcganRecipe(width, latent, play(0));
    }

    private Play play(double usualNoise) {
        return new Play(objective, label, statistic, noise == null ? usualNoise : noise, spectral);
    }
}
