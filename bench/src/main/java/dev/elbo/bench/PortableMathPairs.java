package dev.elbo.bench;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// The plain loops beside the vector loops, on a machine that others use as well.
///
/// The two take turns of about a millisecond of this thread's own processor time, so that neither waiting nor load
/// enters, but for what others leave of the caches. What is reported is the median over the turns, its quartiles,
/// and the best.
final class PortableMathPairs {
    private static final int TURNS = 201;
    private static final long TURN_NANOS = 1_000_000;
    private static final long WARM_UP_NANOS = 4_000_000_000L;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final String[] WORK = {
        "Math.exp",
        "exp",
        "log",
        "sigmoid",
        "softplus",
        "tanh",
        "sum",
        "bernoulli",
        "gaussian",
        "logsumexp",
        "softmax",
        "uniforms",
        "normals",
        "adam",
        "product"
    };

    private PortableMathPairs() {}

    /// Appends one line for each piece of work.
    static void append(Path file) throws IOException {
        for (String work : WORK) {
            Map<String, String> measured = measure(work);
            System.out.println(measured);
            Results.append(file, measured);
        }
    }

    private static Map<String, String> measure(String work) {
        PortableMathBench plain = of("plain", work);
        PortableMathBench vector = of("vector", work);
        warm(plain);
        warm(vector);
        double[] ofPlain = new double[TURNS];
        double[] ofVector = new double[TURNS];
        double[] ratio = new double[TURNS];
        for (int turn = 0; turn < TURNS; turn++) {
            ofPlain[turn] = nanosPerElement(plain);
            ofVector[turn] = nanosPerElement(vector);
            ratio[turn] = ofPlain[turn] / ofVector[turn];
        }
        long allocated = allocated(vector);
        plain.close();
        vector.close();
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("benchmark", Results.quoted("PortableMathBench.pairs"));
        measured.put("work", Results.quoted(work));
        measured.put("turns", Integer.toString(TURNS));
        quartiles("plain", ofPlain, measured);
        quartiles("vector", ofVector, measured);
        quartiles("plain_over_vector", ratio, measured);
        measured.put("vector_heap_bytes", Long.toString(allocated));
        measured.put("unit", Results.quoted("ns/element"));
        return measured;
    }

    private static PortableMathBench of(String provider, String work) {
        PortableMathBench bench = new PortableMathBench();
        bench.provider = provider;
        bench.work = work;
        bench.prepare();
        return bench;
    }

    private static void warm(PortableMathBench bench) {
        long start = THREADS.getCurrentThreadCpuTime();
        while (THREADS.getCurrentThreadCpuTime() - start < WARM_UP_NANOS) {
            bench.runWork();
        }
    }

    private static double nanosPerElement(PortableMathBench bench) {
        long start = THREADS.getCurrentThreadCpuTime();
        long runs = 0;
        long now;
        do {
            bench.runWork();
            runs++;
            now = THREADS.getCurrentThreadCpuTime();
        } while (now - start < TURN_NANOS);
        return (double) (now - start) / runs / PortableMathBench.N;
    }

    /// Heap bytes of a hundred runs.
    private static long allocated(PortableMathBench bench) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int run = 0; run < 100; run++) {
            bench.runWork();
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    private static void quartiles(String name, double[] values, Map<String, String> measured) {
        Arrays.sort(values);
        measured.put(name, Results.number(values[TURNS / 2]));
        measured.put(
                name + "_quartiles",
                "[" + Results.number(values[TURNS / 4]) + "," + Results.number(values[3 * TURNS / 4]) + "]");
        measured.put(name + "_best", Results.number(name.equals("plain_over_vector") ? values[TURNS - 1] : values[0]));
    }
}
