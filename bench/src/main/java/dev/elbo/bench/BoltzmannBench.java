package dev.elbo.bench;

import dev.elbo.models.classifier.LogisticRegression;
import dev.elbo.models.data.Dataset;
import dev.elbo.models.data.Datasets;
import dev.elbo.models.data.Examples;
import dev.elbo.models.energy.Annealing;
import dev.elbo.models.energy.Partition;
import dev.elbo.models.recipe.Budget;
import dev.elbo.models.recipe.Course;
import dev.elbo.models.recipe.RbmRecipe;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Question: how far is annealing from the log Z of machines small enough to sum over, how often is it as
/// near as its errors say, do its two directions agree on a machine that is too large to sum over, and
/// what are a machine's features worth to a classifier? Read `off` (nats from the exact log Z),
/// `within_two_errors`, `refused`, and `accuracy` (on held-out nudged digits).
final class BoltzmannBench {
    private static final String FILE = "boltzmann.jsonl";
    private static final String NAME = "BoltzmannBench";
    private static final int SEEDS = 5;
    private static final int CHAINS = 100;
    private static final int COVERAGE_SEEDS = 2;
    private static final int GROUPS = 20;

    private BoltzmannBench() {}

    /// Measures, and writes the tables.
    ///
    /// @param arguments folder of the results; features, small, coverage, large, all, or write for the
    ///                  tables alone; the folder of MNIST for all but features; epochs of large, 5
    public static void main(String[] arguments) throws IOException {
        Path results = Path.of(arguments[0]);
        String part = arguments.length > 1 ? arguments[1] : "features";
        String mnist = arguments.length > 2 ? "mnist:" + arguments[2] : "";
        boolean all = part.equals("all");
        if (all || part.equals("features")) {
            for (long seed = 1; seed <= SEEDS; seed++) {
                features(results, seed);
            }
        }
        if (all || part.equals("small")) {
            for (long seed = 1; seed <= SEEDS; seed++) {
                small(results, mnist, false, seed);
                small(results, mnist, true, seed);
            }
        }
        if (all || part.equals("coverage")) {
            for (long seed = 1; seed <= COVERAGE_SEEDS; seed++) {
                coverage(results, mnist, false, seed);
                coverage(results, mnist, true, seed);
            }
        }
        if (all || part.equals("large")) {
            large(results, mnist, arguments.length > 3 ? Integer.parseInt(arguments[3]) : 5);
        }
        write(results);
    }

    /// A trained machine and its data.
    ///
    /// @param test (n, features), bits
    private record Trained(RbmRecipe recipe, RbmRecipe.Machine machine, Dataset set, Tensor test, double seconds) {
        static Trained of(RbmRecipe recipe, String data, Budget budget, CpuDevice cpu, Arena owner) {
            Dataset set = Datasets.open(data, owner);
            Memory memory = Memory.of(cpu, "data", owner);
            Parameters<RbmRecipe.Machine> parameters = recipe.build(cpu, set.train(), budget.seed(), owner);
            long began = System.nanoTime();
            try (Trainer<RbmRecipe.Machine> trainer =
                    recipe.training(parameters, set.train().resident(memory), course(budget), memory)) {
                trainer.run(_ -> true);
            }
            double seconds = (System.nanoTime() - began) * 1e-9;
            Draw coins = Draw.of(Noise.of(1, 0, Purpose.DATA, 0), memory);
            Tensor test = Ops.plain(memory).bernoullis(set.test().upload(memory), coins);
            return new Trained(recipe, parameters.model(), set, test, seconds);
        }

        /// At a rate that falls to 0, so that the chains keep up with the model that they are to be drawn from.
        private static Course course(Budget budget) {
            return new Course(budget, "cosine", 0, 0, "stop", "adam", 0, 0);
        }

        float[] rates() {
            return RbmRecipe.rates(machine.rbm(), set.train());
        }

        Annealing.Estimate anneal(float[] base, float[] betas, long seed) {
            return recipe.anneal(machine, test, base, betas, CHAINS, seed).estimate();
        }
    }

    private static RbmRecipe recipe(int hidden, int chains, boolean persistent, double momentum) {
        RbmRecipe.Manner descent = new RbmRecipe.Manner(false, momentum, 0, 0, 0);
        return new RbmRecipe(hidden, 1, chains, persistent, false, descent);
    }

