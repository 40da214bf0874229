package dev.elbo.bench.gpu;

import dev.elbo.ffi.CudaStream;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.Form;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.chain.LinearChain;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Question: how long do Σ log Z and its gradients take on the GPU, and how far off are they, beside what people write
/// in PyTorch and JAX?
///
/// Errors are against scaled f64 on the CPU: the largest of a posterior, and of an expected count by the largest count.
final class ChainsBench {
    /// Loops of three kernels and more a step; JAX's own scan.
    private static final List<Peers.Script> SCRIPTS = List.of(
            new Peers.Script("torch_chains", List.of("graph", "log-graph")),
            new Peers.Script("jax_chains", List.of("scan", "associative")));

    private static final double TOLERANCE = 1e-4;

    /// Runs between two looks at the clock: several in each graph, so that the host is not what is timed.
    private static final int TOGETHER = 64;

    private ChainsBench() {}

    /// Sequences, steps, states, and the microseconds that are aimed at.
    private record Size(int n, int steps, int states, double aim) {
        static List<Size> all(boolean tiny) {
            return tiny
                    ? List.of(new Size(2, 5, 3, 0), new Size(1, 40, 2, 0))
                    : List.of(
                            new Size(64, 256, 8, 10),
                            new Size(256, 128, 48, 21),
                            new Size(32, 1024, 64, 125),
                            new Size(16, 512, 512, 400),
                            new Size(1, 100_000, 8, 15));
        }

        @Override
        public String toString() {
            return n + "x" + steps + "x" + states;
        }
    }

    static void run(GpuBench.Site site) throws IOException {
        List<Peers.Script> here = Peers.here(SCRIPTS);
        for (Size size : Size.all(site.mode().rehearse())) {
            measure(site, size, here);
        }
    }

    private static void measure(GpuBench.Site site, Size size, List<Peers.Script> here) throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        float[] unary = normals(random, size.n * size.steps * size.states, 2);
        float[] transitions = normals(random, size.states * size.states, 1);
        Answer exact;
        try (CpuDevice cpu = CpuDevice.open();
                Running reference = new Running(cpu, size, unary, transitions, Form.SCALED_F64)) {
            exact = reference.answer();
        }
        Map<String, PythonPeer.Array> arrays = new LinkedHashMap<>();
        arrays.put("unary", new PythonPeer.Array(new int[] {size.n, size.steps, size.states}, unary));
        arrays.put("transitions", new PythonPeer.Array(new int[] {size.states, size.states}, transitions));
        try (Peers peers = new Peers(site.bundle(), here, size.toString(), arrays);
                Running elbo = new Running(site.gpu(), size, unary, transitions, Form.AUTO);
                Arena owner = Arena.ofShared()) {
            Answer ours = elbo.answer();
            peers.check(exact.value, TOLERANCE);
            int times = site.mode().rehearse() ? 1 : TOGETHER;
            elbo.step.run(times);
            Stopwatch watch = new Stopwatch(new CudaStream(site.gpu().streamHandle()), owner);
            Spread all = watch.micros(site.samples(), 1, () -> elbo.step.run(times));
            Spread micros = new Spread(all.median() / times, all.low() / times, all.high() / times);
            Map<String, Object> found = new LinkedHashMap<>();
            found.put("size", size.toString());
            found.put("elbo_us", micros);
            ours.errors(exact, "elbo", found);
            StringBuilder summary = new StringBuilder("%s: %s µs (aim %.3g), posterior error %.1e"
                    .formatted(size, micros, size.aim, ours.posteriorError(exact)));
            for (Map.Entry<String, Spread> each :
                    peers.times(Math.min(5, site.samples()), 50_000_000).entrySet()) {
                PythonPeer peer = peers.ready().get(each.getKey());
                Answer theirs = new Answer(exact.value, peer.left("out.unary"), peer.left("out.transitions"));
                String name = each.getKey().replaceAll("\\W", "_");
                found.put(name + "_us", each.getValue());
                theirs.errors(exact, name, found);
                summary.append("; %s %.3g µs, %.1e"
                        .formatted(each.getKey(), each.getValue().median(), theirs.posteriorError(exact)));
            }
            site.measured().add("chains", found, summary.toString());
        }
    }

    private static float[] normals(SplittableRandom random, int size, double scale) {
        float[] x = new float[size];
        for (int e = 0; e < size; e++) {
            x[e] = (float) (scale * random.nextGaussian());
        }
        return x;
    }

    /// Σ log Z, the posteriors (n, steps, states) and the expected transitions (states, states).
    private record Answer(double value, float[] unary, float[] transitions) {
        void errors(Answer exact, String name, Map<String, Object> found) {
            found.put(name + "_posterior_error", posteriorError(exact));
            double most = 0;
            for (float count : exact.transitions) {
                most = Math.max(most, count);
            }
            found.put(name + "_count_error", distance(transitions, exact.transitions) / most);
        }

        double posteriorError(Answer exact) {
            return distance(unary, exact.unary);
        }

        private static double distance(float[] a, float[] b) {
            double most = 0;
            for (int e = 0; e < b.length; e++) {
                double each = Math.abs((double) a[e] - b[e]);
                most = each <= most ? most : each;
            }
            return most;
        }
    }

    /// One recorded step of Elbo's.
    private static final class Running implements AutoCloseable {
        private final Device device;
        private final Arena owner = Arena.ofShared();
        private final Tensor dUnary;
        private final Tensor dTransitions;
        private final Step<Tensor> step;

        Running(Device device, Size size, float[] u, float[] a, Form form) {
            this.device = device;
            Memory memory = Memory.of(device, "chains", owner);
            Tensor unary = memory.floats(Shape.of(size.n, size.steps, size.states), u);
            Tensor transitions = memory.floats(Shape.of(size.states, size.states), a);
            int[] lengths = new int[size.n];
            Arrays.fill(lengths, size.steps);
            LinearChain chain = LinearChain.of(unary, transitions, memory.ints(Shape.of(size.n), lengths));
            dUnary = memory.empty(unary.shape());
            dTransitions = memory.empty(transitions.shape());
            step = Step.record(device, "chains", m -> {
                Tape tape = new Tape(m);
                tape.watch(unary, dUnary);
                tape.watch(transitions, dTransitions);
                Ops f = Ops.taped(m, tape);
                Tensor sum = f.sum(new Inference(f, chain, form).logPartition().value());
                tape.pullback(sum, 1);
                return sum;
            });
        }

        Answer answer() {
            return new Answer(device.scalar(step.result()), device.floats(dUnary), device.floats(dTransitions));
        }

        @Override
        public void close() {
            step.close();
            owner.close();
        }
    }
}
