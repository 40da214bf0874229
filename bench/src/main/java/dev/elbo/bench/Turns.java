package dev.elbo.bench;

import com.sun.management.ThreadMXBean;
import dev.elbo.bench.work.Contender;
import dev.elbo.bench.work.Cost;
import dev.elbo.bench.work.Prepared;
import dev.elbo.bench.work.Sized;
import dev.elbo.runtime.Device;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One workload, Elbo and its peers in turns.
///
/// All see the same machine with the same other work, so the ratio, taken within each turn, means something where
/// times alone do not. A peer whose loss differs from Elbo's, from the same weights, is an error.
final class Turns {
    /// An order is at least so long, for its start and end not to be seen.
    private static final long ORDER_NANOS = 25_000_000;

    private static final long PEAK_NANOS = 60_000_000;
    private static final long WARM_UP_NANOS = 30_000_000_000L;

    private final Sized workload;
    private final Pace pace;
    private final int threads = Runtime.getRuntime().availableProcessors();
    private final Map<String, Contender> contenders = new LinkedHashMap<>();
    private final Map<String, double[]> times = new LinkedHashMap<>();
    private final Map<String, Integer> runsAnOrder = new LinkedHashMap<>();

    /// How much time is taken.
    ///
    /// @param turns         how many, odd
    /// @param turnNanos     of one contender
    /// @param patienceNanos warm is who has not become faster for so long. Elbo is not while a run allocates:
    ///                      its vector loops take seconds to compile, and box their vectors until then
    record Pace(int turns, long turnNanos, long patienceNanos) {
        /// For a table beside others.
        static final Pace CAREFUL = new Pace(15, 250_000_000, 2_000_000_000);

        /// For a table of many rows.
        static final Pace BRISK = new Pace(9, 60_000_000, 700_000_000);
    }

    private Turns(Sized workload, Pace pace) {
        this.workload = workload;
        this.pace = pace;
    }

    /// Measures a workload.
    ///
    /// @param device where Elbo works; borrowed
    /// @param peers  those that are here; who does not know the workload is passed over
    /// @return names and JSON values
    static Map<String, String> measure(Sized workload, Device device, List<Contender.Library> peers, Pace pace) {
        return new Turns(workload, pace)
                .measure(
                        device,
                        peers.stream().filter(each -> each.knows(workload)).toList());
    }

    private Map<String, String> measure(Device device, List<Contender.Library> peers) {
        Cost cost = workload.cost();
        try (Peak peak = new Peak(device, cost.bytes());
                Prepared elbo =
                        peers.isEmpty() ? Prepared.alone(workload, device) : Prepared.beside(workload, device)) {
            try {
                contenders.put("elbo", elbo);
                peers.forEach(library -> open(library, elbo));
                contenders.forEach(this::warmUp);
                long heap = heapBytes(elbo, 20, runsAnOrder.get("elbo"));
                double[] ofArithmetic = new double[pace.turns];
                double[] ofMemory = new double[pace.turns];
                for (int turn = 0; turn < pace.turns; turn++) {
                    take(turn);
                    double nanos = 1e6 * times.get("elbo")[turn];
                    ofArithmetic[turn] = cost.flops() / nanos / peak.gigaflops(PEAK_NANOS);
                    ofMemory[turn] = cost.bytes() / nanos / peak.gigabytes(PEAK_NANOS);
                }
                Map<String, String> measured = summary(device, peers);
                measured.put("flops", Long.toString(cost.flops()));
                measured.put("bytes", Long.toString(cost.bytes()));
                spread("share_of_peak", ofArithmetic, measured);
                spread("share_of_bandwidth", ofMemory, measured);
                measured.put("launches", Integer.toString(elbo.operations().size()));
                measured.put("heap_bytes_per_step", Long.toString(heap));
                return measured;
            } finally {
                contenders.values().stream().skip(1).forEach(Contender::close);
            }
        }
    }

    private void open(Contender.Library library, Prepared elbo) {
        Contender contender = library.open(elbo.start(), threads);
        contenders.put(library.name(), contender);
        elbo.start().check(library.name(), contender.loss());
    }

    private void warmUp(String name, Contender contender) {
        long start = System.nanoTime();
        long improved = start;
        double best = Double.POSITIVE_INFINITY;
        long now = start;
        boolean warm = false;
        while (!warm && now - start < WARM_UP_NANOS) {
            int runs = runsAnOrder(best);
            double each = (double) contender.run(runs) / runs;
            now = System.nanoTime();
            if (each < 0.97 * best) {
                best = each;
                improved = now;
            }
            warm = now - improved > pace.patienceNanos
                    && !(contender instanceof Prepared elbo && heapBytes(elbo, 3, runsAnOrder(best)) > 0);
        }
        runsAnOrder.put(name, runsAnOrder(best));
        times.put(name, new double[pace.turns]);
    }

    private static int runsAnOrder(double nanosEach) {
        return (int) Math.max(1, ORDER_NANOS / nanosEach);
    }

    /// Everybody once, after a run that wakes its threads.
    private void take(int turn) {
        contenders.forEach((name, contender) -> {
            contender.run(1);
            int each = runsAnOrder.get(name);
            long nanos = 0;
            int runs = 0;
            for (; nanos < pace.turnNanos; runs += each) {
                nanos += contender.run(each);
            }
            times.get(name)[turn] = nanos / 1e6 / runs;
        });
    }

    /// What a run allocates on the Java heap, on any thread: the least of some, since the JVM's own allocate too.
    static long heapBytes(Prepared elbo, int looks, int runs) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < looks; i++) {
            long before = threads.getTotalThreadAllocatedBytes();
            elbo.run(runs);
            least = Math.min(least, (threads.getTotalThreadAllocatedBytes() - before) / runs);
        }
        return least;
    }

    private Map<String, String> summary(Device device, List<Contender.Library> peers) {
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("benchmark", Results.quoted("Turns"));
        measured.put("device", Results.quoted(device.toString()));
        measured.put("workload", Results.quoted(workload.name()));
        measured.put("sizes", Results.quoted(workload.sizes().toString()));
        measured.put("threads", Integer.toString(threads));
        measured.put("turns", Integer.toString(pace.turns));
        times.forEach((name, each) -> {
            spread(name + "_ms", each.clone(), measured);
            if (!name.equals("elbo")) {
                double[] ratio = new double[pace.turns];
                Arrays.setAll(ratio, turn -> each[turn] / times.get("elbo")[turn]);
                spread(name + "_over_elbo", ratio, measured);
            }
        });
        peers.forEach(peer -> measured.put(peer.name() + "_is", Results.quoted(peer.description())));
        return measured;
    }

    /// Median, lowest and quartiles.
    private void spread(String name, double[] values, Map<String, String> measured) {
        Arrays.sort(values);
        int count = values.length;
        measured.put(name, Results.number(values[count / 2]));
        String quartiles = Results.number(values[count / 4]) + "," + Results.number(values[3 * count / 4]);
        measured.put(name + "_quartiles", "[" + quartiles + "]");
        measured.put(name + "_lowest", Results.number(values[0]));
    }
}
