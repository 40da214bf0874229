package dev.elbo.cli;

import dev.elbo.models.recipe.Recipe;
import dev.elbo.models.training.RunFolder;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;

/// A finished run, ready to be used: its model with the parameters that were saved last, and its data.
///
/// @param <M>    the model
/// @param folder of the run
/// @param config what it was begun with
/// @param recipe what its configuration says
/// @param model  restored
/// @param data   on the device
/// @param memory for what is made with it
record OpenRun<M>(Path folder, Json.Members config, Recipe<M> recipe, M model, RunOptions.Loaded data, Memory memory) {
    /// @param device that the model is to run on
    /// @param owner  frees all of it when it closes
    static OpenRun<?> of(Path folder, Device device, Arena owner) throws IOException {
        Json.Members config = RunFolder.config(folder);
        String source = folder.resolve("config.json").toString();
        return of(folder, config, Recipe.of(config, source), source, device, owner);
    }

    private static <M> OpenRun<M> of(
            Path folder, Json.Members config, Recipe<M> recipe, String source, Device device, Arena owner)
            throws IOException {
        if (!(config.values().get("data") instanceof Json.Text(String data))) {
            throw new BadInputException(source, "`data` is not a text", "correct it");
        }
        RunOptions.Loaded loaded = RunOptions.Loaded.of(data, device, owner);
        Parameters<M> parameters = recipe.build(device, loaded.set().train(), 0, owner);
        try (Arena file = Arena.ofConfined()) {
            Checkpoint checkpoint = RunFolder.latest(folder, file);
            Trainer.restoreModel(parameters, checkpoint);
        }
        return new OpenRun<>(folder, config, recipe, parameters.model(), loaded, Memory.of(device, "use", owner));
    }

    Map<String, Double> evaluate(int samples, long seed) {
        return recipe.evaluate(model, data.test(), samples, seed);
    }

    Tensor sample(int count, long seed) {
        return recipe.sample(model, count, seed, memory);
    }

    Tensor reconstruct(Tensor x, long seed) {
        return recipe.reconstruct(model, x, seed, memory);
    }
}
