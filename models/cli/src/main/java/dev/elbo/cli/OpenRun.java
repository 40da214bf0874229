package dev.elbo.cli;

import dev.elbo.models.training.RunFolder;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/// A run, ready to be used: its model with the best parameters that were kept, else the last, and its data.
///
/// @param folder     of the run
/// @param config     what it was begun with
/// @param experiment restored
record OpenRun(Path folder, Config config, Experiment experiment) {
    /// @param device that the model is to run on
    /// @param owner  frees all of it when it closes
    static OpenRun of(Path folder, Device device, Arena owner) throws IOException {
        return of(folder, null, device, owner);
    }

    /// The same on other data.
    ///
    /// @param data   a data set, or null for the run's own
    /// @param device that the model is to run on
    /// @param owner  frees all of it when it closes
    static OpenRun of(Path folder, String data, Device device, Arena owner) throws IOException {
        Config own = config(folder);
        Config config = data == null ? own : own.with("data", Json.of(data));
        Experiment experiment = Experiment.of(config, device, owner);
        try (Arena file = Arena.ofConfined()) {
            Checkpoint best = RunFolder.best(folder, file);
            try {
                Trainer.restoreModel(experiment.parameters(), best);
            } catch (BadInputException e) {
                throw data == null ? e : unlike(data, own, e);
            }
        }
        return new OpenRun(folder, config, experiment);
    }

    /// The data decide how many inputs a model has, so that weights of another number do not fit.
    private static BadInputException unlike(String data, Config own, BadInputException cause) {
        BadInputException unlike = new BadInputException(
                "--data " + data,
                "its examples are not as those that the model was trained on; trained on=" + own.data(),
                "name data of the same kind");
        unlike.initCause(cause);
        return unlike;
    }

    /// What the run in `folder` was begun with.
    static Config config(Path folder) throws IOException {
        return new Config(
                RunFolder.config(folder), folder.resolve("config.json").toString());
    }

    /// The experiment, where it is one on single examples.
    ///
    /// @param remedy what to do where it is not
    ExampleExperiment<?> examples(String remedy) {
        if (experiment instanceof ExampleExperiment<?> examples) {
            return examples;
        }
        throw new BadInputException(
                folder.toString(), "its model is none of single examples; model=" + experiment.name(), remedy);
    }
}
