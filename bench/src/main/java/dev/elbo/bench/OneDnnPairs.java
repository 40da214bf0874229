package dev.elbo.bench;

import dev.elbo.ffi.onednn.OneDnn;
import dev.elbo.runtime.CpuDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// Elbo's oneDNN beside plain C's, on a machine that others use as well.
///
/// The two take turns, a tenth of a second each, so that both see the same load; the ratio is taken within each turn.
/// What is reported is the median over the turns and its quartiles.
final class OneDnnPairs {
    private static final int TURNS = 21;
    private static final long TURN_NANOS = 100_000_000;

    private OneDnnPairs() {}

    /// Appends one line for each piece of work and number of threads.
    static void append(Path file) throws IOException {
        for (int threads : new int[] {1, 2}) {
            try (CpuDevice cpu = CpuDevice.open(threads)) {
                for (String work : OneDnnCase.names()) {
                    Map<String, String> measured = measure(work, threads, cpu);
                    System.out.println(measured);
                    Results.append(file, measured);
                }
            }
        }
    }

    private static Map<String, String> measure(String work, int threads, CpuDevice cpu) {
        double[] java = new double[TURNS];
        double[] c = new double[TURNS];
        double[] ratio = new double[TURNS];
        try (Arena owner = Arena.ofShared()) {
            OneDnnCase both = OneDnnCase.of(work, threads, owner);
            gigaflops(both, () -> both.runJava(cpu));
            gigaflops(both, both::runC);
            both.check();
            for (int turn = 0; turn < TURNS; turn++) {
                java[turn] = gigaflops(both, () -> both.runJava(cpu));
                c[turn] = gigaflops(both, both::runC);
                ratio[turn] = java[turn] / c[turn];
            }
        }
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("benchmark", Results.quoted("OneDnnBench.pairs"));
        measured.put("work", Results.quoted(work));
        measured.put("threads", Integer.toString(threads));
        measured.put("turns", Integer.toString(TURNS));
        quartiles("java", java, measured);
        quartiles("c", c, measured);
        quartiles("java_over_c", ratio, measured);
        measured.put("unit", Results.quoted("GFLOP/s"));
        measured.put("onednn", Results.quoted(OneDnn.library().version().toString()));
        measured.put("isa", Integer.toString(OneDnn.cpuIsa()));
        return measured;
    }

    /// Speed over about one turn.
    private static double gigaflops(OneDnnCase both, Runnable once) {
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

    private static void quartiles(String name, double[] values, Map<String, String> measured) {
        Arrays.sort(values);
        measured.put(name, Results.number(values[TURNS / 2]));
        measured.put(
                name + "_quartiles",
                "[" + Results.number(values[TURNS / 4]) + "," + Results.number(values[3 * TURNS / 4]) + "]");
    }
}
