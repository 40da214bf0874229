package dev.elbo.bench;

import dev.elbo.ffi.onednn.OneDnn;
import dev.elbo.runtime.CpuDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Elbo's oneDNN beside plain C's, on a machine that others use as well.
///
/// The two take turns, a tenth of a second each, so that both see the same load; the ratio is taken within each turn.
/// What is reported is the median and the quartiles over the turns. Appends one JSON object per case to the file named
/// on the command line.
public final class OneDnnPairs {
    private static final int TURNS = 21;
    private static final long TURN_NANOS = 100_000_000;

    private OneDnnPairs() {}

    /// @param arguments the file to append to
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length != 1) {
            System.err.println("usage: OneDnnPairs RESULTS.jsonl");
            System.exit(2);
        }
        for (int threads : new int[] {1, 2}) {
            try (CpuDevice cpu = CpuDevice.open(threads)) {
                for (String name : OneDnnCase.names()) {
                    String line = measure(name, threads, cpu);
                    System.out.print(line);
                    Files.writeString(
                            Path.of(arguments[0]), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                }
            }
        }
    }

    private static String measure(String name, int threads, CpuDevice cpu) throws IOException, InterruptedException {
        double[] java = new double[TURNS];
        double[] c = new double[TURNS];
        double[] ratio = new double[TURNS];
        try (Arena owner = Arena.ofShared()) {
            OneDnnCase both = OneDnnCase.of(name, threads, owner);
            speed(both, () -> both.runJava(cpu));
            speed(both, both::runC);
            both.check();
            for (int turn = 0; turn < TURNS; turn++) {
                java[turn] = speed(both, () -> both.runJava(cpu));
                c[turn] = speed(both, both::runC);
                ratio[turn] = java[turn] / c[turn];
            }
        }
        List.of(java, c, ratio).forEach(Arrays::sort);
        return String.format(
                Locale.ROOT,
                "{\"bench\":\"onednn_pairs\",\"work\":\"%s\",\"threads\":%d,\"turns\":%d,%s,%s,%s,\"load\":%.1f,%s}%n",
                name,
                threads,
                TURNS,
                quartiles("java_gflops", java),
                quartiles("c_gflops", c),
                quartiles("java_over_c", ratio),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                environment());
    }

    /// GFLOP/s over about one turn.
    private static double speed(OneDnnCase both, Runnable once) {
        long start = System.nanoTime();
        long runs = 0;
        long now;
        do {
            once.run();
            runs++;
            now = System.nanoTime();
        } while (now - start < TURN_NANOS);
        return (double) both.flops() * runs / (now - start);
    }

    private static String quartiles(String name, double[] sorted) {
        return String.format(
                Locale.ROOT,
                "\"%s\":%.3f,\"%s_quartiles\":[%.3f,%.3f]",
                name,
                sorted[TURNS / 2],
                name,
                sorted[TURNS / 4],
                sorted[3 * TURNS / 4]);
    }

    private static String environment() throws IOException, InterruptedException {
        String model = Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name"))
                .findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .orElse("unknown");
        return String.format(
                "\"cpu\":\"%s\",\"cores\":%d,\"onednn\":\"%s\",\"isa\":%d,\"jdk\":\"%s\",\"sha\":\"%s\",\"when\":\"%s\"",
                model,
                Runtime.getRuntime().availableProcessors(),
                OneDnn.library().version(),
                OneDnn.cpuIsa(),
                Runtime.version(),
                sha(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS));
    }

    private static String sha() throws IOException, InterruptedException {
        Process git = new ProcessBuilder("git", "describe", "--always", "--dirty").start();
        String sha = new String(git.getInputStream().readAllBytes()).strip();
        return git.waitFor() == 0 ? sha : "unknown";
    }
}
