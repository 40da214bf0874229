package dev.elbo.models.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.runtime.Schedule;
import org.junit.jupiter.api.Test;

/// Twenty steps of an epoch, ten epochs.
class CourseTest {
    private static final Budget BUDGET = new Budget(10, 5, 0.5, 1);
    private static final long STEPS = 200;

    private static Schedule rate(String schedule, double warmUp) {
        return new Course(BUDGET, schedule, warmUp, 0, "stop", "adam", 0, 0)
                .plan(100, false)
                .rate();
    }

    @Test
    void aCosineEndsAtZeroWhateverTheWarmUp() {
        for (double warmUp : new double[] {0, 1, 5}) {
            Schedule rate = rate("cosine", warmUp);
            long rising = (long) (20 * warmUp);
            assertEquals(0.5, rate.at(rising), 1e-6);
            assertEquals(0.25, rate.at((rising + STEPS) / 2), 1e-6, "half way down; warmUp=" + warmUp);
            assertEquals(0, rate.at(STEPS), 1e-6, "warmUp=" + warmUp);
        }
    }

    @Test
    void aWarmUpAsLongAsTheTrainingOnlyRises() {
        Schedule rate = rate("cosine", 10);
        assertEquals(0, rate.at(0));
        assertEquals(0.5 * 199 / 200, rate.at(199), 1e-6);
    }

    @Test
    void stagesBeginAfterTheWarmUp() {
        Schedule plain = rate("iwae", 0);
        Schedule warm = rate("iwae", 2);
        assertEquals(0.25, warm.at(20), 1e-6);
        for (long step = 0; step < STEPS; step += 10) {
            assertEquals(plain.at(step), warm.at(step + 40));
        }
    }
}
