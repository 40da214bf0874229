package dev.elbo.models.adversarial;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.Gaussians;
import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Trainer;
import dev.elbo.models.training.TrainingStoppedException;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.NanPolicy;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.ops.Activation;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContestTest {
    private static final Schedule NONE = Schedule.constant(0);

    @TempDir
    Path folder;

    private final CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1).fixedOrder());
    private final Arena arena = Arena.ofShared();
    private final Memory memory = Memory.of(cpu, "test", arena);

    @AfterEach
    void close() {
        arena.close();
        cpu.close();
    }

    /// All there is: spectral norms, distances of the batch, smoothed labels, noise that fades.
    static Parameters<Gan> everything(Device device, Arena owner) {
        return Parameters.of(device, "gan", owner, m -> {
            Clock init = Clock.of(1, 0, m);
            return new Gan(
                    DenseGenerator.of(2, List.of(8), 2, Activation.NONE, init, m),
                    DenseDiscriminator.of(
                            2,
                            List.of(8),
                            (features, clock, on) -> MinibatchStatistic.Distances.of(features, 2, 2, clock, on),
                            true,
                            init,
                            m));
        });
    }

    static Contest.Terms terms(double rateOfD, double rateOfG) {
        return new Contest.Terms(
                new Objective.NonSaturating(0.9f),
                Schedule.linear(0.5, 0, 30),
                Schedule.constant(rateOfD),
                Schedule.constant(rateOfG));
    }

    static Trainer<Gan> trainer(Parameters<Gan> gan, Contest.Terms terms, Plan plan, Arena owner) {
        Memory memory = Memory.of(gan.values().device(), "data", owner);
        return Contest.training(gan, Gaussians.ring().draw(64, 1, owner).upload(memory), terms, plan, memory);
    }

    private static float[] values(Parameters<?> parameters) {
        return parameters.values().device().floats(parameters.values());
    }

    /// Rates of zero keep one side where it was; the other moves, so a gradient came through the side that did not.
    @Test
    void eachSideMovesItsOwnParametersOnly() {
        for (boolean generatorStays : new boolean[] {true, false}) {
            Parameters<Gan> gan = everything(cpu, arena);
            Parameters<Generator> generator = gan.part(Gan::generator);
            Parameters<Discriminator> discriminator = gan.part(Gan::discriminator);
            float[] g = values(generator);
            float[] d = values(discriminator);
            try (Trainer<Gan> trainer = trainer(
                    gan, terms(generatorStays ? 0 : 0.01, generatorStays ? 0.01 : 0), Plan.adam(16, 3, 1, 1), arena)) {
                trainer.run(_ -> true);
            }
            assertEquals(!generatorStays, Arrays.equals(g, values(generator)));
            assertEquals(generatorStays, Arrays.equals(d, values(discriminator)));
        }
    }

    /// Saved after 17 of 40 steps: moments of both sides, directions of the power iteration, latent and instance noise.
    @Test
    void aResumedContestEndsInTheSameBytes() throws IOException {
        Parameters<Gan> whole = everything(cpu, arena);
        try (Trainer<Gan> trainer = trainer(whole, terms(0.01, 0.01), Plan.adam(16, 40, 1, 1), arena)) {
            trainer.run(_ -> true);
        }
        Path file = folder.resolve("c");
        try (Trainer<Gan> trainer =
                trainer(everything(cpu, arena), terms(0.01, 0.01), Plan.adam(16, 17, 1, 1), arena)) {
            trainer.run(_ -> true);
            Map<String, Tensor> state = trainer.state();
            assertTrue(state.keySet()
                    .containsAll(List.of(
                            "model.discriminator.directions.0",
                            "discriminator.optimizer.moments.1",
                            "generator.optimizer.moments.1",
                            "clock")));
            Checkpoint.write(file, Map.of(), state);
        }
        Parameters<Gan> resumed = everything(cpu, arena);
        try (Trainer<Gan> trainer = trainer(resumed, terms(0.01, 0.01), Plan.adam(16, 40, 1, 1), arena)) {
            trainer.restore(Checkpoint.read(file, arena));
            trainer.run(_ -> true);
        }
        assertArrayEquals(values(whole), values(resumed));
        whole.statistics()
                .forEach((name, value) -> assertArrayEquals(
                        cpu.floats(value), cpu.floats(resumed.statistics().get(name)), name));
    }

    private Trainer<Gan> poisoned(Parameters<Gan> gan, Plan plan) {
        Tensor ring = Gaussians.ring().draw(64, 1, arena).upload(memory);
        float[] x = cpu.floats(ring);
        x[77] = Float.NaN;
        cpu.write(x, ring);
        return Contest.training(gan, ring, terms(0.01, 0.01), plan, memory);
    }

    /// The directions of the power iteration move before it is known that a number is none.
    @Test
    void aContestThatStopsIsInAllThatItWasBeforeThatStep() {
        Plan plan = Plan.adam(8, 100, 1, 2);
        Parameters<Gan> stopped = everything(cpu, arena);
        long steps;
        try (Trainer<Gan> trainer = poisoned(stopped, plan)) {
            steps = assertThrows(TrainingStoppedException.class, () -> trainer.run(_ -> true))
                    .step();
        }
        assertTrue(steps > 0, "a contest that never began");
        Parameters<Gan> before = everything(cpu, arena);
        try (Trainer<Gan> trainer = poisoned(before, plan.reporting(1))) {
            trainer.run(progress -> progress.step() < steps);
        }
        Map<String, Tensor> state = Trainer.modelState(before);
        Trainer.modelState(stopped)
                .forEach((name, value) -> assertArrayEquals(cpu.floats(state.get(name)), cpu.floats(value), name));
    }

    @Test
    void aContestThatLeavesUpdatesOutGoesOnWithNumbersOnly() {
        Parameters<Gan> gan = everything(cpu, arena);
        Plan plan =
                new Plan(8, 30, true, false, new UpdateRule.Adam(), Schedule.constant(0.01), 0, NanPolicy.SKIP, 2, 30);
        AtomicLong skipped = new AtomicLong();
        float[] first = cpu.floats(gan.statisticValues().orElseThrow());
        try (Trainer<Gan> trainer = poisoned(gan, plan)) {
            trainer.run(progress -> {
                skipped.set(progress.skipped());
                return true;
            });
        }
        assertTrue(skipped.get() > 0 && skipped.get() < 60, "left out: " + skipped);
        float[] last = cpu.floats(gan.statisticValues().orElseThrow());
        assertFalse(Arrays.equals(first, last));
        for (float value : last) {
            assertTrue(Float.isFinite(value), Arrays.toString(last));
        }
    }

    @Test
    void reportsNameTheLossesOfBothSides() {
        try (Trainer<Gan> trainer = trainer(
                everything(cpu, arena),
                terms(0.01, 0.01),
                Plan.adam(16, 4, 1, 1).reporting(2),
                arena)) {
            trainer.run(progress -> {
                assertEquals(
                        List.of("discriminator", "generator"),
                        List.copyOf(progress.losses().keySet()));
                double sum =
                        progress.losses().values().stream().mapToDouble(x -> x).sum();
                assertEquals(sum, progress.loss(), 1e-9);
                return true;
            });
        }
    }

    /// The lecture's one dimension: the data two Gaussians, the generator N(0, 1) and kept so. The best
    /// discriminator is p_data / (p_data + p_model) where examples are met: the mean error is under both densities,
    /// the worst where their sum is above 0.05.
    @Test
    void aDiscriminatorApproachesTheBestThereIs() {
        Gaussians data = new Gaussians(List.of(new double[] {-1}, new double[] {2}), 0.5);
        Parameters<Gan> gan = Parameters.of(cpu, "gan", arena, m -> {
            Dense same = new Dense(m.floats(Shape.of(1, 1), 1), m.floats(Shape.of(1), 0), Activation.NONE);
            return new Gan(
                    new DenseGenerator(new DenseStack(1, List.of()), same),
                    DenseDiscriminator.of(
                            1,
                            List.of(32, 32),
                            (_, _, _) -> new MinibatchStatistic.None(),
                            false,
                            Clock.of(1, 0, m),
                            m));
        });
        int steps = 1200;
        Contest.Terms terms = new Contest.Terms(
                new Objective.Minimax(1), NONE, Schedule.cosine(0.01, 0.0001, steps), Schedule.constant(0));
        Plan plan = Plan.adam(128, steps, 1, 1);
        try (Trainer<Gan> trainer =
                Contest.training(gan, data.draw(20_000, 1, arena).upload(memory), terms, plan, memory)) {
            trainer.run(_ -> true);
        }
        double worst = 0;
        double mean = 0;
        for (double x = -3; x <= 4; x += 0.1) {
            double model = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
            double both = data.density(x) + model;
            Tensor logit =
                    gan.model().discriminator().logits(Ops.plain(memory), memory.floats(Shape.of(1, 1), (float) x));
            double error = Math.abs(1 / (1 + Math.exp(-cpu.scalar(logit))) - data.density(x) / both);
            worst = Math.max(worst, both > 0.05 ? error : 0);
            mean += 0.1 / 2 * both * error;
        }
        assertTrue(worst < 0.1 && mean < 0.03, "worst=" + worst + ", mean=" + mean);
    }

    /// Where noise has faded to zero its schedule says zero, and a run without any draws none at all.
    @Test
    void instanceNoiseChangesWhatTheDiscriminatorLearns() {
        Parameters<Gan> noisy = everything(cpu, arena);
        Parameters<Gan> clear = everything(cpu, arena);
        Contest.Terms terms = terms(0.01, 0.01);
        Contest.Terms without =
                new Contest.Terms(terms.objective(), NONE, terms.discriminatorRate(), terms.generatorRate());
        try (Trainer<Gan> one = trainer(noisy, terms, Plan.adam(16, 2, 1, 1), arena);
                Trainer<Gan> other = trainer(clear, without, Plan.adam(16, 2, 1, 1), arena)) {
            one.run(_ -> true);
            other.run(_ -> true);
        }
        assertFalse(Arrays.equals(values(noisy), values(clear)));
    }
}
