package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.models.recipe.VaeRecipe;
import dev.elbo.models.training.RunFolder;
import dev.elbo.models.training.TrainingStoppedException;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingRunTest {
    @TempDir
    Path place;

    private final CpuDevice cpu = CpuDevice.open(1);
    private final Arena arena = Arena.ofShared();
    private final PrintWriter terminal = new PrintWriter(new StringWriter());
    private final Config config = new Config(new VaeRecipe("vae", List.of(8), 2, 1).config(), "test")
            .with("data", Json.of("digits"))
            .with("epochs", Json.of(1))
            .with("batch", Json.of(100))
            .with("lr", Json.of(0.001))
            .with("seed", Json.of(1));

    @AfterEach
    void close() {
        arena.close();
        cpu.close();
    }

    /// Its state is that before the number that is not finite, however many steps were asked for since.
    @Test
    void aRunThatHasStoppedIsNotSavedUnderALaterStep() throws IOException {
        Config wild = config.with("lr", Json.of(1e30));
        Experiment experiment = Experiment.of(wild, cpu, arena);
        try (TrainingRun run = TrainingRun.begin(experiment, cpu, place, wild, terminal)) {
            assertThrows(TrainingStoppedException.class, () -> run.run(0));
            assertThrows(TrainingStoppedException.class, run::save);
        }
        assertEquals(List.of(), RunFolder.checkpoints(place));
    }
}
