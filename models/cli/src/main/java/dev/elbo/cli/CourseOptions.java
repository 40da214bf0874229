package dev.elbo.cli;

import dev.elbo.models.recipe.Budget;
import dev.elbo.models.recipe.Course;
import picocli.CommandLine.Option;

/// What `elbo train` asks about the way a model of single examples learns.
final class CourseOptions {
    /// How the rate of learning changes.
    enum Rate {
        /// Not at all.
        constant,
        /// Down to 0 along half a cosine.
        cosine,
        /// In the eight stages of the IWAE authors.
        iwae
    }

    /// What a number that is not finite does.
    enum OnNan {
        /// It ends the training, before the update.
        stop,
        /// Its update is left out.
        skip
    }

    @Option(
            names = "--schedule",
            description = "Rate of learning: ${COMPLETION-CANDIDATES} (default: constant; gan and dcgan: cosine; of the"
                    + " preset: iwae).")
    private Rate schedule;

    @Option(
            names = "--warm-up",
            paramLabel = "EPOCHS",
            description = "Let the rate of learning rise from 0; the schedule begins after it, a cosine still ends at 0"
                    + " (default: ${DEFAULT-VALUE}).")
    private double warmUp = 0;

    @Option(names = "--clip", description = "Longest gradient; 0: no limit (default: ${DEFAULT-VALUE}).")
    private double clip = 0;

    @Option(
            names = "--on-nan",
            description = "What a loss that is no number does: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private OnNan onNan = OnNan.stop;

    @Option(
            names = "--validation",
            paramLabel = "N",
            description = "Hold the last N training examples back, judge by them, keep the best state"
                    + " (default: 0; of the preset: 400).")
    private Integer validation;

    @Option(
            names = "--patience",
            description = "Stop after so many of the 50 reports without a better one; 0: never"
                    + " (default: ${DEFAULT-VALUE}).")
    private int patience = 0;

    Course course(Budget budget) {
        return course(budget, Rate.constant);
    }

    /// @param usual rate where no option says otherwise
    Course course(Budget budget, Rate usual) {
        return new Course(
                budget,
                (schedule == null ? usual : schedule).name(),
                warmUp,
                clip,
                onNan.name(),
                "adam",
                held(0),
                patience);
    }

    /// That of the IWAE authors: their optimizer, stages and split.
    Course iwaeCourse(Budget budget) {
        return new Course(
                budget,
                (schedule == null ? Rate.iwae : schedule).name(),
                warmUp,
                clip,
                onNan.name(),
                "iwae",
                held(400),
                patience);
    }

    int patience() {
        return patience;
    }

    private int held(int usual) {
        return validation == null ? usual : validation;
    }
}
