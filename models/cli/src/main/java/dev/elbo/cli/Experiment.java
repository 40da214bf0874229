package dev.elbo.cli;

import dev.elbo.models.recipe.Recipe;
import dev.elbo.models.recipe.SequenceRecipe;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.file.Json;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/// A model, its data and what to do with both, on a device: what the commands work with, whatever the data are.
sealed interface Experiment permits ExampleExperiment, SequenceExperiment, ClassifierExperiment {
    /// The experiment of a configuration, its parameters fresh.
    ///
    /// @param device that the model is to run on
    /// @param owner  frees all of it when it closes
    static Experiment of(Config config, Device device, Arena owner) {
        String model = config.members().values().get("model") instanceof Json.Text(String text) ? text : "";
        if (model.equals(ClassifierExperiment.NAME)) {
            return ClassifierExperiment.of(config, device, owner);
        }
        return SequenceRecipe.NAMES.contains(model)
                ? SequenceExperiment.of(SequenceRecipe.of(config.members(), config.source()), config, device, owner)
                : ExampleExperiment.of(Recipe.of(config.members(), config.source()), config, device, owner);
    }

    /// The word for the model on the command line.
    String name();

    /// The data set, as a person would say it.
    String dataName();

    /// The data in one line.
    String summary();

    /// The model's parameters.
    Parameters<?> parameters();

    /// SHA-256 of the examples that are learned from.
    String learnedFrom();

    /// A training that has not begun.
    Training training();

    /// The mean loss of examples that are held back from training, where there are any: what a run is judged by while
    /// it learns.
    default Optional<DoubleSupplier> heldLoss() {
        return Optional.empty();
    }

    /// Reports without a better [#heldLoss] until training stops; 0: it never does.
    default int patience() {
        return 0;
    }

    /// Figures of merit on held-out data.
    ///
    /// @param samples for estimates that take samples
    /// @param seed    of every draw
    Map<String, Double> evaluate(int samples, long seed);

    /// Why figures that one might expect of [#evaluate] are not there; empty when all are.
    String doubt(Map<String, Double> figures);
}
