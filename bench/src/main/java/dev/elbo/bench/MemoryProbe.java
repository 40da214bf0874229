package dev.elbo.bench;

import dev.elbo.bench.work.Contender;
import dev.elbo.bench.work.Prepared;
import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Workloads;
import dev.elbo.runtime.Device;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// A process whose memory [MemoryBench] wants to know: it takes steps for some seconds and says its peaks.
final class MemoryProbe {
    private static final long NANOS = 6_000_000_000L;
    private static final int RUNS = 200;

    private MemoryProbe() {}

    /// Prints resident bytes, bytes of the Java heap and how many runs there were.
    ///
    /// @param arguments library, name of the step, file of the arrays
    public static void main(String[] arguments) throws IOException {
        Sized step = Workloads.named(arguments[1]);
        int runs = switch (arguments[0]) {
            case MemoryBench.NOBODY -> 0;
            case MemoryBench.ELBO -> elbo(step);
            default -> peer(arguments[0], step, Path.of(arguments[2]));
        };
        if (runs == 0) {
            say(0);
        }
    }

    private static int elbo(Sized step) throws IOException {
        try (Device cpu = Devices.open("cpu");
                Contender elbo = Prepared.alone(step, cpu)) {
            return run(elbo);
        }
    }

    private static int peer(String name, Sized step, Path arrays) throws IOException {
        Contender.Library library = Libraries.here().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
        int threads = Runtime.getRuntime().availableProcessors();
        try (Contender peer = library.open(MemoryBench.read(step, arrays), threads)) {
            return run(peer);
        }
    }

    private static int run(Contender contender) throws IOException {
        int runs = 0;
        for (long nanos = 0; nanos < NANOS && runs < RUNS; runs++) {
            nanos += contender.run(1);
        }
        say(runs);
        return runs;
    }

    private static void say(int runs) throws IOException {
        long resident = resident(ProcessHandle.current());
        for (ProcessHandle each : ProcessHandle.current().descendants().toList()) {
            resident += resident(each);
        }
        long heap = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getPeakUsage)
                .mapToLong(usage -> usage.getUsed())
                .sum();
        System.out.println(resident + " " + heap + " " + runs);
    }

    /// The most that a process ever had in memory.
    private static long resident(ProcessHandle process) throws IOException {
        try (Stream<String> status = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return status.filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow(() -> new IOException("status: no VmHWM; process=" + process.pid()));
        }
    }
}
