package dev.elbo.models.adversarial;

import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Player;
import dev.elbo.models.training.Side;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Scheduled;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.random.Purpose;
import java.util.List;
import java.util.Optional;

/// One step of adversarial training: the discriminator moves, then the generator, over the same fakes.
///
/// ```
/// fake = G(z), z ~ N(0, I)
/// D: real and fake through D, each a batch of its own          the fakes are a constant to it
/// G: fake through the new D                                    whose parameters are a constant to it
/// ```
///
/// Instance noise (Sønderby et al. 2017, arXiv:1610.04490): all that D sees is x + s ε, ε ~ N(0, I) drawn anew
/// each time. The two distributions then overlap, and as s falls so does what a generator can leave out.
public final class Contest implements Trainer.Game<Gan> {
    private static final UpdateRule RULE =
            new UpdateRule.Adam(0.5f, 0.999f, 1e-8f, UpdateRule.Adam.Root.OUTSIDE, 0, 0, false);

    private final Objective objective;
    private final Optional<Scheduled> noise;

    private Contest(Objective objective, Optional<Scheduled> noise) {
        this.objective = objective;
        this.noise = noise;
    }

    /// What a contest is fought with.
    ///
    /// @param objective         of both
    /// @param noise             s, the standard deviation of instance noise; zero throughout is none
    /// @param discriminatorRate of learning
    /// @param generatorRate     of learning
    public record Terms(Objective objective, Schedule noise, Schedule discriminatorRate, Schedule generatorRate) {}

    /// The game alone, for a step of one's own.
    ///
    /// @param memory holds the schedule of the noise as long as the steps
    public static Contest of(Terms terms, Memory memory) {
        boolean noisy = !terms.noise.equals(Schedule.constant(0));
        return new Contest(terms.objective, noisy ? Optional.of(Scheduled.of(terms.noise, memory)) : Optional.empty());
    }

    /// The discriminator, then the generator: who plays, and by which rule and rate.
    public static List<Side> sides(Parameters<Gan> gan, Terms terms) {
        return List.of(
                new Side("discriminator", gan.part(Gan::discriminator), RULE, terms.discriminatorRate),
                new Side("generator", gan.part(Gan::generator), RULE, terms.generatorRate));
    }

    /// A run that has not begun, by Adam with β₁ 0.5 (Radford et al. 2016).
    ///
    /// @param gan    borrowed; changed by training
    /// @param data   (count, features), f32 or u8, borrowed, on the device of the parameters
    /// @param plan   all but rule and rate
    /// @param memory holds the schedule of the noise as long as the run
    public static Trainer<Gan> training(Parameters<Gan> gan, Tensor data, Terms terms, Plan plan, Memory memory) {
        return new Trainer<>(gan, data, of(terms, memory), plan, sides(gan, terms));
    }

    @Override
    public void play(Gan gan, Tensor real, Clock clock, List<Player> players) {
        Player.Turn turn = players.getLast().turn();
        Ops plain = turn.ops().detached();
        Shape latent = Shape.of(real.shape().rows(), gan.generator().latent());
        Tensor fake = gan.generator().generate(turn.ops(), plain.normals(latent, clock.next(Purpose.TRAIN)));
        Optional<Tensor> s = noise.map(schedule -> schedule.at(clock));
        players.getFirst().move(f -> {
            Discriminator now = gan.discriminator().bounded(f, true);
            return objective.discriminator(
                    f, now.logits(f, blurred(f, real, s, clock)), now.logits(f, blurred(f, fake, s, clock)));
        });
        Ops f = turn.ops();
        Discriminator moved = gan.discriminator().bounded(f, false);
        turn.endLast(objective.generator(f, moved.logits(f, blurred(f, fake, s, clock))));
    }

    private static Tensor blurred(Ops f, Tensor x, Optional<Tensor> s, Clock clock) {
        return s.map(width -> {
                    Ops plain = f.detached();
                    Tensor noise = plain.normals(x.shape(), clock.next(Purpose.TRAIN));
                    return f.plus(x, plain.times(noise, width.as(Shape.of(1))));
                })
                .orElse(x);
    }
}
