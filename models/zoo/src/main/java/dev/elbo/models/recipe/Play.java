package dev.elbo.models.recipe;

import dev.elbo.models.adversarial.Contest;
import dev.elbo.models.adversarial.MinibatchStatistic;
import dev.elbo.models.adversarial.Objective;
import dev.elbo.models.recipe.Recipe.Fields;
import dev.elbo.models.training.Plan;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What the two sides of a GAN play for, and what helps against generators that leave things out.
///
/// ```
/// noise(t) = noise · (0.02 / noise)^(t / T′), T′ = 70 % of the steps; then 0
/// ```
///
/// @param objective one of [#OBJECTIVES]
/// @param label     of real examples, 1 or smoothed; of the first three objectives
/// @param statistic one of [#STATISTICS]: what the discriminator is told of the whole batch
/// @param noise     standard deviation of instance noise at first; 0 for none
/// @param spectral  whether the discriminator's weights are divided by their spectral norms
public record Play(String objective, double label, String statistic, double noise, boolean spectral) {
    /// What both sides may play for.
    public static final List<String> OBJECTIVES =
            List.of("non-saturating", "minimax", "least-squares", "hinge", "wasserstein");

    /// What a discriminator may be told of a batch.
    public static final List<String> STATISTICS = List.of("deviation", "distances", "none");

    private static final double LAST_NOISE = 0.02;
    private static final double NOISY = 0.7;
    private static final int PLACES = 4;
    private static final int PLACE_WIDTH = 2;

    /// Checks words and numbers.
    public Play {
        require(OBJECTIVES.contains(objective), "--objective " + objective, "use one of " + OBJECTIVES);
        require(STATISTICS.contains(statistic), "--statistic " + statistic, "use one of " + STATISTICS);
        require(label > 0.5 && label <= 1, "--label " + label, "use a number above a half, to 1");
        require(noise >= 0 && noise < Double.POSITIVE_INFINITY, "--noise " + noise, "use a number from 0 up");
    }

    private static void require(boolean holds, String said, String remedy) {
        if (!holds) {
            throw new BadInputException(said, "not possible for a gan", remedy);
        }
    }

    static Play of(Fields fields) {
        return new Play(
                fields.oneOf("objective", OBJECTIVES.toArray(String[]::new)),
                fields.number("label", 1),
                fields.oneOf("statistic", STATISTICS.toArray(String[]::new)),
                fields.number("noise", 0),
                fields.flag("spectral"));
    }

    Map<String, Json> members() {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("objective", Json.of(objective));
        members.put("label", Json.of(label));
        members.put("statistic", Json.of(statistic));
        members.put("noise", Json.of(noise));
        members.put("spectral", Json.of(spectral));
        return members;
    }

    /// The terms for so many steps, both sides learning at the plan's rate.
    Contest.Terms terms(Plan plan) {
        return new Contest.Terms(goal(), fading(plan.steps()), plan.rate(), plan.rate());
    }

    private Objective goal() {
        return switch (objective) {
            case "minimax" -> new Objective.Minimax((float) label);
            case "least-squares" -> new Objective.LeastSquares((float) label);
            case "hinge" -> new Objective.Hinge();
            case "wasserstein" -> new Objective.Wasserstein();
            default -> new Objective.NonSaturating((float) label);
        };
    }

    private Schedule fading(long steps) {
        if (noise == 0) {
            return Schedule.constant(0);
        }
        long noisy = Math.max(1, (long) (NOISY * steps));
        double last = Math.min(LAST_NOISE, noise);
        return Schedule.curve(noisy, step -> step == noisy ? 0 : noise * Math.pow(last / noise, (double) step / noisy));
    }

    /// [DenseDiscriminator.StatisticFactory].
    MinibatchStatistic statistic(int features, Clock init, Memory memory) {
        return switch (statistic) {
            case "deviation" -> new MinibatchStatistic.Deviation();
            case "distances" -> MinibatchStatistic.Distances.of(features, PLACES, PLACE_WIDTH, init, memory);
            default -> new MinibatchStatistic.None();
        };
    }
}
