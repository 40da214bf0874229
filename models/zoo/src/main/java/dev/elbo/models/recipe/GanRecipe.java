package dev.elbo.models.recipe;

import dev.elbo.models.adversarial.Contest;
import dev.elbo.models.adversarial.DenseDiscriminator;
import dev.elbo.models.adversarial.DenseGenerator;
import dev.elbo.models.adversarial.Gan;
import dev.elbo.models.adversarial.MinibatchStatistic;
import dev.elbo.models.adversarial.Objective;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.ops.Activation;
import java.lang.foreign.Arena;
import java.util.List;

/// A GAN of fully connected layers, with what helps against generators that leave things out.
///
/// ```
/// rate(t)   falls along a cosine to a fiftieth
/// noise(t)  = noise · (0.02 / noise)^(t / T′), T′ = 70 % of the steps; then 0
/// ```
///
/// @param hidden    widths of the hidden layers of both networks, from z and from x on
/// @param latent    dimensions of z
/// @param objective what both sides play for
/// @param statistic what the discriminator is told of the whole batch
/// @param noise     standard deviation of instance noise at first; 0 for none
/// @param spectral  whether the discriminator's weights are divided by their spectral norms
public record GanRecipe(
        List<Integer> hidden, int latent, Goal objective, BatchStatistic statistic, double noise, boolean spectral) {
    private static final double LAST_RATE = 0.02;
    private static final double LAST_NOISE = 0.02;
    private static final double NOISY = 0.7;
    private static final int PLACES = 4;
    private static final int PLACE_WIDTH = 2;

    /// Objectives by name.
    public enum Goal {
        MINIMAX(new Objective.Minimax(1)),
        NON_SATURATING(new Objective.NonSaturating(1)),
        SMOOTHED(new Objective.NonSaturating(0.9f)),
        LEAST_SQUARES(new Objective.LeastSquares(1)),
        HINGE(new Objective.Hinge()),
        WASSERSTEIN(new Objective.Wasserstein());

        private final Objective objective;

        Goal(Objective objective) {
            this.objective = objective;
        }
    }

    /// Statistics of the batch by name.
    public enum BatchStatistic {
        NONE,
        DEVIATION,
        DISTANCES;

        private MinibatchStatistic of(int features, Clock init, Memory memory) {
            return switch (this) {
                case NONE -> new MinibatchStatistic.None();
                case DEVIATION -> new MinibatchStatistic.Deviation();
                case DISTANCES -> MinibatchStatistic.Distances.of(features, PLACES, PLACE_WIDTH, init, memory);
            };
        }
    }

    /// Copies the list.
    public GanRecipe {
        hidden = List.copyOf(hidden);
    }

    /// A fresh model of data anywhere on the line, or, in [0, 1], of what a range says.
    ///
    /// @param owner frees it when it closes
    public Parameters<Gan> build(Device device, int features, long seed, Arena owner) {
        return Parameters.of(device, "gan", owner, memory -> {
            Clock init = Clock.of(seed, 0, memory);
            return new Gan(
                    DenseGenerator.of(latent, hidden, features, Activation.NONE, init, memory),
                    DenseDiscriminator.of(features, hidden, statistic::of, spectral, init, memory));
        });
    }

    /// What the two play with.
    ///
    /// @param steps of the training
    /// @param rate  of learning at first, of both sides
    public Contest.Terms terms(long steps, double rate) {
        Schedule falling = Schedule.cosine(rate, LAST_RATE * rate, steps);
        return new Contest.Terms(objective.objective, fading(steps), falling, falling);
    }

    private Schedule fading(long steps) {
        if (noise == 0) {
            return Schedule.constant(0);
        }
        long noisy = Math.max(1, (long) (NOISY * steps));
        return Schedule.curve(
                noisy, step -> step == noisy ? 0 : noise * Math.pow(LAST_NOISE / noise, (double) step / noisy));
    }
}
