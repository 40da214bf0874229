package dev.elbo.cli;

import dev.elbo.cli.report.Page;
import dev.elbo.cli.report.Plot;
import dev.elbo.models.adversarial.Gan;
import dev.elbo.models.adversarial.Generator;
import dev.elbo.models.data.Examples;
import dev.elbo.models.latent.Walk;
import dev.elbo.models.quality.Nearest;
import dev.elbo.models.quality.SampleQuality;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What a report says of a GAN: where its samples lie or how they pass into each other, whether it knows its
/// examples by heart, and what a classifier saw in them.
final class GanReport {
    private static final int COLUMNS = 16;
    private static final int ROWS = 4;
    private static final int POINTS = 2000;
    private static final String QUALITY = "quality.json";

    private GanReport() {}

    static void write(ExampleExperiment<?> run, Gan gan, Page page) {
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(run.parameters().values().device(), "report", owner);
            Examples train = run.data().set().train();
            if (Pictures.of(train)) {
                pictures(gan.generator(), train, memory, page);
            } else if (train.features() == 2) {
                plane(gan.generator(), train, memory, page);
            }
        }
    }

    private static void pictures(Generator generator, Examples train, Memory memory, Page page) {
        Ops f = Ops.plain(memory);
        Tensor a = latent(generator, ROWS, 1, memory);
        Tensor b = latent(generator, ROWS, 2, memory);
        page.section("Latent walks");
        page.pictures(
                "from one z to another along an arc: all of the way is as far from 0 as z are",
                Pictures.grid(COLUMNS, train, generator.sample(f, Walk.arc(f, a, b, COLUMNS))));
        page.pictures(
                "the same straight on, through what lies nearer to 0",
                Pictures.grid(COLUMNS, train, generator.sample(f, Walk.line(f, a, b, COLUMNS))));
        page.section("Arithmetic");
        Tensor x = latent(generator, COLUMNS, 3, memory);
        Tensor y = latent(generator, COLUMNS, 4, memory);
        Tensor z = latent(generator, COLUMNS, 5, memory);
        page.pictures(
                "from above: a, b, c, and a − b + c",
                Pictures.grid(
                        COLUMNS,
                        train,
                        generator.sample(f, x),
                        generator.sample(f, y),
                        generator.sample(f, z),
                        generator.sample(f, Walk.arithmetic(f, x, y, z))));
        page.section("Nearest training examples");
        Tensor drawn = generator.sample(f, latent(generator, COLUMNS, 6, memory));
        int[] nearest = Nearest.of(train, memory.device().floats(drawn));
        try (Arena picked = Arena.ofConfined()) {
            page.pictures(
                    "above: samples; below: what of the training examples is nearest to each, value by value",
                    Pictures.grid(
                            COLUMNS, train, drawn, train.select(nearest, picked).upload(memory)));
        }
    }

    private static void plane(Generator generator, Examples train, Memory memory, Page page) {
        Ops f = Ops.plain(memory);
        float[] drawn = memory.device().floats(generator.sample(f, latent(generator, POINTS, 1, memory)));
        List<Plot.Point> samples = new ArrayList<>();
        List<Plot.Point> data = new ArrayList<>();
        for (int i = 0; i < POINTS; i++) {
            samples.add(new Plot.Point(drawn[2 * i], drawn[2 * i + 1]));
        }
        for (int i = 0; i < Math.min(POINTS, train.count()); i++) {
            data.add(new Plot.Point(train.value(i, 0), train.value(i, 1)));
        }
        List<Plot.Series> series = List.of(new Plot.Series("data", data), new Plot.Series("samples", samples));
        page.section("Samples");
        page.plot(new Plot("samples among the data", "x₁", "x₂", series, Plot.Kind.POINTS, false));
    }

    private static Tensor latent(Generator generator, int n, int order, Memory memory) {
        Draw draw = Draw.of(Noise.of(1, 0, Purpose.SAMPLE, order), memory);
        return Ops.plain(memory).normals(Shape.of(n, generator.latent()), draw);
    }

    /// What a classifier saw, where it has been asked.
    static void quality(Path folder, Examples train, Page page) throws IOException {
        Map<String, Json> said = Kept.read(folder, QUALITY).orElse(Map.of());
        if (said.isEmpty()) {
            return;
        }
        page.section("In the eyes of a classifier");
        Map<String, String> facts = new LinkedHashMap<>();
        said.forEach((name, value) -> {
            if (!name.equals("shares")) {
                facts.put(name, value.compact());
            }
        });
        List<Json> shares = ((Json.Elements) said.get("shares")).values();
        for (int k = 0; k < shares.size(); k++) {
            facts.put("share of class " + train.classes().get(k), shares.get(k).compact());
        }
        page.facts(facts);
    }

    /// Leaves what a classifier saw in the folder of the run, for its next report.
    static void keep(Path folder, Path classifier, SampleQuality quality) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("classifier", classifier.toString());
        quality.figures().forEach((name, value) -> all.put(name, Json.of(rounded(value))));
        List<Json> shares = new ArrayList<>();
        for (double share : quality.shares()) {
            shares.add(Json.of(rounded(share)));
        }
        all.put("shares", shares);
        Kept.write(folder, QUALITY, all);
    }

    private static double rounded(double value) {
        return Double.parseDouble(String.format(Locale.ROOT, "%.4f", value));
    }
}
