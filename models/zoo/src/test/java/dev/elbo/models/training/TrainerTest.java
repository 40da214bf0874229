package dev.elbo.models.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.latent.Bounds;
import dev.elbo.models.latent.Output;
import dev.elbo.models.latent.Vae;
import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.NanPolicy;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Purpose;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest extends OnCpu {
    @TempDir
    Path folder;

    private Tensor data;

    @BeforeEach
    void build() {
        float[] x = new float[12 * 6];
        for (int i = 0; i < 12; i++) {
            x[i * 6 + i % 3] = 0.9f; // three kinds of images
            x[i * 6 + 3 + i % 3] = 1;
        }
        data = memory.floats(Shape.of(12, 6), x);
    }

    private Parameters<Vae> vae() {
        return Parameters.of(
                cpu,
                "vae",
                arena,
                m -> Vae.of(6, List.of(8), 2, Activation.TANH, Output.Bernoulli::of, Clock.of(1, 0, m), m));
    }

    private static Tensor loss(Ops f, Vae vae, Tensor x, Clock clock) {
        return f.minusMean(Bounds.elbo(f, vae, x, 1, clock.next(Purpose.TRAIN)));
    }

    private static Plan plan(long steps) {
        return plan(steps, 10);
    }

    private static Plan plan(long steps, int every) {
        return new Plan(
                5,
                steps,
                true,
                true,
                new UpdateRule.Adam(),
                Schedule.cosine(0.02, 0.001, 100).warmUp(10),
                1,
                NanPolicy.SKIP,
                3,
                every);
    }

    @Test
    void theLossFallsAndIsReported() {
        List<Trainer.Progress> reports = new ArrayList<>();
        try (Trainer<Vae> trainer = new Trainer<>(vae(), data, TrainerTest::loss, plan(300))) {
            assertEquals(300, trainer.run(reports::add));
        }
        assertEquals(30, reports.size());
        assertEquals(10, reports.getFirst().step());
        assertEquals(300 * 5 / 12.0, reports.getLast().epoch(), 1e-9);
        assertTrue(reports.getLast().loss() < reports.getFirst().loss() - 0.5, reports.toString());
        assertEquals(0, reports.getLast().secondsLeft());
    }

    @Test
    void theTimeLeftGoesByTheLatestSteps() {
        List<Trainer.Progress> reports = new ArrayList<>();
        try (Trainer<Vae> trainer = new Trainer<>(vae(), data, TrainerTest::loss, plan(30))) {
            trainer.run(progress -> {
                reports.add(progress);
                LockSupport.parkNanos(reports.size() == 1 ? 1_000_000_000 : 0);
                return true;
            });
        }
        Trainer.Progress last = reports.getLast();
        assertTrue(last.rate() > 2 * last.step() / last.seconds(), reports.toString());
    }

    /// Warm-up, cosine, clipping, fresh bits, batches across epochs: saved after 37 of 80 steps, the same bytes.
    @Test
    void aResumedRunEndsInTheSameBytes() throws IOException {
        Parameters<Vae> whole = vae();
        try (Trainer<Vae> trainer = new Trainer<>(whole, data, TrainerTest::loss, plan(80))) {
            trainer.run(_ -> true);
        }
        Path file = folder.resolve("c");
        try (Trainer<Vae> trainer = new Trainer<>(vae(), data, TrainerTest::loss, plan(37))) {
            trainer.run(_ -> true);
            Checkpoint.write(file, Map.of(), trainer.state());
        }
        Parameters<Vae> resumed = vae();
        try (Trainer<Vae> trainer = new Trainer<>(resumed, data, TrainerTest::loss, plan(80))) {
            trainer.restore(Checkpoint.read(file, arena));
            assertEquals(37, trainer.steps());
            assertEquals(80, trainer.run(_ -> true));
        }
        assertArrayEquals(cpu.floats(whole.values()), cpu.floats(resumed.values()));
    }

    @Test
    void aWatcherCanStopARun() {
        try (Trainer<Vae> trainer = new Trainer<>(vae(), data, TrainerTest::loss, plan(300))) {
            assertEquals(20, trainer.run(progress -> progress.step() < 20));
            assertEquals(30, trainer.run(_ -> false));
        }
    }

    /// Of a training that is over before its first report.
    ///
    /// @param goOnBetween given the steps done
    private static Trainer.Watcher unreported(LongPredicate goOnBetween) {
        return new Trainer.Watcher() {
            @Override
            public boolean goOn(Trainer.Progress progress) {
                throw new AssertionError("a report; step=" + progress.step());
            }

            @Override
            public boolean goOnBetween(long step) {
                return goOnBetween.test(step);
            }
        };
    }

    /// Stopped long before its first report, and saved there: the same bytes as one that went on.
    @Test
    void aWatcherCanStopARunBetweenReports() throws IOException {
        List<Trainer.Progress> reports = new ArrayList<>();
        Parameters<Vae> whole = vae();
        try (Trainer<Vae> trainer = new Trainer<>(whole, data, TrainerTest::loss, plan(80, 1000))) {
            trainer.run(reports::add);
        }
        Path file = folder.resolve("c");
        long stopped;
        try (Trainer<Vae> trainer = new Trainer<>(vae(), data, TrainerTest::loss, plan(80, 1000))) {
            stopped = trainer.run(unreported(step -> {
                assertEquals(trainer.steps(), step);
                return step < 20;
            }));
            Checkpoint.write(file, Map.of(), trainer.state());
        }
        assertTrue(20 <= stopped && stopped < 80, "steps=" + stopped);
        Parameters<Vae> resumed = vae();
        try (Trainer<Vae> trainer = new Trainer<>(resumed, data, TrainerTest::loss, plan(80, 1000))) {
            trainer.restore(Checkpoint.read(file, arena));
            assertEquals(80, trainer.run(reports::add));
        }
        assertArrayEquals(cpu.floats(whole.values()), cpu.floats(resumed.values()));
        assertEquals(2, reports.size());
        double later = reports.getLast().loss();
        assertTrue(0 < later && later < reports.getFirst().loss(), "a mean of what was lost since: " + reports);
    }

    @Test
    void aStateIsRestoredOnlyBeforeTheFirstStep() throws IOException {
        try (Trainer<Vae> trainer = new Trainer<>(vae(), data, TrainerTest::loss, plan(20))) {
            Path file = folder.resolve("c");
            Checkpoint.write(file, Map.of(), trainer.state());
            trainer.run(_ -> true);
            Checkpoint saved = Checkpoint.read(file, arena);
            assertThrows(IllegalStateException.class, () -> trainer.restore(saved));
        }
    }

    /// A rate of 10³⁰ makes numbers that are none; the parameters stay those before that step.
    @Test
    void trainingStopsAtTheFirstNumberThatIsNotFinite() throws IOException {
        Parameters<Vae> parameters = vae();
        Plan plan = stopping(100, 50);
        Path dump = folder.resolve("dump.safetensors");
        try (Trainer<Vae> trainer = new Trainer<>(parameters, data, TrainerTest::loss, plan)) {
            trainer.dumpsTo(dump);
            TrainingStoppedException stopped =
                    assertThrows(TrainingStoppedException.class, () -> trainer.run(_ -> true));
            assertTrue(stopped.getMessage().contains("step=2"), stopped.getMessage());
            assertTrue(stopped.getMessage().contains("first not finite="), stopped.getMessage());
            Checkpoint dumped = Checkpoint.read(dump, arena);
            assertTrue(dumped.arrays().keySet().containsAll(trainer.state().keySet()));
            assertTrue(stopped.getMessage().contains(dumped.facts().get("first not finite")), stopped.getMessage());
        }
        for (float value : cpu.floats(parameters.values())) {
            assertTrue(Float.isFinite(value));
        }
    }

    private static Plan stopping(long steps, int every) {
        Schedule rate = Schedule.list(20, 0.1f, 1e30f);
        return new Plan(5, steps, true, false, new UpdateRule.Sgd(), rate, 0, NanPolicy.FREEZE, 3, every);
    }

    /// The next report is a million steps away; what is saved until then would bear the numbers of steps that were
    /// never done.
    @Test
    void aTrainingThatHasStoppedSaysSoBetweenReports() {
        for (boolean saves : new boolean[] {true, false}) {
            try (Trainer<Vae> trainer = new Trainer<>(vae(), data, TrainerTest::loss, stopping(1_000_000, 1_000_000))) {
                trainer.checkGoing();
                Trainer.Watcher watcher = unreported(step -> {
                    if (saves) {
                        trainer.checkGoing();
                    }
                    return step < 500;
                });
                long at = assertThrows(TrainingStoppedException.class, () -> trainer.run(watcher))
                        .step();
                assertTrue(20 <= at && at < 30 && at < trainer.steps(), "step=" + at + ", done=" + trainer.steps());
            }
        }
    }
}
