package dev.elbo.bench;

import dev.elbo.models.adversarial.Contest;
import dev.elbo.models.adversarial.Gan;
import dev.elbo.models.adversarial.Generator;
import dev.elbo.models.data.Gaussians;
import dev.elbo.models.recipe.GanRecipe;
import dev.elbo.models.recipe.GanRecipe.BatchStatistic;
import dev.elbo.models.recipe.GanRecipe.Goal;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Trainer;
import dev.elbo.models.training.TrainingStoppedException;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Question: which objectives and remedies keep a generator from leaving out modes of a grid of 25 Gaussians?
/// Read `modes` (of 25) and `near` (share of 10,000 samples within three widths of a centre).
final class GanModesBench {
    private static final String FILE = "gan-modes.jsonl";
    private static final List<Integer> HIDDEN = List.of(64, 64, 64);
    private static final int BATCH = 128;
    private static final int STEPS = 12_000;
    private static final double RATE = 1e-3;
    private static final int POINTS = 100_000;
    private static final int SAMPLES = 10_000;
    private static final double NOISE = 1;

    /// @param statistic of the minibatch
    /// @param noise     whether there is decaying instance noise
    /// @param spectral  whether weights of the discriminator are normalised
    private record Remedy(BatchStatistic statistic, boolean noise, boolean spectral) {
        /// `deviation, noise`.
        @Override
        public String toString() {
            List<String> words = new ArrayList<>();
            if (statistic != BatchStatistic.NONE) {
                words.add(statistic.name().toLowerCase());
            }
            if (noise) {
                words.add("noise");
            }
            if (spectral) {
                words.add("spectral norm");
            }
            return words.isEmpty() ? "none" : String.join(", ", words);
        }
    }

    private GanModesBench() {}

    /// Measures the remedies that the library recommends with five seeds, then the whole table with one, and writes it.
    ///
    /// @param arguments folder of the results, then `recommended` or `table` for one of the two alone, or `write`
    public static void main(String[] arguments) throws IOException {
        Path results = Path.of(arguments[0]);
        String part = arguments.length > 1 ? arguments[1] : "all";
        if (part.equals("all") || part.equals("recommended")) {
            for (long seed = 1; seed <= 5; seed++) {
                measure(results, Goal.NON_SATURATING, new Remedy(BatchStatistic.DEVIATION, true, false), seed);
            }
        }
        if (part.equals("all") || part.equals("table")) {
            for (Remedy remedy : remedies()) {
                for (Goal goal : Goal.values()) {
                    measure(results, goal, remedy, 1);
                }
            }
        }
        write(results);
    }

    private static List<Remedy> remedies() {
        return List.of(
                new Remedy(BatchStatistic.DEVIATION, true, false),
                new Remedy(BatchStatistic.NONE, false, false),
                new Remedy(BatchStatistic.DEVIATION, false, false),
                new Remedy(BatchStatistic.NONE, true, false),
                new Remedy(BatchStatistic.NONE, false, true),
                new Remedy(BatchStatistic.DEVIATION, true, true),
                new Remedy(BatchStatistic.DISTANCES, true, false));
    }

    private static void measure(Path results, Goal goal, Remedy remedy, long seed) throws IOException {
        GanRecipe recipe = new GanRecipe(HIDDEN, 2, goal, remedy.statistic, remedy.noise ? NOISE : 0, remedy.spectral);
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("benchmark", Results.quoted("GanModesBench"));
        measured.put("objective", Results.quoted(goal.name().toLowerCase().replace('_', '-')));
        measured.put("remedies", Results.quoted(remedy.toString()));
        measured.put("seed", Long.toString(seed));
        measured.put("steps", Integer.toString(STEPS));
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1));
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(cpu, "data", owner);
            Gaussians grid = Gaussians.grid();
            Parameters<Gan> gan = recipe.build(cpu, grid.dimensions(), seed, owner);
            Tensor data = grid.draw(POINTS, seed, owner).upload(memory);
            Plan plan = Plan.adam(BATCH, STEPS, RATE, seed).reporting(STEPS / 4);
            long began = System.nanoTime();
            try (Trainer<Gan> trainer = Contest.training(gan, data, recipe.terms(STEPS, RATE), plan, memory)) {
                trainer.run(_ -> true);
                Gaussians.Coverage coverage = grid.coverage(samples(gan.model().generator(), memory, seed));
                measured.put("modes", Integer.toString(coverage.modes()));
                measured.put("reached", Integer.toString(coverage.reached()));
                measured.put("near", Results.number(coverage.near()));
                measured.put("divergence", Results.number(coverage.divergence()));
            } catch (TrainingStoppedException e) {
                measured.put("stopped", Results.quoted(e.getMessage()));
            }
            measured.put("seconds", Results.number((System.nanoTime() - began) * 1e-9));
        }
        System.out.println(measured);
        Results.append(results.resolve(FILE), measured);
    }

    private static float[] samples(Generator generator, Memory memory, long seed) {
        Ops f = Ops.plain(memory);
        Draw draw = Draw.of(Noise.of(seed, 0, Purpose.SAMPLE, 0), memory);
        Tensor z = f.normals(Shape.of(SAMPLES, generator.latent()), draw);
        return memory.device().floats(generator.sample(f, z));
    }

    /// `gan-modes.md`, from the last line of each objective, remedies and seed.
    private static void write(Path results) throws IOException {
        Map<List<String>, Map<String, Json>> latest = new LinkedHashMap<>();
        for (String line : Files.readAllLines(results.resolve(FILE))) {
            Map<String, Json> run = ((Json.Members) Json.parse(line, FILE)).values();
            latest.put(List.of(text(run, "objective"), text(run, "remedies"), text(run, "seed")), run);
        }
        StringBuilder page = new StringBuilder("""
                # What a GAN leaves out of a grid of 25 Gaussians

                Written by `ci/bench GanModesBench` from the last line of `gan-modes.jsonl` for each objective, remedies
                and seed; not edited by hand. Centres two apart, width 0.05, so that a gap is forty widths wide. Both
                networks have three hidden layers of %d units, z has two dimensions; %,d steps of %d examples, Adam with
                β₁ 0.5, the rate from %s along a cosine, instance noise from %s. A mode counts when it has a tenth of its
                fair share of 10,000 samples within three widths; `near` is the share of all samples that are so near to
                any centre (of the data themselves, 0.989).

                | objective | remedies | seed | modes | near | KL of the modes' shares, nats | seconds |
                | --- | --- | --- | --- | --- | --- | --- |
                """.formatted(HIDDEN.getFirst(), STEPS, BATCH, RATE, NOISE));
        latest.forEach((key, run) -> page.append("| %s | %s | %s | %s | %s | %s | %s |%n"
                .formatted(
                        key.get(0),
                        key.get(1),
                        key.get(2),
                        text(run, "modes"),
                        text(run, "near"),
                        text(run, "divergence"),
                        text(run, "seconds"))));
        page.append("""

                Seconds are of one thread, on a machine that was busy with other work.
                """);
        Files.writeString(results.resolve("gan-modes.md"), page);
    }

    private static String text(Map<String, Json> run, String name) {
        return switch (run.get(name)) {
            case Json.Text(String text) -> text;
            case null -> "stopped";
            case Json other -> other.compact();
        };
    }
}
