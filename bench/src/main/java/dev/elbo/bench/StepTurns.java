package dev.elbo.bench;

import com.sun.management.ThreadMXBean;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Memory;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One workload, Elbo and its peers in turns of a quarter of a second.
///
/// All see the same machine with the same other work, so the ratio, taken within each turn, means something where
/// times alone do not. A peer whose loss differs from Elbo's, from the same weights, is an error.
final class StepTurns {
    private static final int TURNS = 15;
    private static final long TURN_NANOS = 250_000_000;
    private static final long ORDER_NANOS = 25_000_000;
    private static final long PEAK_NANOS = 60_000_000;

    /// Warm is who has not become faster for a while. Elbo is not while a step allocates: its vector loops take seconds
    /// to compile, and box their vectors until then.
    private static final long PATIENCE_NANOS = 2_000_000_000L;

    private static final long WARM_UP_NANOS = 30_000_000_000L;

    private final Workload workload;
    private final int threads = Runtime.getRuntime().availableProcessors();
    private final Map<String, Contender> contenders = new LinkedHashMap<>();
    private final Map<String, double[]> times = new LinkedHashMap<>();
    private final Map<String, Integer> stepsAnOrder = new LinkedHashMap<>();

    private StepTurns(Workload workload) {
        this.workload = workload;
    }

    /// Measures a workload.
    ///
    /// @param peers those that are here
    /// @return names and JSON values
    static Map<String, String> measure(Workload workload, List<Contender.Library> peers) {
        return new StepTurns(workload).measure(peers);
    }

    private Map<String, String> measure(List<Contender.Library> peers) {
        try (CpuDevice cpu = CpuDevice.open(threads);
                Arena owner = Arena.ofShared();
                Peak peak = new Peak(cpu, Memory.of(cpu, "peak", owner));
                ElboStep elbo = new ElboStep(workload, cpu)) {
            try {
                contenders.put("elbo", elbo);
                peers.forEach(library -> open(library, elbo.start()));
                contenders.forEach(this::warmUp);
                long heap = heapBytes(elbo, 20);
                double[] share = new double[TURNS];
                for (int turn = 0; turn < TURNS; turn++) {
                    take(turn);
                    double reached = workload.flops() / (1e6 * times.get("elbo")[turn]);
                    share[turn] = reached / peak.gigaflops(PEAK_NANOS);
                }
                return summary(peers, elbo, heap, share);
            } finally {
                contenders.values().stream().skip(1).forEach(Contender::close);
            }
        }
    }

    private void open(Contender.Library library, Start start) {
        Contender contender = library.open(start, threads);
        contenders.put(library.name(), contender);
        start.check(library.name(), contender.loss());
    }

    private void warmUp(String name, Contender contender) {
        long start = System.nanoTime();
        long improved = start;
        double best = Double.POSITIVE_INFINITY;
        long now = start;
        boolean warm = false;
        while (!warm && now - start < WARM_UP_NANOS) {
            double each = contender.run(5) / 5.0;
            now = System.nanoTime();
            if (each < 0.97 * best) {
                best = each;
                improved = now;
            }
            warm = now - improved > PATIENCE_NANOS && !(contender instanceof ElboStep elbo && heapBytes(elbo, 3) > 0);
        }
        stepsAnOrder.put(name, (int) Math.max(1, ORDER_NANOS / best));
        times.put(name, new double[TURNS]);
    }

    /// Everybody once, after a step that wakes its threads.
    private void take(int turn) {
        contenders.forEach((name, contender) -> {
            contender.run(1);
            int each = stepsAnOrder.get(name);
            long nanos = 0;
            int steps = 0;
            for (; nanos < TURN_NANOS; steps += each) {
                nanos += contender.run(each);
            }
            times.get(name)[turn] = nanos / 1e6 / steps;
        });
    }

    /// What a step allocates on the Java heap, on any thread: the least of some, since the JVM's own allocate too.
    private static long heapBytes(ElboStep elbo, int looks) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < looks; i++) {
            long before = threads.getTotalThreadAllocatedBytes();
            elbo.run(10);
            least = Math.min(least, (threads.getTotalThreadAllocatedBytes() - before) / 10);
        }
        return least;
    }

    private Map<String, String> summary(List<Contender.Library> peers, ElboStep elbo, long heap, double[] share) {
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("benchmark", Results.quoted("StepBench.turns"));
        measured.put("device", Results.quoted("cpu"));
        measured.put("workload", Results.quoted(workload.name()));
        measured.put("threads", Integer.toString(threads));
        measured.put("turns", Integer.toString(TURNS));
        times.forEach((name, each) -> {
            spread(name + "_ms", each.clone(), measured);
            if (!name.equals("elbo")) {
                double[] ratio = new double[TURNS];
                Arrays.setAll(ratio, turn -> each[turn] / times.get("elbo")[turn]);
                spread(name + "_over_elbo", ratio, measured);
            }
        });
        peers.forEach(peer -> measured.put(peer.name() + "_is", Results.quoted(peer.description())));
        spread("share_of_peak", share, measured);
        measured.put("launches", Integer.toString(elbo.launches()));
        measured.put("heap_bytes_per_step", Long.toString(heap));
        return measured;
    }

    /// Median, lowest and quartiles.
    private static void spread(String name, double[] values, Map<String, String> measured) {
        Arrays.sort(values);
        measured.put(name, Results.number(values[TURNS / 2]));
        String quartiles = Results.number(values[TURNS / 4]) + "," + Results.number(values[3 * TURNS / 4]);
        measured.put(name + "_quartiles", "[" + quartiles + "]");
        measured.put(name + "_lowest", Results.number(values[0]));
    }
}
