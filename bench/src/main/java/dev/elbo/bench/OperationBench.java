package dev.elbo.bench;

import dev.elbo.bench.work.Contender;
import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Workload;
import dev.elbo.bench.work.Workloads;
import dev.elbo.runtime.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// Question: how close is each operation to what the machine's arithmetic or its memory allows?
///
/// [#main] takes turns with the probes of both peaks and with peers who know the operation, and writes the tables.
@State(Scope.Thread)
public class OperationBench extends WorkloadBench {
    private static final String FILE = "operations.jsonl";

    @Param("product")
    String operation;

    @Override
    String workload() {
        return operation;
    }

    /// Measures all operations on all devices, or those that are named.
    ///
    /// @param arguments folder of the results, then names of workloads
    public static void main(String[] arguments) throws IOException {
        Path results = Path.of(arguments[0]);
        List<Sized> operations = arguments.length == 1
                ? Workloads.of(Workload.Kind.OPERATION)
                : Arrays.stream(arguments).skip(1).map(Workloads::named).toList();
        List<Contender.Library> peers = Libraries.here();
        for (String name : Devices.here()) {
            for (Sized each : operations) {
                try (Device device = Devices.open(name)) {
                    Map<String, String> measured = Turns.measure(each, device, peers, Turns.Pace.BRISK);
                    System.out.println(name + " " + each + " " + measured.get("elbo_ms") + " ms");
                    Results.append(results.resolve(FILE), measured);
                }
            }
        }
        write(results);
    }

    private static void write(Path results) throws IOException {
        Map<String, Line> latest =
                Line.latest(results.resolve(FILE), line -> line.text("device") + " " + line.text("workload"));
        StringBuilder page = new StringBuilder("""
                # Operations, and the machine's peaks

                Written by `ci/bench --peers OperationBench` from the last line of `operations.jsonl` for each
                operation; not edited by hand. Milliseconds a run: median and quartiles over turns. Of the arithmetic:
                operations a second over those of a (1024, 1024) matrix product in the same turns. Of the memory: bytes
                that have to pass a second over those of a copy that moves as many; above 1 where caches help more than
                that copy. Ratios are taken within each turn; above 1, Elbo is faster.

                | device | operation | sizes | ms | GFLOP/s | of the arithmetic | GB/s | of the memory |
                | --- | --- | --- | --- | --- | --- | --- | --- |
                """);
        for (Line line : latest.values()) {
            double nanos = 1e6 * line.number("elbo_ms");
            boolean counted = line.number("flops") > 0;
            page.append("| %s | %s | %s | %s | %s | %s | %s | %s |%n"
                    .formatted(
                            line.text("device"),
                            line.text("workload").split("_")[0],
                            line.text("sizes").replace("_", ", "),
                            line.spread("elbo_ms"),
                            counted ? Line.shown(line.number("flops") / nanos) : "–",
                            counted ? line.spread("share_of_peak") : "–",
                            Line.shown(line.number("bytes") / nanos),
                            line.spread("share_of_bandwidth")));
        }
        page.append("\n").append(Libraries.table("operation", latest));
        page.append("%nMeasured at %s.%n".formatted(Line.where(latest.values())));
        Files.writeString(results.resolve("operations.md"), page);
    }
}
