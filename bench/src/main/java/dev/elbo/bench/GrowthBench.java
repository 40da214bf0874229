package dev.elbo.bench;

import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Workloads;
import dev.elbo.runtime.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Question: how does the time of a step grow with batch, width, samples, steps and states?
///
/// `ci/bench GrowthBench [SERIES…]` measures all series, or those that are named: `vae_batch`, `chain_states`.
public final class GrowthBench {
    private static final String FILE = "growth.jsonl";

    /// A workload over the extents of one axis, everything else fixed.
    private record Series(String workload, String axis, int... extents) {
        String name() {
            return workload.split("_")[0] + "_" + axis;
        }

        Sized at(int extent) {
            return Workloads.named(workload + "_" + axis + extent);
        }
    }

    private static final List<Series> ALL = List.of(
            new Series("vae", "batch", 32, 64, 128, 256, 512, 1024),
            new Series("vae", "hidden", 100, 200, 400, 800, 1600),
            new Series("iwae", "samples", 1, 5, 10, 25, 50, 100),
            new Series("rbm", "batch", 50, 100, 200, 500, 1000),
            new Series("rbm", "hidden", 125, 250, 500, 1000, 2000),
            new Series("chain_batch32_states8", "steps", 64, 128, 256, 512, 1024, 2048),
            new Series("chain_batch32_steps128", "states", 4, 8, 16, 32, 64, 128),
            new Series("chain_steps128_states8", "batch", 8, 16, 32, 64, 128, 256));

    private GrowthBench() {}

    /// @param arguments the folder of results, and series; none: all
    public static void main(String[] arguments) throws IOException {
        Path results = Path.of(arguments[0]);
        List<String> named = Arrays.asList(arguments).subList(1, arguments.length);
        for (Series series : ALL) {
            if (named.isEmpty() || named.contains(series.name())) {
                measure(series, results);
            }
        }
        write(results);
    }

    private static void measure(Series series, Path results) throws IOException {
        for (int extent : series.extents) {
            try (Device cpu = Devices.open("cpu")) {
                Map<String, String> measured = new LinkedHashMap<>();
                measured.put("series", Results.quoted(series.name()));
                measured.put("extent", Integer.toString(extent));
                measured.putAll(Turns.measure(series.at(extent), cpu, List.of(), Turns.Pace.BRISK));
                System.out.println(series.name() + " " + extent + " " + measured.get("elbo_ms") + " ms");
                Results.append(results.resolve(FILE), measured);
            }
        }
    }

    private static void write(Path results) throws IOException {
        Map<String, Line> latest =
                Line.latest(results.resolve(FILE), line -> line.text("series") + line.text("extent"));
        StringBuilder page = new StringBuilder("""
                # How a step's time grows

                Written by `ci/bench GrowthBench` from the last line of `growth.jsonl` for each point; not edited by
                hand. Milliseconds a step on all cores, medians over turns. The exponent is fitted to all points by
                least squares in logarithms, and so is that of the floating-point operations that the step cannot do
                without; where the time's is lower, what a step costs whatever its size still counts. The residual is
                the root of the mean squared difference in logarithms: 0.1 is about a tenth of the time.
                """);
        for (Series series : ALL) {
            List<Line> points = new ArrayList<>();
            for (int extent : series.extents) {
                if (latest.containsKey(series.name() + extent)) {
                    points.add(latest.get(series.name() + extent));
                }
            }
            if (points.size() > 1) {
                page.append(table(series, points));
            }
        }
        page.append("%nMeasured at %s.%n".formatted(Line.where(latest.values())));
        Files.writeString(results.resolve("growth.md"), page);
    }

    private static String table(Series series, List<Line> points) {
        double[] x = column(points, "extent");
        Growth time = Growth.of(x, column(points, "elbo_ms"));
        Growth flops = Growth.of(x, column(points, "flops"));
        return """

                ## %s

                | %s | %s |
                | --- |%s
                | ms | %s |

                Time grows with the power %s (residual %s), operations with %s.
                """.formatted(
                        series.name().replace('_', ' '),
                        series.axis,
                        cells(points, line -> line.text("extent")),
                        " --- |".repeat(points.size()),
                        cells(points, line -> line.spread("elbo_ms")),
                        "%.2f".formatted(time.exponent()),
                        "%.2f".formatted(time.residual()),
                        "%.2f".formatted(flops.exponent()));
    }

    private static double[] column(List<Line> points, String name) {
        return points.stream().mapToDouble(line -> line.number(name)).toArray();
    }

    private static String cells(List<Line> points, Function<Line, String> cell) {
        return points.stream().map(cell).collect(Collectors.joining(" | "));
    }
}
