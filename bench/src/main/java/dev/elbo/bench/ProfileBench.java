package dev.elbo.bench;

import dev.elbo.bench.work.Prepared;
import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Workload;
import dev.elbo.bench.work.Workloads;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Question: which operations does a training step spend its time on, and how much of it are the products?
///
/// `ci/bench ProfileBench [STEP…]`: processor time of each launch, on one thread, which other work on the machine
/// blurs less than it blurs a clock.
public final class ProfileBench {
    private static final String FILE = "profile.jsonl";
    private static final int ROUNDS = 100;
    private static final long MOST_NANOS = 15_000_000_000L;
    private static final long WARM_UP_NANOS = 5_000_000_000L;
    private static final long MOST_WARM_UP_NANOS = 60_000_000_000L;

    /// The launches whose floating-point operations are counted.
    private static final List<String> PRODUCTS = List.of(
            "linear", "bernoulliLinear", "matrixProduct", "convolution", "transposedConvolution", "logPartition");

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Prepared prepared;
    private final List<String> operations;

    private ProfileBench(Prepared prepared) {
        this.prepared = prepared;
        this.operations = prepared.operations();
    }

    /// @param arguments the folder of results, and names of steps; none: all
    public static void main(String[] arguments) throws IOException {
        Path results = Path.of(arguments[0]);
        List<Sized> steps = arguments.length == 1
                ? Workloads.of(Workload.Kind.STEP)
                : Arrays.stream(arguments).skip(1).map(Workloads::named).toList();
        for (Sized each : steps) {
            try (CpuDevice cpu = CpuDevice.open(1);
                    Prepared prepared = Prepared.alone(each, cpu)) {
                Map<String, String> measured = new ProfileBench(prepared).measure(each);
                System.out.println(each + " " + measured.get("us") + " us");
                Results.append(results.resolve(FILE), measured);
            }
        }
        write(results);
    }

    private Map<String, String> measure(Sized step) {
        long nanos = 0;
        while (nanos < WARM_UP_NANOS || nanos < MOST_WARM_UP_NANOS && Turns.heapBytes(prepared, 3, 1) > 0) {
            nanos += prepared.run(1);
        }
        double[] micros = micros();
        Map<String, Double> byOperation = new LinkedHashMap<>();
        for (int i = 0; i < micros.length; i++) {
            byOperation.merge(operations.get(i), micros[i], Double::sum);
        }
        double products = byOperation.entrySet().stream()
                .filter(each -> PRODUCTS.contains(each.getKey()))
                .mapToDouble(Map.Entry::getValue)
                .sum();
        long heap = Turns.heapBytes(prepared, 3, 1);
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("benchmark", Results.quoted("ProfileBench"));
        measured.put("device", Results.quoted("cpu"));
        measured.put("workload", Results.quoted(step.name()));
        measured.put("sizes", Results.quoted(step.sizes().toString()));
        measured.put("threads", "1");
        measured.put("us", Results.number(Arrays.stream(micros).sum()));
        measured.put("products_us", Results.number(products));
        measured.put("products_gflops", Results.number(step.cost().flops() / (1e3 * products)));
        measured.put("heap_bytes_per_step", Long.toString(heap));
        measured.put(
                "operations",
                byOperation.entrySet().stream()
                        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                        .map(each -> Results.quoted(each.getKey()) + ":" + Results.number(each.getValue()))
                        .collect(Collectors.joining(",", "{", "}")));
        return measured;
    }

    /// Of each launch, in microseconds, what only a twentieth of the rounds were faster than.
    private double[] micros() {
        long end = System.nanoTime() + MOST_NANOS;
        long[][] nanos = new long[operations.size()][ROUNDS];
        int rounds = 0;
        for (; rounds < ROUNDS && System.nanoTime() < end; rounds++) {
            for (int i = 0; i < nanos.length; i++) {
                long before = threads.getCurrentThreadCpuTime();
                prepared.runLaunch(i);
                nanos[i][rounds] = threads.getCurrentThreadCpuTime() - before;
            }
        }
        double[] micros = new double[nanos.length];
        for (int i = 0; i < nanos.length; i++) {
            Arrays.sort(nanos[i], 0, rounds);
            micros[i] = nanos[i][rounds / 20] / 1e3;
        }
        return micros;
    }

    private static void write(Path results) throws IOException {
        Map<String, Line> latest = Line.latest(results.resolve(FILE), line -> line.text("workload"));
        StringBuilder page = new StringBuilder("""
                # Where a step's time goes

                Written by `ci/bench ProfileBench` from the last line of `profile.jsonl` for each step; not edited by
                hand. Microseconds of processor time, on one thread of the CPU: of each launch what only a twentieth of
                up to a hundred rounds were faster than, summed by operation. Products are convolutions and recursions,
                too; their activations are other launches, and what else a half-step of an RBM does is theirs.
                A step that still takes memory of the Java heap has loops that are not compiled yet.

                | step | all | products | GFLOP/s of the products | all else | heap bytes | the largest of all |
                | --- | --- | --- | --- | --- | --- | --- |
                """);
        for (Line line : latest.values()) {
            double all = line.number("us");
            double products = line.number("products_us");
            page.append("| %s | %s | %s | %s | %s (%.0f %%) | %s | %s |%n"
                    .formatted(
                            line.text("workload"),
                            line.text("us"),
                            line.text("products_us"),
                            line.text("products_gflops"),
                            Line.shown(all - products),
                            100 * (all - products) / all,
                            line.text("heap_bytes_per_step"),
                            largest(line)));
        }
        page.append("%nMeasured at %s.%n".formatted(Line.where(latest.values())));
        Files.writeString(results.resolve("profile.md"), page);
    }

    private static String largest(Line line) {
        return ((Json.Members) line.fields().get("operations"))
                .values().entrySet().stream()
                        .limit(7)
                        .map(each -> each.getKey() + " "
                                + ((Json.Number) each.getValue()).value().toPlainString())
                        .collect(Collectors.joining(", "));
    }
}
