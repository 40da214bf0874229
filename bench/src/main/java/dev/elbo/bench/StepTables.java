package dev.elbo.bench;

import dev.elbo.bench.work.Workload;
import dev.elbo.bench.work.Workloads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// `results/README.md`: the latest measurement of each training step as a table, written by the command alone.
final class StepTables {
    /// Where the measurements are.
    static final String FILE = "steps.jsonl";

    private StepTables() {}

    static void write(Path results) throws IOException {
        Map<String, Line> latest = Line.latest(results.resolve(FILE), line -> line.text("workload"));
        Set<String> steps = Workloads.all().stream().map(Workload::name).collect(Collectors.toSet());
        latest.keySet().removeIf(name -> !steps.contains(name.split("_")[0]));
        StringBuilder page = new StringBuilder("""
                # Training steps, side by side

                Written by `ci/bench --peers StepBench` from the last line of `steps.jsonl` for each workload; not
                edited by hand. Milliseconds a step: median and quartiles over turns of a quarter of a second, in which
                everybody takes the same step in turn. Ratios are taken within each turn; above 1, Elbo is faster. The
                share is of what a (1024, 1024) matrix product reached in the same turn. A name says in what a step
                differs from the first of its kind: `rbm` is of 100 examples, `rbm_batch1000` of 1000.

                | step | Elbo | share of peak | launches | heap bytes | load, cores |
                | --- | --- | --- | --- | --- | --- |
                """);
        latest.forEach((workload, run) -> page.append("| %s | %s | %s | %s | %s | %s |%n"
                .formatted(
                        workload,
                        run.spread("elbo_ms"),
                        run.spread("share_of_peak"),
                        run.text("launches"),
                        run.text("heap_bytes_per_step"),
                        run.load())));
        page.append("\n").append(Libraries.table("step", latest));
        page.append("%nMeasured at %s.%n".formatted(Line.where(latest.values())));
        Files.writeString(results.resolve("README.md"), page);
    }
}
