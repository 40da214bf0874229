package dev.elbo.cli;

import dev.elbo.cli.report.Page;
import dev.elbo.cli.report.Plot;
import dev.elbo.models.adversarial.Gan;
import dev.elbo.models.data.Examples;
import dev.elbo.models.latent.Coder;
import dev.elbo.models.latent.Imputation;
import dev.elbo.models.latent.Missing;
import dev.elbo.models.recipe.Imputing;
import dev.elbo.models.recipe.RbmRecipe;
import dev.elbo.models.recipe.Reconstructing;
import dev.elbo.models.recipe.Sampling;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.AtomicFile;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// The page about a run: how the figures moved, what the model dreams and remembers, and how it was made.
final class Report {
    private static final int COLUMNS = 16;
    private static final int PAIRS = 4;
    private static final int IMPUTED = 100;
    private static final long SEED = 1;

    /// Fewer chains and steps than `elbo impute` takes: a report is to follow training at once.
    private static final Imputation.Effort IMPUTATION = new Imputation.Effort(4, 40, SEED);

    private Report() {}

    /// Writes `report.html` into the folder of the run.
    static Path write(OpenRun run) throws IOException {
        Experiment experiment = run.experiment();
        Page page = new Page(experiment.name() + " on " + experiment.dataName());
        page.text(experiment.summary());
        figures(run.folder(), page);
        switch (experiment) {
            case ExampleExperiment<?> examples -> examples(run.folder(), examples, page);
            case SequenceExperiment<?> sequences -> SequenceReport.write(sequences, page);
            case ClassifierExperiment _ -> {}
        }
        page.section("How it was made").facts(facts(run));
        byte[] html = page.html().getBytes(StandardCharsets.UTF_8);
        Path file = run.folder().resolve("report.html");
        AtomicFile.write(file, out -> out.write(ByteBuffer.wrap(html)));
        return file;
    }

    private static void examples(Path folder, ExampleExperiment<?> run, Page page) throws IOException {
        if (Pictures.of(run.data().set().train())) {
            pictures(run, page);
        }
        if (run.parameters().model() instanceof RbmRecipe.Machine machine) {
            EnergyReport.write(folder, run, machine, page);
        }
        if (run.parameters().model() instanceof Gan gan) {
            GanReport.write(run, gan, page);
        }
        GanReport.quality(folder, run.data().set().train(), page);
        if (run.parameters().model() instanceof Coder coder && coder.latent() == 2) {
            latentMap(run, coder, page);
        }
    }

    /// One curve for each name in `metrics.jsonl`; what was measured only once is a line of text.
    private static void figures(Path folder, Page page) throws IOException {
        // How fast it went comes after what came of it.
        Map<String, List<Plot.Point>> curves = new TreeMap<>(
                Comparator.comparing((String name) -> name.equals("rate")).thenComparing(Comparator.naturalOrder()));
        for (String line : Files.readAllLines(folder.resolve("metrics.jsonl"))) {
            if (!(Json.parse(line, "metrics.jsonl") instanceof Json.Members(Map<String, Json> numbers))) {
                continue;
            }
            double step = number(numbers.get("step"));
            numbers.forEach((name, value) -> {
                if (!name.equals("step") && !name.equals("time")) {
                    curves.computeIfAbsent(name, _ -> new ArrayList<>()).add(new Plot.Point(step, number(value)));
                }
            });
        }
        Map<String, String> once = new LinkedHashMap<>();
        page.section("Figures");
        curves.forEach((name, points) -> {
            if (points.size() == 1) {
                once.put(name, figure(points.getFirst().y()));
            } else {
                List<Plot.Series> series = List.of(new Plot.Series(name, points));
                page.plot(new Plot(name, "step", name, series, Plot.Kind.LINES, false));
            }
        });
        if (!once.isEmpty()) {
            page.facts(once);
        }
    }

    private static void pictures(ExampleExperiment<?> run, Page page) {
        Examples examples = run.data().set().test();
        int shown = Math.min(COLUMNS, examples.count());
        if (run.recipe() instanceof Sampling<?>) {
            page.section("Samples");
            page.pictures("drawn from the model", Pictures.grid(COLUMNS, examples, run.sample(4 * COLUMNS, SEED)));
        }
        if (shown == 0 || !(run.recipe() instanceof Reconstructing<?>)) {
            return;
        }
        Tensor some = run.data().test().rows(0, shown);
        page.section("Reconstructions");
        page.pictures(
                "above: held-out data; below: what the model makes of them",
                Pictures.grid(shown, examples, some, run.reconstruct(some, SEED)));
        if (run.parameters().model() instanceof Coder && examples.count() > 1) {
            page.section("Interpolation");
            page.pictures(
                    "from one held-out example to the next, through the space of codes",
                    InterpolateCommand.grid(run, 0, Math.min(PAIRS, examples.count() / 2), COLUMNS, false));
        }
        if (run.recipe() instanceof Imputing<?>) {
            imputations(run, page);
        }
    }

    /// What the model puts where something is missing.
    private static void imputations(ExampleExperiment<?> run, Page page) {
        page.section("Missing values");
        Map<String, String> errors = new LinkedHashMap<>();
        float[] means = run.data().set().train().means();
        for (Missing kind : Missing.USUAL) {
            Imputed imputed = Imputed.of(run, kind, IMPUTED, means, IMPUTATION);
            errors.put(kind.text(), "%.4f; by the mean %.4f".formatted(imputed.error(), imputed.meanError()));
            page.pictures(
                    kind.text() + " missing: what is known; filled in by the model; by the mean; the truth",
                    imputed.grid(COLUMNS));
        }
        int judged = Math.min(IMPUTED, run.data().set().test().count());
        page.text("Mean square of what is wrong with a missing value, over " + judged + " held-out examples:");
        page.facts(errors);
    }

    private static void latentMap(ExampleExperiment<?> run, Coder coder, Page page) {
        Examples test = run.data().set().test();
        Tensor mean = coder.code(Ops.plain(run.memory()), run.data().test());
        float[] z = mean.device().floats(mean);
        Map<Integer, List<Plot.Point>> byClass = new TreeMap<>();
        for (int i = 0; i < test.count(); i++) {
            int label = test.labels().length == 0 ? 0 : test.labels()[i];
            byClass.computeIfAbsent(label, _ -> new ArrayList<>()).add(new Plot.Point(z[2 * i], z[2 * i + 1]));
        }
        List<Plot.Series> series = new ArrayList<>();
        byClass.forEach((label, points) -> series.add(new Plot.Series(
                test.classes().isEmpty() ? "data" : test.classes().get(label), points)));
        page.section("Latent plane");
        page.plot(new Plot("codes of held-out data", "z₁", "z₂", series, Plot.Kind.POINTS, false));
    }

    private static Map<String, String> facts(OpenRun run) {
        Map<String, String> facts = new LinkedHashMap<>();
        run.config().members().values().forEach((name, value) -> facts.put(name, fact(name, value)));
        facts.put("elbo", Elbo.Version.text());
        facts.put("java", Runtime.version().toString());
        return facts;
    }

    /// As a person reads it: a text without quotes, a moment as a date.
    private static String fact(String name, Json value) {
        return switch (value) {
            case Json.Text(String text) -> text;
            case Json.Number(var seconds)
            when name.equals("began") ->
                Instant.ofEpochSecond(seconds.longValue()).toString();
            default -> value.compact();
        };
    }

    /// Four decimals, where there are any.
    private static String figure(double value) {
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%.4f", value);
    }

    private static double number(Json value) {
        return value instanceof Json.Number(var number) ? number.doubleValue() : Double.NaN;
    }
}
