package dev.elbo.cli;

import dev.elbo.models.data.Dataset;
import dev.elbo.models.data.Datasets;
import dev.elbo.models.data.Examples;
import dev.elbo.models.quality.Classifier;
import dev.elbo.models.quality.Recognition;
import dev.elbo.models.quality.Seen;
import dev.elbo.models.recipe.Budget;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.file.BadInputException;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;

/// A classifier of pictures: what the samples of other models are judged by.
///
/// @param set        on the host
/// @param parameters of the model
/// @param budget     of its training
/// @param memory     holds the pictures while it learns
record ClassifierExperiment(Dataset set, Parameters<Classifier> parameters, Budget budget, Memory memory)
        implements Experiment {
    static final String NAME = "classifier";

    static ClassifierExperiment of(Config config, Device device, Arena owner) {
        Dataset set = Datasets.open(config.data(), owner);
        Examples train = set.train();
        if (train.item().size() < 2 || train.classes().size() < 2 || train.labels().length == 0) {
            throw new BadInputException(
                    config.data(), "no pictures with classes; item=" + train.item(), "name others: --data digits");
        }
        Budget budget = config.budget();
        Parameters<Classifier> parameters = Parameters.of(
                device,
                NAME,
                owner,
                memory -> Classifier.of(
                        train.item(), train.classes().size(), Clock.of(budget.seed(), 0, memory), memory));
        return new ClassifierExperiment(set, parameters, budget, Memory.of(device, "use", owner));
    }

    @Override
    public String name() {
        return NAME;
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
        return Provenance.hash(set.train().values(), set.train().labels());
    }

    @Override
    public Training training() {
        long steps = Plan.steps(set.train().count(), budget.batch(), budget.epochs());
        return Recognition.training(
                parameters, set.train(), budget.batch(), steps, budget.rate(), budget.seed(), memory);
    }

    /// `test_accuracy`.
    @Override
    public Map<String, Double> evaluate(int samples, long seed) {
        Map<String, Double> figures = new LinkedHashMap<>();
        try (Arena owner = Arena.ofShared()) {
            Seen seen = Seen.of(classifier(), set.test().upload(Memory.of(memory.device(), "test", owner)));
            figures.put("test_accuracy", seen.accuracy(set.test().labels()));
        }
        return figures;
    }

    /// Accuracies are counted, not estimated.
    @Override
    public String doubt(Map<String, Double> figures) {
        return "";
    }

    Classifier classifier() {
        return parameters.model();
    }
}
