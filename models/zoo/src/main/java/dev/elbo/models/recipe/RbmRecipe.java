package dev.elbo.models.recipe;

import dev.elbo.models.data.Examples;
import dev.elbo.models.energy.Gibbs;
import dev.elbo.models.energy.Partition;
import dev.elbo.models.energy.Rbm;
import dev.elbo.models.latent.Imputation;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Statistic;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.ops.Assign;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;

/// A restricted Boltzmann machine, trained by contrastive divergence, or, with chains of its own, by the persistent
/// kind.
///
/// @param hidden     units
/// @param steps      of Gibbs sampling for each update
/// @param chains     kept from update to update
/// @param persistent whether chains go on where they were; otherwise they start at the data
public record RbmRecipe(int hidden, int steps, int chains, boolean persistent)
        implements Recipe<RbmRecipe.Machine>,
                Sampling<RbmRecipe.Machine>,
                Reconstructing<RbmRecipe.Machine>,
                Imputing<RbmRecipe.Machine> {
    private static final int FANTASY_STEPS = 1000;

    /// A machine and its chains.
    ///
    /// @param rbm    the parameters
    /// @param chains (chains, visible), bits; part of a checkpoint
    public record Machine(Rbm rbm, Statistic chains) {}

    static RbmRecipe of(Fields fields) {
        return new RbmRecipe(
                fields.integer("hidden"), fields.integer("steps"), fields.integer("chains"), fields.flag("persistent"));
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
        return new Json.Members(members);
    }

    @Override
    public Parameters<Machine> build(Device device, Examples train, long seed, Arena owner) {
        int features = train.features();
        Parameters<Machine> built = Parameters.of(device, name(), owner, memory -> {
            Clock init = Clock.of(seed, 0, memory);
            Rbm rbm = Rbm.of(features, hidden, init, memory);
            Ops f = Ops.plain(memory);
            Tensor coins = f.bernoullis(f.constant(Shape.of(chains, features), 0.5f), init.next(Purpose.CHAIN));
            return new Machine(rbm, new Statistic(coins));
        });
        device.write(train.logOdds(), built.model().rbm().visibleBias());
        return built;
    }

    @Override
    public Trainer<Machine> training(Parameters<Machine> parameters, Tensor x, Course course, Memory memory) {
        return new Trainer<>(parameters, x, objective(), course.plan(x.shape().rows(), true));
    }

    private Trainer.Objective<Machine> objective() {
        return (f, machine, x, clock) -> {
            if (!persistent) {
                return Gibbs.divergence(f, machine.rbm, x, steps, clock, Purpose.CHAIN);
            }
            Tensor chains = machine.chains.value();
            Tensor end = Gibbs.chain(f.detached(), machine.rbm, chains, steps, clock, Purpose.CHAIN);
            Assign.bind(end, chains);
            return Gibbs.contrast(f, machine.rbm, x, end);
        };
    }

    /// `test_log_likelihood` and `log_z`, nats, where log Z can be summed; else nothing.
    @Override
    public Map<String, Double> evaluate(Machine machine, Tensor test, int samples, long seed) {
        Map<String, Double> figures = new LinkedHashMap<>();
        if (Math.min(hidden, machine.rbm.visible()) <= Partition.LIMIT) {
            double logZ = Partition.exact(machine.rbm);
            try (Arena owner = Arena.ofShared()) {
                Memory memory = Memory.of(test.device(), "evaluation", owner);
                Ops f = Ops.plain(memory);
                double free = test.device().scalar(f.mean(machine.rbm.freeEnergy(f, test)));
                figures.put("log_z", logZ);
                figures.put("test_log_likelihood", -free - logZ);
            }
        }
        return figures;
    }

    @Override
    public Tensor sample(Machine machine, int count, long seed, Memory memory) {
        Ops f = Ops.plain(memory);
        Clock clock = Clock.of(seed, 0, memory);
        Tensor coins =
                f.bernoullis(f.constant(Shape.of(count, machine.rbm.visible()), 0.5f), clock.next(Purpose.SAMPLE));
        Gibbs.advance(machine.rbm, coins, FANTASY_STEPS, clock, Purpose.SAMPLE);
        return machine.rbm.visibleGivenHidden(f, machine.rbm.hiddenGivenVisible(f, coins));
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
