package dev.elbo.models.recipe;

import dev.elbo.models.recipe.Recipe.Fields;
import dev.elbo.models.training.Plan;
import dev.elbo.runtime.NanPolicy;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.util.LinkedHashMap;
import java.util.Map;

/// How a model of single examples is trained within its budget.
///
/// ```
/// schedule    rate of learning at epoch e of E, after W of warm-up
/// constant    rate
/// cosine      ½ rate (1 + cos(π (e − W) / (E − W)))
/// iwae        rate · 10^(−i/7) in stage i = 0 … 7, which lasts 3ⁱ epochs: 3,280 in all     (the IWAE authors')
/// ```
///
/// Before epoch W the rate is e / W of the first. A cosine ends at 0 all the same; the stages, whose lengths
/// are given, all begin W epochs later, and the training ends that much earlier in them.
///
/// @param budget    of the training
/// @param schedule  `constant`, `cosine` or `iwae`
/// @param warmUp    epochs in which the rate rises from 0
/// @param clip      longest gradient, 0 for no limit
/// @param onNan     `stop` or `skip`: what a number that is not finite does to an update
/// @param optimizer `adam`, or `iwae` for the constants of the IWAE authors' code
/// @param held      examples at the end of the training part that are not learned from but judged by
/// @param patience  reports without a better judgement until training stops; 0: it never does
public record Course(
        Budget budget,
        String schedule,
        double warmUp,
        double clip,
        String onNan,
        String optimizer,
        int held,
        int patience) {
    private static final int REPORTS = 50;
    private static final int STAGES = 8;

    /// Adam at a constant rate.
    public static Course plain(Budget budget) {
        return new Course(budget, "constant", 0, 0, "stop", "adam", 0, 0);
    }

    /// The course of a configuration; what it does not say is [#plain].
    ///
    /// @param source the name to put into a message
    public static Course of(Json.Members config, Budget budget, String source) {
        Fields fields = new Fields(config, source);
        int held = (int) fields.number("validation", 0);
        int patience = (int) fields.number("patience", 0);
        if (patience > 0 && held == 0) {
            throw new BadInputException(
                    "--patience " + patience, "nothing is held back to judge by", "add --validation N");
        }
        return new Course(
                budget,
                fields.oneOf("schedule", "constant", "cosine", "iwae"),
                fields.number("warm_up", 0),
                fields.number("clip", 0),
                fields.oneOf("on_nan", "stop", "skip"),
                fields.oneOf("optimizer", "adam", "iwae"),
                held,
                patience);
    }

    /// What [#of] makes this course again from, beside the budget.
    public Json.Members config() {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("schedule", Json.of(schedule));
        members.put("warm_up", Json.of(warmUp));
        members.put("clip", Json.of(clip));
        members.put("on_nan", Json.of(onNan));
        members.put("optimizer", Json.of(optimizer));
        members.put("validation", Json.of(held));
        members.put("patience", Json.of(patience));
        return new Json.Members(members);
    }

    /// The plan for so many examples.
    ///
    /// @param count  of the examples that are learned from
    /// @param binary whether a value is the probability of a bit, drawn anew every time it is seen
    public Plan plan(int count, boolean binary) {
        long steps = steps(count, budget.epochs());
        return new Plan(
                budget.batch(),
                steps,
                true,
                binary,
                rule(),
                rate(count, steps),
                (float) clip,
                onNan.equals("skip") ? NanPolicy.SKIP : NanPolicy.FREEZE,
                budget.seed(),
                (int) Math.max(1, steps / REPORTS));
    }

    /// Steps of so many epochs.
    ///
    /// @param count of the examples that are learned from
    public long steps(int count, double epochs) {
        return Plan.steps(count, budget.batch(), epochs);
    }

    /// How many of the training part are learned from.
    ///
    /// @param count of the training part
    public int learned(int count) {
        if (held >= count) {
            throw new BadInputException(
                    "--validation " + held, "nothing left to learn from; examples=" + count, "hold fewer back");
        }
        return count - held;
    }

    /// That of the authors is for the sum of the gradients over a batch. Adam does not see a factor B of a
    /// gradient whose ε and first mean square have it, too: for the mean, both are divided.
    private UpdateRule rule() {
        if (optimizer.equals("adam")) {
            return new UpdateRule.Adam();
        }
        UpdateRule.Adam theirs = UpdateRule.Adam.iwae();
        float batch = budget.batch();
        return new UpdateRule.Adam(
                theirs.beta1(),
                theirs.beta2(),
                theirs.epsilon() / batch,
                theirs.root(),
                theirs.initialSquare() / (batch * batch),
                0,
                false);
    }

    private Schedule rate(int count, long steps) {
        long rising = steps(count, warmUp);
        Schedule rate = switch (schedule) {
            // A rise that lasts as long as the training leaves no step to fall in.
            case "cosine" -> Schedule.cosine(budget.rate(), 0, Math.max(1, steps - rising));
            case "iwae" -> stages(Math.toIntExact(steps(count, 1)));
            default -> Schedule.constant(budget.rate());
        };
        return rising == 0 ? rate : rate.warmUp(rising);
    }

    /// @param epoch steps of one
    private Schedule stages(int epoch) {
        float[] rates = new float[(int) (Math.pow(3, STAGES) - 1) / 2];
        int at = 0;
        for (int stage = 0; stage < STAGES; stage++) {
            // Rounded to a ten-thousandth, as in their code.
            double rate = Math.round(10 * Math.pow(10, 1 - stage / 7.0)) / 100.0 * budget.rate();
            for (int i = 0; i < Math.pow(3, stage); i++) {
                rates[at++] = (float) rate;
            }
        }
        return Schedule.list(epoch, rates);
    }
}
