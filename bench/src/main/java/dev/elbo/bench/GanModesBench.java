package dev.elbo.bench;

import dev.elbo.models.adversarial.Gan;
import dev.elbo.models.data.Examples;
import dev.elbo.models.data.Gaussians;
import dev.elbo.models.recipe.Budget;
import dev.elbo.models.recipe.Course;
import dev.elbo.models.recipe.GanRecipe;
import dev.elbo.models.recipe.Play;
import dev.elbo.models.training.Trainer;
import dev.elbo.models.training.TrainingStoppedException;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Question: which objectives and remedies keep a generator from leaving out modes of a grid of 25 Gaussians?
/// Read `modes` (of 25) and `near` (share of 10,000 samples within three widths of a centre).
final class GanModesBench {
    private static final String FILE = "gan-modes.jsonl";
    private static final List<Integer> HIDDEN = List.of(96, 96, 96);
    private static final int BATCH = 256;
    private static final double EPOCHS = 38.4; // 15,000 steps
    private static final double RATE = 1e-3;
    private static final int POINTS = 100_000;
    private static final int SAMPLES = 10_000;

    /// @param label    of real examples
    /// @param noise    at first
    private record Remedy(String words, double label, String statistic, double noise, boolean spectral) {
        Play play(String objective) {
            return new Play(objective, label, statistic, noise, spectral);
        }
    }

    private static final Remedy RECOMMENDED = new Remedy("deviation, noise", 1, "deviation", 1, false);

    /// Tried with every objective.
    private static final List<Remedy> OF_ALL = List.of(
            RECOMMENDED,
            new Remedy("none", 1, "none", 0, false),
            new Remedy("spectral norm", 1, "none", 0, true),
            new Remedy("deviation", 1, "deviation", 0, false),
            new Remedy("noise", 1, "none", 1, false),
            new Remedy("deviation, noise, spectral norm", 1, "deviation", 1, true));

    /// Tried with the first objective alone, after all else: distances take ten times as long as the others.
    private static final List<Remedy> OF_FIRST =
            List.of(new Remedy("label 0.9", 0.9, "none", 0, false), new Remedy("distances", 1, "distances", 0, false));

    private GanModesBench() {}

    /// Measures what the library recommends with five seeds, and then of the table of all objectives and remedies, one
    /// seed each, what the results do not have yet; writes the page.
    ///
    /// @param arguments folder of the results, then `recommended`, `table` or `page` for a part alone
    public static void main(String[] arguments) throws IOException {
        Path results = Path.of(arguments[0]);
        String part = arguments.length > 1 ? arguments[1] : "all";
        if (part.equals("all") || part.equals("recommended")) {
            for (long seed = 1; seed <= 5; seed++) {
                measure(results, Play.OBJECTIVES.getFirst(), RECOMMENDED, seed);
            }
        }
        if (part.equals("all") || part.equals("table")) {
            for (Remedy remedy : OF_ALL) {
                for (String objective : Play.OBJECTIVES) {
                    missing(results, objective, remedy);
                }
            }
            for (Remedy remedy : OF_FIRST) {
                missing(results, Play.OBJECTIVES.getFirst(), remedy);
            }
        }
        write(results);
    }

    private static void missing(Path results, String objective, Remedy remedy) throws IOException {
        if (!latest(results).containsKey(List.of(objective, remedy.words, "1"))) {
            measure(results, objective, remedy, 1);
        }
    }

    private static void measure(Path results, String objective, Remedy remedy, long seed) throws IOException {
        GanRecipe recipe = new GanRecipe(HIDDEN, 2, remedy.play(objective));
        Budget budget = new Budget(EPOCHS, BATCH, RATE, seed);
        Course course = new Course(budget, "cosine", 0, 0, "stop", "adam", 0, 0);
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("benchmark", Results.quoted("GanModesBench"));
        measured.put("objective", Results.quoted(objective));
        measured.put("remedies", Results.quoted(remedy.words));
        measured.put("seed", Long.toString(seed));
        measured.put("steps", Long.toString(course.steps(POINTS, EPOCHS)));
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1));
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(cpu, "data", owner);
            Gaussians grid = Gaussians.grid();
            Examples points = grid.draw(POINTS, seed, owner);
            Parameters<Gan> gan = recipe.build(cpu, points, seed, owner);
            long began = System.nanoTime();
            try (Trainer<Gan> trainer = recipe.training(gan, points.upload(memory), course, memory)) {
                trainer.run(_ -> true);
                float[] samples = cpu.floats(recipe.sample(gan.model(), SAMPLES, seed, memory));
                Gaussians.Coverage coverage = grid.coverage(samples);
                measured.put("reached", Integer.toString(coverage.reached()));
                measured.put("modes", Integer.toString(coverage.modes()));
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

    /// The last line of each objective, remedies and seed.
    private static Map<List<String>, Map<String, Json>> latest(Path results) throws IOException {
        Path file = results.resolve(FILE);
        Map<List<String>, Map<String, Json>> latest = new LinkedHashMap<>();
        for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
            Map<String, Json> run = ((Json.Members) Json.parse(line, FILE)).values();
            latest.put(List.of(text(run, "objective"), text(run, "remedies"), text(run, "seed")), run);
        }
        return latest;
    }

    /// `gan-modes.md`, from these lines.
    private static void write(Path results) throws IOException {
        StringBuilder page = new StringBuilder("""
                # What a GAN leaves out of a grid of 25 Gaussians

                Written by `ci/bench GanModesBench` from the last line of `gan-modes.jsonl` for each objective, remedies
                and seed; not edited by hand. Centres two apart, width 0.05: a gap is forty widths wide. Both networks
                have three hidden layers of %d units, z has two dimensions; 15,000 steps of %d examples, Adam with
                β₁ 0.5, the rate from %s to 0 along a cosine, instance noise from 1 to 0.02 in 70 %% of the steps. Of
                10,000 samples:

                * reached: modes with at least one within three widths, as the literature counts them;
                * modes: those with at least a tenth of a fair share there;
                * near: share of the samples within three widths of any centre (of the data themselves 0.989);
                * KL: of the shares of the modes from equal shares, nats.

                | objective | remedies | seed | reached | modes | near | KL | seconds |
                | --- | --- | --- | --- | --- | --- | --- | --- |
                """.formatted(HIDDEN.getFirst(), BATCH, RATE));
        latest(results)
                .forEach((key, run) -> page.append("| %s | %s | %s | %s | %s | %s | %s | %s |%n"
                        .formatted(
                                key.get(0),
                                key.get(1),
                                key.get(2),
                                text(run, "reached"),
                                text(run, "modes"),
                                text(run, "near"),
                                text(run, "divergence"),
                                text(run, "seconds"))));
        page.append("""

                Seconds are of one thread, beside whatever else the machine did: `load` in each line says how much.
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
