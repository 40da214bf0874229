package dev.elbo.bench.gpu;

import dev.elbo.runtime.MatrixPrecision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The libraries of Python's that are here, set to one task. All prepare at the same time, each in its process; then
/// one after the other is timed, and the others wait.
final class Peers implements AutoCloseable {
    private static final Map<String, String> MODULES = Map.of("torch", "torch", "jax", "jax");

    /// For the samples of one peer together: a loop of a hundred thousand steps takes seconds.
    private static final double MOST_MICROS = 5e6;

    private final String workload;
    private final List<PythonPeer> preparing = new ArrayList<>();
    private final Map<String, PythonPeer> ready = new LinkedHashMap<>();

    /// A script and the modes that it is run in.
    record Script(String name, List<String> modes) {
        private String module() {
            return MODULES.get(name.replaceFirst("_.*", ""));
        }
    }

    /// Those of `scripts` whose module Python has.
    static List<Script> here(List<Script> scripts) {
        List<Script> here = new ArrayList<>();
        for (Script each : scripts) {
            String version = PythonPeer.version(each.module());
            System.out.println(
                    each.name + ": " + (version.isEmpty() ? "Python has no " : version + " of ") + each.module());
            if (!version.isEmpty()) {
                here.add(each);
            }
        }
        return here;
    }

    /// Sets all to work, and returns at once.
    ///
    /// @param precision TF32 or BF16
    Peers(
            Path bundle,
            List<Script> scripts,
            String workload,
            MatrixPrecision precision,
            Map<String, PythonPeer.Array> arrays)
            throws IOException {
        this.workload = workload;
        for (Script script : scripts) {
            for (String mode : script.modes) {
                preparing.add(new PythonPeer(bundle.resolve("peers"), script.name, workload, mode, precision, arrays));
            }
        }
    }

    /// Waits until all are ready, and dismisses those that are not by then, cannot do it or compute something else.
    ///
    /// @param expected what their losses must be, within `tolerance` of it
    /// @param deadline by [System#nanoTime]
    void check(double expected, double tolerance, long deadline) {
        for (PythonPeer peer : preparing) {
            try {
                double loss = peer.loss(deadline);
                if (Math.abs(loss - expected) <= tolerance * Math.max(1, Math.abs(expected))) {
                    ready.put(peer.name(), peer);
                    continue;
                }
                System.out.printf("= %s: %s computes another loss, %s for %s%n", workload, peer.name(), loss, expected);
            } catch (IOException e) {
                System.out.println("= " + workload + ": " + peer.name() + " is not timed: " + e.getMessage());
            }
            // What it went on with would be in the others' times.
            peer.stop();
        }
    }

    /// Those that computed the same.
    Map<String, PythonPeer> ready() {
        return ready;
    }

    /// Microseconds a step of each: orders of about `nanos`, `samples` times, after some that are not counted. Whose
    /// step takes seconds is timed less often.
    Map<String, Spread> times(int samples, long nanos) throws IOException {
        Map<String, Spread> times = new LinkedHashMap<>();
        for (Map.Entry<String, PythonPeer> each : ready.entrySet()) {
            PythonPeer peer = each.getValue();
            double step = peer.micros(1);
            for (int again = 0; again < 2 && 3 * step < MOST_MICROS; again++) {
                step = peer.micros(3);
            }
            int steps = (int) Math.clamp(nanos / 1e3 / step, 1, 100_000);
            double[] micros = new double[(int) Math.clamp(MOST_MICROS / (step * steps), 1, samples)];
            for (int i = 0; i < micros.length; i++) {
                micros[i] = peer.micros(steps);
            }
            times.put(each.getKey(), Spread.of(micros));
        }
        return times;
    }

    @Override
    public void close() {
        preparing.forEach(PythonPeer::close);
    }
}
