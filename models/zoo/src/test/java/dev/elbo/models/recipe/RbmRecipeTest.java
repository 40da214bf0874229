package dev.elbo.models.recipe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.Dataset;
import dev.elbo.models.data.Digits;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RbmRecipeTest {
    private static final RbmRecipe.Manner MANNER = new RbmRecipe.Manner(false, 0.5, 1e-4, 0.1, 0.5);

    @TempDir
    Path folder;

    private final CpuDevice cpu = CpuDevice.open(1);
    private final Arena arena = Arena.ofShared();
    private final Memory memory = Memory.of(cpu, "test", arena);
    private final Dataset digits = Digits.dataset(arena);

    @AfterEach
    void close() {
        arena.close();
        cpu.close();
    }

    private Trainer<RbmRecipe.Machine> trainer(RbmRecipe recipe, Parameters<RbmRecipe.Machine> parameters) {
        Course course = Course.plain(new Budget(2, 50, 0.05, 3));
        return recipe.training(parameters, digits.train().resident(memory), course, memory);
    }

    private Parameters<RbmRecipe.Machine> built(RbmRecipe recipe) {
        return recipe.build(cpu, digits.train(), 3, arena);
    }

    private Map<String, byte[]> bytes(Map<String, Tensor> state) {
        Map<String, byte[]> all = new LinkedHashMap<>();
        state.forEach((name, tensor) -> {
            byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
            cpu.read(tensor, MemorySegment.ofArray(bytes));
            all.put(name, bytes);
        });
        return all;
    }

    /// Chains, momentum and noise go on where they were: the run that was interrupted ends in the same bytes.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aResumedRunEndsInTheSameBytes(boolean real) throws IOException {
        RbmRecipe recipe = new RbmRecipe(12, 2, 20, true, real, MANNER);
        Map<String, byte[]> whole;
        try (Trainer<RbmRecipe.Machine> trainer = trainer(recipe, built(recipe))) {
            trainer.run(_ -> true);
            whole = bytes(trainer.state());
        }
        assertTrue(whole.containsKey("model.chains"), whole.keySet().toString());
        Path file = folder.resolve("half.safetensors");
        try (Trainer<RbmRecipe.Machine> trainer = trainer(recipe, built(recipe))) {
            trainer.run(progress -> progress.step() < 20);
            assertTrue(trainer.steps() < 40, "steps " + trainer.steps());
            Checkpoint.write(file, Map.of(), trainer.state());
        }
        try (Trainer<RbmRecipe.Machine> trainer = trainer(recipe, built(recipe))) {
            trainer.restore(Checkpoint.read(file, arena));
            trainer.run(_ -> true);
            Map<String, byte[]> resumed = bytes(trainer.state());
            assertEquals(whole.keySet(), resumed.keySet());
            whole.forEach((name, expected) -> assertArrayEquals(expected, resumed.get(name), name));
        }
    }

    @Test
    void aConfigurationMakesTheRecipeAgain() {
        RbmRecipe recipe = new RbmRecipe(12, 2, 20, true, true, MANNER);
        assertEquals(recipe, Recipe.of(recipe.config(), "test"));
        Map<String, Json> early = new LinkedHashMap<>(new RbmRecipe(5, 1, 10, false, false, RbmRecipe.Manner.PLAIN)
                .config()
                .values());
        early.keySet().removeIf(name -> name.matches("real|descent|momentum|decay|sparsity.*"));
        assertEquals(
                new RbmRecipe(5, 1, 10, false, false, RbmRecipe.Manner.PLAIN),
                Recipe.of(new Json.Members(early), "a run of earlier days"));
    }

    /// Hidden units that pay for it are on as often as they should be; others are not.
    @Test
    void aSparsityTargetIsReached() {
        double paid = Math.abs(rate(0.1, 20) - 0.1);
        double free = Math.abs(rate(0.1, 0) - 0.1);
        assertTrue(paid < 0.03 && free > 2 * paid, "off by " + paid + ", without cost by " + free);
    }

    private double rate(double sparsity, double cost) {
        RbmRecipe recipe = new RbmRecipe(12, 1, 20, false, false, new RbmRecipe.Manner(false, 0.5, 0, sparsity, cost));
        Parameters<RbmRecipe.Machine> machine = trained(recipe);
        Ops f = Ops.plain(memory);
        Tensor x = digits.train().upload(memory);
        return cpu.scalar(f.mean(machine.model().rbm().hiddenGivenVisible(f, x)));
    }

    /// Decay shortens the weights and leaves the biases alone.
    @Test
    void decayIsOfTheWeights() {
        double with = squares(0.05);
        double without = squares(0);
        assertTrue(with < 0.7 * without, "with " + with + ", without " + without);
    }

    private double squares(double decay) {
        RbmRecipe recipe = new RbmRecipe(12, 1, 20, false, false, new RbmRecipe.Manner(true, 0, decay, 0, 0));
        double sum = 0;
        for (float w : cpu.floats(trained(recipe).model().rbm().weights())) {
            sum += w * w;
        }
        return sum;
    }

    private Parameters<RbmRecipe.Machine> trained(RbmRecipe recipe) {
        Parameters<RbmRecipe.Machine> parameters = built(recipe);
        Course course = Course.plain(new Budget(10, 50, 0.02, 3));
        try (Trainer<RbmRecipe.Machine> trainer =
                recipe.training(parameters, digits.train().resident(memory), course, memory)) {
            trainer.run(_ -> true);
        }
        return parameters;
    }

    /// Real units begin with the data's means and deviations; their chains are no bits.
    @Test
    void realUnitsBeginWithTheDatasMoments() {
        RbmRecipe.Machine machine = built(new RbmRecipe(4, 1, 10, true, true, RbmRecipe.Manner.PLAIN))
                .model();
        Ops f = Ops.plain(memory);
        Tensor mean = machine.rbm().visibleGivenHidden(f, f.constant(Shape.of(1, 4), 0));
        assertArrayEquals(digits.train().means(), cpu.floats(mean), 1e-6f);
        float[] chain = cpu.floats(machine.chains().value());
        boolean bits = true;
        for (float value : chain) {
            bits &= value == 0 || value == 1;
        }
        assertTrue(!bits, "chains are bits");
    }
}
