package dev.elbo.cli;

import dev.elbo.models.data.SequenceSet;
import dev.elbo.models.data.SequenceSets;
import dev.elbo.models.data.Sequences;
import dev.elbo.models.recipe.Budget;
import dev.elbo.models.recipe.SequenceRecipe;
import dev.elbo.models.sequence.Tagger;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Parameters;
import java.lang.foreign.Arena;
import java.util.Map;

/// A model of sequences.
///
/// @param <M>        the model
/// @param recipe     what the configuration says
/// @param set        on the host
/// @param parameters of the model
/// @param budget     of its training
/// @param owner      holds the data on the device
record SequenceExperiment<M>(
        SequenceRecipe<M> recipe, SequenceSet set, Parameters<M> parameters, Budget budget, Arena owner)
        implements Experiment {
    static <M> SequenceExperiment<M> of(SequenceRecipe<M> recipe, Config config, Device device, Arena owner) {
        SequenceSet set = SequenceSets.open(config.data(), config.folds(), owner);
        Budget budget = config.budget();
        return new SequenceExperiment<>(recipe, set, recipe.build(device, set, budget.seed(), owner), budget, owner);
    }

    @Override
    public String name() {
        return recipe.name();
    }

    @Override
    public String dataName() {
        return set.name();
    }

    @Override
    public String summary() {
        return set.summary();
    }

    @Override
    public String learnedFrom() {
        Sequences train = set.train();
        return Provenance.hash(train.values(), train.starts(), train.labels());
    }

    @Override
    public Training training() {
        return recipe.training(parameters, set, budget, owner);
    }

    @Override
    public Map<String, Double> evaluate(int samples, long seed) {
        return recipe.evaluate(parameters.model(), set, device());
    }

    /// Accuracies are counted, not estimated.
    @Override
    public String doubt(Map<String, Double> figures) {
        return "";
    }

    Tagger tagger() {
        return recipe.tagger(parameters.model());
    }

    Device device() {
        return parameters.values().device();
    }
}
