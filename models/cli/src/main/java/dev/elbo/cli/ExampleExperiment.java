package dev.elbo.cli;

import dev.elbo.models.recipe.Budget;
import dev.elbo.models.recipe.Recipe;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Trainer;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.Map;

/// A model of single examples.
///
/// @param <M>        the model
/// @param recipe     what the configuration says
/// @param data       on the device
/// @param parameters of the model
/// @param budget     of its training
/// @param memory     for what is made with the model
record ExampleExperiment<M>(
        Recipe<M> recipe, RunOptions.Loaded data, Parameters<M> parameters, Budget budget, Memory memory)
        implements Experiment {
    static <M> ExampleExperiment<M> of(Recipe<M> recipe, Config config, Device device, Arena owner) {
        RunOptions.Loaded loaded = RunOptions.Loaded.of(config.data(), device, owner);
        Budget budget = config.budget();
        Parameters<M> parameters = recipe.build(device, loaded.set().train(), budget.seed(), owner);
        return new ExampleExperiment<>(recipe, loaded, parameters, budget, Memory.of(device, "use", owner));
    }

    @Override
    public String name() {
        return recipe.name();
    }

    @Override
    public String dataName() {
        return data.set().name();
    }

    @Override
    public String summary() {
        return data.set().summary();
    }

    @Override
    public Training training() {
        int count = data.set().train().count();
        long steps = Plan.steps(count, budget.batch(), budget.epochs());
        Plan plan = Plan.adam(budget.batch(), steps, budget.rate(), budget.seed())
                .binarised()
                .reporting((int) Math.max(1, steps / 50));
        return new Trainer<>(parameters, data.train(), recipe.objective(), plan);
    }

    @Override
    public Map<String, Double> evaluate(int samples, long seed) {
        return recipe.evaluate(parameters.model(), data.test(), samples, seed);
    }

    @Override
    public String doubt(Map<String, Double> figures) {
        return recipe.doubt(figures);
    }

    Tensor sample(int count, long seed) {
        return recipe.sample(parameters.model(), count, seed, memory);
    }

    Tensor reconstruct(Tensor x, long seed) {
        return recipe.reconstruct(parameters.model(), x, seed, memory);
    }
}
