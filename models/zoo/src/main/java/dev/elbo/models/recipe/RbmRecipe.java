package dev.elbo.models.recipe;

import dev.elbo.models.data.Examples;
import dev.elbo.models.energy.Annealing;
import dev.elbo.models.energy.Gibbs;
import dev.elbo.models.energy.Partition;
import dev.elbo.models.energy.PseudoLikelihood;
import dev.elbo.models.energy.Rbm;
import dev.elbo.models.energy.Visible;
import dev.elbo.models.latent.Imputation;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Statistic;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.ops.Assign;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// A restricted Boltzmann machine, trained by contrastive divergence, or, with chains of its own, by the persistent
/// kind.
///
/// @param hidden     units
/// @param steps      of Gibbs sampling for each update
/// @param chains     kept from update to update
/// @param persistent whether chains go on where they were; otherwise they start at the data
/// @param real       whether visible units are real numbers with the data's deviations; otherwise they are bits
/// @param manner     of its learning
public record RbmRecipe(int hidden, int steps, int chains, boolean persistent, boolean real, Manner manner)
        implements Recipe<RbmRecipe.Machine>,
                Sampling<RbmRecipe.Machine>,
                Reconstructing<RbmRecipe.Machine>,
                Imputing<RbmRecipe.Machine> {
    private static final int FANTASY_STEPS = 1000;
    private static final int PSEUDO_EXAMPLES = 1000;

    /// How a machine learns beside what its chains tell it.
    ///
    /// ```
    /// loss + ½ decay ‖W‖² + cost Σ_j (sparsity − mean p(h_j | data))²         (Lee, Ekanadham & Ng 2008)
    /// ```
    ///
    /// @param adam     whether updates are Adam's; otherwise those of gradient descent
    /// @param momentum of gradient descent
    /// @param decay    of the weights, not the biases; 0 for none
    /// @param sparsity how often a hidden unit should be on
    /// @param cost     of being on at another rate; 0 for none
    public record Manner(boolean adam, double momentum, double decay, double sparsity, double cost) {
        /// Adam, and nothing beside the chains.
        public static final Manner PLAIN = new Manner(true, 0, 0, 0, 0);

        /// Checks the numbers.
        public Manner {
            if (!(momentum >= 0 && momentum < 1)) {
                throw new BadInputException(
                        "--momentum " + momentum, "it would never slow down", "use a number from 0 to below 1");
            }
            if (!(sparsity >= 0 && sparsity <= 1)) {
                throw new BadInputException("--sparsity " + sparsity, "no rate", "use a number from 0 to 1");
            }
        }
    }

    /// A machine and its chains.
    ///
    /// @param rbm    the parameters
    /// @param chains (chains, visible); part of a checkpoint
    public record Machine(Rbm rbm, Statistic chains) {}

    static RbmRecipe of(Fields fields) {
        return new RbmRecipe(
                fields.integer("hidden"),
                fields.integer("steps"),
                fields.integer("chains"),
                fields.flag("persistent"),
                fields.flagged("real"),
                new Manner(
                        !fields.flagged("descent"),
                        fields.number("momentum", 0),
                        fields.number("decay", 0),
                        fields.number("sparsity", 0),
                        fields.number("sparsity_cost", 0)));
    }

    @Override
    public String name() {
        return "rbm";
    }

    @Override
    public Json.Members config() {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("model", Json.of(name()));
        members.put("hidden", Json.of(hidden));
        members.put("steps", Json.of(steps));
        members.put("chains", Json.of(chains));
        members.put("persistent", Json.of(persistent));
        members.put("real", Json.of(real));
        members.put("descent", Json.of(!manner.adam));
        members.put("momentum", Json.of(manner.momentum));
        members.put("decay", Json.of(manner.decay));
        members.put("sparsity", Json.of(manner.sparsity));
        members.put("sparsity_cost", Json.of(manner.cost));
        return new Json.Members(members);
    }

    @Override
    public boolean binary() {
        return !real;
    }

    /// A machine whose visible biases are what [#rates] says.
    @Override
    public Parameters<Machine> build(Device device, Examples train, long seed, Arena owner) {
        int features = train.features();
        float[] deviations = real ? deviations(train) : new float[0];
        Parameters<Machine> built = Parameters.of(device, name(), owner, memory -> {
            Clock init = Clock.of(seed, 0, memory);
            Visible units = real ? Visible.Gaussian.of(deviations, memory) : new Visible.Bernoulli();
            Rbm rbm = Rbm.of(features, hidden, units, init, memory);
            return new Machine(rbm, new Statistic(beginnings(rbm, chains, init, Purpose.CHAIN, memory)));
        });
        Rbm rbm = built.model().rbm();
        device.write(rates(rbm, train), rbm.visibleBias());
        return built;
    }

    /// Log odds of the data's base rates, or means of real data in units of the machine's deviations: the machine
    /// without hidden units that fits best, where annealing starts. Zeros where there are no examples.
    ///
    /// @return (visible)
    public static float[] rates(Rbm rbm, Examples train) {
        if (train.count() == 0) {
            return new float[train.features()];
        }
        return switch (rbm.units()) {
            case Visible.Bernoulli _ -> train.logOdds();
            case Visible.Gaussian units -> {
                float[] rates = train.means();
                float[] deviations =
                        rbm.weights().device().floats(units.deviation().value());
                for (int i = 0; i < rates.length; i++) {
                    rates[i] /= deviations[i];
                }
                yield rates;
            }
        };
    }

    private static float[] deviations(Examples train) {
        if (train.count() > 0) {
            return train.deviations();
        }
        float[] ones = new float[train.features()];
        Arrays.fill(ones, 1);
        return ones;
    }

    /// Visible units given hidden ones that are fair coins: where chains begin that know nothing.
    private static Tensor beginnings(Rbm rbm, int count, Clock clock, Purpose purpose, Memory memory) {
        Ops f = Ops.plain(memory);
        Tensor coins = f.bernoullis(f.constant(Shape.of(count, rbm.hidden()), 0.5f), clock.next(purpose));
        return rbm.drawVisible(f, coins, clock.next(purpose));
    }

    @Override
    public Trainer<Machine> training(Parameters<Machine> parameters, Tensor x, Course course, Memory memory) {
        Plan plan = course.plan(x.shape().rows(), binary());
        UpdateRule descent = new UpdateRule.Sgd((float) manner.momentum);
        return new Trainer<>(parameters, x, objective(), manner.adam ? plan : plan.by(descent));
    }

    private Trainer.Objective<Machine> objective() {
        return (f, machine, x, clock) -> {
            Tensor loss = beside(f, machine.rbm, x, contrast(f, machine, x, clock));
            return manner.decay > 0
                    ? f.plus(loss, f.times(f.sum(f.square(machine.rbm.weights())), (float) (manner.decay / 2)))
                    : loss;
        };
    }

    private Tensor contrast(Ops f, Machine machine, Tensor x, Clock clock) {
        if (!persistent) {
            return Gibbs.divergence(f, machine.rbm, x, steps, clock, Purpose.CHAIN);
        }
        Tensor chains = machine.chains.value();
        Tensor end = Gibbs.chain(f.detached(), machine.rbm, chains, steps, clock, Purpose.CHAIN);
        Assign.bind(end, chains);
        return Gibbs.contrast(f, machine.rbm, x, end);
    }

    /// The loss, and what hidden units pay for being on too often or too rarely.
    private Tensor beside(Ops f, Rbm rbm, Tensor x, Tensor loss) {
        if (manner.cost == 0) {
            return loss;
        }
        Tensor rate = f.meanColumns(rbm.hiddenGivenVisible(f, x));
        Tensor off = f.minus(rate, f.constant(Shape.of(1), (float) manner.sparsity));
        return f.plus(loss, f.times(f.sum(f.square(off)), (float) manner.cost));
    }

    /// `test_log_likelihood` and `log_z`, nats, where log Z can be summed; of bits also `test_pseudo_likelihood`, of
    /// the first thousand examples.
    @Override
    public Map<String, Double> evaluate(Machine machine, Tensor test, int samples, long seed) {
        Map<String, Double> figures = new LinkedHashMap<>();
        int n = test.shape().rows();
        if (Partition.feasible(machine.rbm)) {
            double logZ = Partition.exact(machine.rbm);
            figures.put("log_z", logZ);
            if (n > 0) {
                figures.put("test_log_likelihood", logLikelihood(machine, test, logZ));
            }
        }
        if (!real && n > 0) {
            Tensor some = test.rows(0, Math.min(n, PSEUDO_EXAMPLES));
            figures.put("test_pseudo_likelihood", PseudoLikelihood.mean(machine.rbm, some));
        }
        return figures;
    }

    /// log Z by annealing, and what follows from it.
    ///
    /// @param figures  by the names that the command's JSON has for them; none where the estimate is refused
    /// @param estimate with its diagnostics, and why it is refused where it is
    public record Annealed(Map<String, Double> figures, Annealing.Estimate estimate) {}

    /// `log_z`, its error and effective sample size, `log_z_reverse`, where it can be summed `log_z_exact`, and the
    /// mean log-likelihood of `x` where there is any: all by annealing from base rates up to the model and back.
    ///
    /// @param x    (n, visible)
    /// @param base (visible), a₀ of [Annealing]
    public Annealed anneal(Machine machine, Tensor x, float[] base, float[] betas, int chains, long seed) {
        Rbm rbm = machine.rbm;
        // Where there are chains of training's own, they have had more time to reach the model than any others.
        float[] likely = persistent ? x.device().floats(machine.chains.value()) : new float[0];
        Annealing.Estimate estimate = Annealing.estimate(rbm, base, betas, chains, seed, likely);
        if (!estimate.refused().isEmpty()) {
            return new Annealed(Map.of(), estimate);
        }
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("log_z", estimate.logZ());
        figures.put("log_z_error", estimate.forward().error());
        figures.put("ess", estimate.forward().effective());
        figures.put("log_z_reverse", estimate.backward().logZ());
        figures.put("log_z_reverse_error", estimate.backward().error());
        figures.put("ess_reverse", estimate.backward().effective());
        if (Partition.feasible(rbm)) {
            figures.put("log_z_exact", Partition.exact(rbm));
        }
        if (x.shape().rows() > 0) {
            figures.put("test_log_likelihood", logLikelihood(machine, x, estimate.logZ()));
        }
        return new Annealed(figures, estimate);
    }

    /// Mean of log p(x), given log Z.
    ///
    /// @param x (n, visible)
    /// @return nats per row
    public double logLikelihood(Machine machine, Tensor x, double logZ) {
        try (Arena owner = Arena.ofShared()) {
            Ops f = Ops.plain(Memory.of(x.device(), "evaluation", owner));
            return -x.device().scalar(f.mean(machine.rbm.freeEnergy(f, x))) - logZ;
        }
    }

    @Override
    public Tensor sample(Machine machine, int count, long seed, Memory memory) {
        Ops f = Ops.plain(memory);
        Clock clock = Clock.of(seed, 0, memory);
        Tensor v = beginnings(machine.rbm, count, clock, Purpose.SAMPLE, memory);
        clock.tick();
        Gibbs.advance(machine.rbm, v, FANTASY_STEPS, clock, Purpose.SAMPLE);
        return machine.rbm.visibleGivenHidden(f, machine.rbm.hiddenGivenVisible(f, v));
    }

    @Override
    public Tensor reconstruct(Machine machine, Tensor x, long seed, Memory memory) {
        Ops f = Ops.plain(memory);
        return machine.rbm.visibleGivenHidden(f, machine.rbm.hiddenGivenVisible(f, x));
    }

    @Override
    public Imputation.Through through(Machine machine) {
        return Imputation.of(machine.rbm);
    }
}