    /// As scikit-learn's example: nudged digits, 100 hidden units by persistent CD, then logistic regression.
    private static void features(Path results, long seed) throws IOException {
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(cpu, "features", owner);
            Trained trained =
                    Trained.of(recipe(100, 10, true, 0), "nudged-digits", new Budget(10, 10, 0.06, seed), cpu, owner);
            Examples train = trained.set.train();
            Examples test = trained.set.test();
            Tensor x = train.upload(memory);
            Tensor held = test.upload(memory);
            Ops f = Ops.plain(memory);
            double seen = accuracy(
                    trained.machine.rbm().hiddenGivenVisible(f, x),
                    trained.machine.rbm().hiddenGivenVisible(f, held),
                    train,
                    test,
                    1.0 / 6000,
                    owner);
            Map<String, String> measured = begin("features", seed, trained);
            measured.put("accuracy", Results.number(seen));
            measured.put("raw_accuracy", Results.number(accuracy(x, held, train, test, 1.0 / 100, owner)));
            note(results, measured);
        }
    }

    private static double accuracy(Tensor x, Tensor held, Examples train, Examples test, double penalty, Arena owner) {
        int classes = train.classes().size();
        LogisticRegression fitted = LogisticRegression.fit(x, train.labels(), classes, penalty, 1000, owner);
        return fitted.accuracy(held, test.labels());
    }

    /// 16 hidden units on MNIST, whose log Z can be summed.
    private static Trained trained(String mnist, boolean persistent, long seed, CpuDevice cpu, Arena owner) {
        return Trained.of(recipe(16, 100, persistent, 0.5), mnist, new Budget(10, 100, 0.05, seed), cpu, owner);
    }

    private static void small(Path results, String mnist, boolean persistent, long seed) throws IOException {
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena owner = Arena.ofShared()) {
            Trained trained = trained(mnist, persistent, seed, cpu, owner);
            Map<String, String> measured = begin("small", seed, trained);
            measured.put("learning", Results.quoted(persistent ? "PCD-1" : "CD-1"));
            double exact = Partition.exact(trained.machine.rbm());
            measured.put("exact", String.valueOf(exact));
            measured.put(
                    "test_log_likelihood",
                    Results.number(trained.recipe.logLikelihood(trained.machine, trained.test, exact)));
            put(measured, trained.anneal(trained.rates(), Annealing.betas(1000), seed), exact);
            note(results, measured);
        }
    }

    /// The same machines, annealed by so many chains that they make many estimates: chains are
    /// independent of each other, so any hundred of them are a run of their own.
    private static void coverage(Path results, String mnist, boolean persistent, long seed) throws IOException {
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena owner = Arena.ofShared()) {
            Trained trained = trained(mnist, persistent, seed, cpu, owner);
            double exact = Partition.exact(trained.machine.rbm());
            for (int betas : new int[] {200, 1000}) {
                Annealing.Estimate all = Annealing.estimate(
                        trained.machine.rbm(), trained.rates(), Annealing.betas(betas), GROUPS * CHAINS, seed);
                Map<String, String> measured = begin("coverage", seed, trained);
                measured.put("learning", Results.quoted(persistent ? "PCD-1" : "CD-1"));
                measured.put("betas", Integer.toString(betas));
                List<Double> chains = new ArrayList<>(all.forward().each());
                Collections.shuffle(chains, new Random(seed));
                measured.putAll(covered(chains, exact));
                note(results, measured);
            }
        }
    }

    private static Map<String, String> covered(List<Double> chains, double exact) {
        double effective = 0;
        double error = 0;
        double squares = 0;
        int one = 0;
        int two = 0;
        for (int from = 0; from < chains.size(); from += CHAINS) {
            double[] group = chains.subList(from, from + CHAINS).stream()
                    .mapToDouble(Double::doubleValue)
                    .toArray();
            Annealing.Direction said = Annealing.Direction.of(group, true);
            double off = Math.abs(said.logZ() - exact);
            effective += said.effective() / GROUPS;
            error += said.error() / GROUPS;
            squares += off * off / GROUPS;
            one += off <= said.error() ? 1 : 0;
            two += off <= 2 * said.error() ? 1 : 0;
        }
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("runs", Integer.toString(GROUPS));
        measured.put("ess", Results.number(effective));
        measured.put("off", Results.number(Math.sqrt(squares)));
        measured.put("error", Results.number(error));
        measured.put("within_one_error", Integer.toString(one));
        measured.put("within_two_errors", Integer.toString(two));
        return measured;
    }

    /// 500 hidden units on MNIST: a run that has to collapse, and others with ever more betas.
    private static void large(Path results, String mnist, int epochs) throws IOException {
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena owner = Arena.ofShared()) {
            Trained trained =
                    Trained.of(recipe(500, 100, true, 0.5), mnist, new Budget(epochs, 100, 0.02, 1), cpu, owner);
            float[] uniform = new float[trained.machine.rbm().visible()];
            large(results, trained, "uniform", uniform, Annealing.betas(30));
            large(results, trained, "base rates", trained.rates(), Annealing.betas(1000));
            large(results, trained, "base rates", trained.rates(), Annealing.betas(5000));
            large(results, trained, "base rates", trained.rates(), Annealing.literature());
        }
    }

    private static void large(Path results, Trained trained, String start, float[] base, float[] betas)
            throws IOException {
        Map<String, String> measured = begin("large", 1, trained);
        measured.put("start", Results.quoted(start));
        measured.put("betas", Integer.toString(betas.length));
        Annealing.Estimate estimate = trained.anneal(base, betas, 1);
        put(measured, estimate, Double.NaN);
        if (estimate.refused().isEmpty()) {
            measured.put(
                    "test_log_likelihood",
                    Results.number(trained.recipe.logLikelihood(trained.machine, trained.test, estimate.logZ())));
        }
        note(results, measured);
    }

    private static Map<String, String> begin(String part, long seed, Trained trained) {
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("benchmark", Results.quoted(NAME + "." + part));
        measured.put("seed", Long.toString(seed));
        measured.put("hidden", Integer.toString(trained.recipe.hidden()));
        measured.put("train_seconds", Results.number(trained.seconds));
        return measured;
    }

    /// What both ways said, kept for the record even where it is refused.
    private static void put(Map<String, String> measured, Annealing.Estimate estimate, double exact) {
        measured.put("forward", String.valueOf(estimate.forward().logZ()));
        measured.put("forward_error", Results.number(estimate.forward().error()));
        measured.put("forward_ess", Results.number(estimate.forward().effective()));
        measured.put("backward", String.valueOf(estimate.backward().logZ()));
        measured.put("backward_error", Results.number(estimate.backward().error()));
        measured.put("backward_ess", Results.number(estimate.backward().effective()));
        measured.put("refused", Results.quoted(estimate.refused()));
        if (!Double.isNaN(exact)) {
            measured.put("off", Results.number(estimate.forward().logZ() - exact));
        }
    }

    private static void note(Path results, Map<String, String> measured) throws IOException {
        System.out.println(measured);
        Results.append(results.resolve(FILE), measured);
    }

    /// `boltzmann.md`, from the last line of each measurement.
    private static void write(Path results) throws IOException {
        Map<List<String>, Map<String, Json>> latest = new LinkedHashMap<>();
        for (String line : Files.readAllLines(results.resolve(FILE))) {
            Map<String, Json> run = ((Json.Members) Json.parse(line, FILE)).values();
            latest.put(
                    List.of(
                            text(run, "benchmark"),
                            text(run, "learning"),
                            text(run, "start"),
                            text(run, "betas"),
                            text(run, "seed")),
                    run);
        }
        StringBuilder page = new StringBuilder("""
                # Restricted Boltzmann machines: log Z and features

                Written by `ci/bench BoltzmannBench all MNIST` from the last line of `boltzmann.jsonl` for each
                measurement; not edited by hand. Annealing starts from the data's base rates unless said otherwise,
                along evenly spaced betas but for the 14,500 of the literature, with %d chains each way; errors are one
                standard error, the effective number of chains in brackets.

                ## Exact log Z: 16 hidden units on MNIST

                10 epochs of batches of 100, gradient descent with momentum 0.5 at 0.05, falling to 0 along a cosine;
                1,000 betas. `off` is forward minus exact.

                | learning | seed | exact | forward | backward | off | refused | test log p(x) |
                | --- | --- | --- | --- | --- | --- | --- | --- |
                """.formatted(CHAINS));
        latest.forEach((key, run) -> {
            if (key.getFirst().equals(NAME + ".small")) {
                page.append("| %s | %s | %s | %s | %s | %s | %s | %s |%n"
                        .formatted(
                                text(run, "learning"),
                                text(run, "seed"),
                                nats(run, "exact"),
                                way(run, "forward"),
                                way(run, "backward"),
                                text(run, "off"),
                                text(run, "refused").isEmpty() ? "no" : "yes",
                                text(run, "test_log_likelihood")));
            }
        });
        page.append("""

                ## How often the error covers

                Such machines again, each annealed forward %d times by %d chains. `off` is the root of the mean square
                of forward minus exact, beside the mean error that was said; then, how many were within one error and
                within two.

                | learning | seed | betas | effective chains | off | error | within one | within two |
                | --- | --- | --- | --- | --- | --- | --- | --- |
                """.formatted(GROUPS, CHAINS));
        latest.forEach((key, run) -> {
            if (key.getFirst().equals(NAME + ".coverage")) {
                page.append("| %s | %s | %s | %s | %s | %s | %s | %s |%n"
                        .formatted(
                                text(run, "learning"),
                                text(run, "seed"),
                                text(run, "betas"),
                                text(run, "ess"),
                                text(run, "off"),
                                text(run, "error"),
                                text(run, "within_one_error"),
                                text(run, "within_two_errors")));
            }
        });
        page.append("""

                ## 500 hidden units on MNIST

                Five epochs of persistent CD-1 with 100 chains, gradient descent with momentum 0.5 at 0.02, falling to 0
                along a cosine. Backward chains begin at the training's own and go 1,000 steps before they are annealed.
                A refused estimate gives no number; what its two ways said is in `boltzmann.jsonl`.

                | start | betas | forward | backward | test log p(x) | refused |
                | --- | --- | --- | --- | --- | --- |
                """);
        latest.forEach((key, run) -> {
            if (key.getFirst().equals(NAME + ".large")) {
                boolean refused = !text(run, "refused").isEmpty();
                page.append("| %s | %s | %s | %s | %s | %s |%n"
                        .formatted(
                                text(run, "start"),
                                text(run, "betas"),
                                refused ? "" : way(run, "forward"),
                                refused ? "" : way(run, "backward"),
                                text(run, "test_log_likelihood"),
                                text(run, "refused")));
            }
        });
        page.append("""

                ## Features for a classifier

                As scikit-learn's example does it: the digits of the jar five times, four of them moved by a pixel; a
                fifth of the 8,985 held out; 100 hidden units by persistent CD-1 (10 epochs of batches of 10, from 0.06
                along a cosine); logistic regression on p(h | x) with penalty 1/6000, and with 1/100 on the pixels
                themselves.

                | seed | accuracy of features | of pixels |
                | --- | --- | --- |
                """);
        double[] sum = new double[2];
        latest.forEach((key, run) -> {
            if (key.getFirst().equals(NAME + ".features")) {
                page.append("| %s | %s | %s |%n"
                        .formatted(text(run, "seed"), text(run, "accuracy"), text(run, "raw_accuracy")));
                sum[0] += Double.parseDouble(text(run, "accuracy"));
                sum[1]++;
            }
        });
        page.append("| mean | %s | |%n".formatted(Results.number(sum[0] / sum[1])));
        Files.writeString(results.resolve("boltzmann.md"), page);
    }

    /// `231.40 ± 0.05 (88)`.
    private static String way(Map<String, Json> run, String way) {
        return "%s ± %s (%s)".formatted(nats(run, way), text(run, way + "_error"), text(run, way + "_ess"));
    }

    private static String nats(Map<String, Json> run, String name) {
        return run.get(name) instanceof Json.Number(var value) ? "%.2f".formatted(value.doubleValue()) : "not a number";
    }

    private static String text(Map<String, Json> run, String name) {
        return switch (run.get(name)) {
            case Json.Text(String text) -> text;
            case null -> "";
            case Json other -> other.compact();
        };
    }
}
