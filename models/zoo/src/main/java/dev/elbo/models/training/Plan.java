package dev.elbo.models.training;

import dev.elbo.runtime.NanPolicy;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.UpdateRule;

/// How a model is to be trained: everything but the model, its objective and the data.
///
/// @param batch     examples of a step
/// @param steps     in all
/// @param shuffle   whether every epoch has an order of its own
/// @param binarise  whether each value is drawn anew, as a bit of that probability, every time it is seen
/// @param rule      how a gradient moves the parameters
/// @param rate      of learning
/// @param maxNorm   of the gradient, longer ones are cut; 0 for no limit
/// @param policy    when loss or gradient is not finite
/// @param seed      of every draw
/// @param every     steps between reports
public record Plan(
        int batch,
        long steps,
        boolean shuffle,
        boolean binarise,
        UpdateRule rule,
        Schedule rate,
        float maxNorm,
        NanPolicy policy,
        long seed,
        int every) {
    /// Checks the numbers.
    public Plan {
        if (batch < 1 || steps < 1 || every < 1 || !(maxNorm >= 0)) {
            throw new IllegalArgumentException("Plan: numbers out of range; batch=" + batch + ", steps=" + steps
                    + ", every=" + every + ", maxNorm=" + maxNorm);
        }
    }

    /// Adam at a constant rate, in shuffled order, stopping at the first number that is not finite; a report every
    /// hundred steps.
    public static Plan adam(int batch, long steps, double rate, long seed) {
        return new Plan(
                batch,
                steps,
                true,
                false,
                new UpdateRule.Adam(),
                Schedule.constant(rate),
                0,
                NanPolicy.FREEZE,
                seed,
                100);
    }

    /// The same with fresh bits.
    public Plan binarised() {
        return new Plan(batch, steps, shuffle, true, rule, rate, maxNorm, policy, seed, every);
    }

    /// The same by another rule.
    public Plan by(UpdateRule rule) {
        return new Plan(batch, steps, shuffle, binarise, rule, rate, maxNorm, policy, seed, every);
    }

    /// The same with other reports.
    public Plan reporting(int steps) {
        return new Plan(batch, this.steps, shuffle, binarise, rule, rate, maxNorm, policy, seed, steps);
    }

    /// Steps that see each of `count` examples `epochs` times.
    public static long steps(int count, int batch, double epochs) {
        return (long) Math.ceil(epochs * count / batch);
    }
}
