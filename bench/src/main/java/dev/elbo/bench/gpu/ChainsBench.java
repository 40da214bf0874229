package dev.elbo.bench.gpu;

import dev.elbo.ffi.CudaStream;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.CudaTuning;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.MatrixPrecision;
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
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// Question: how long do Σ log Z and its gradients take on the GPU, and how far off are they, beside what people write
/// in PyTorch and JAX? And which form of the recursion is the fastest at which size?
///
/// Errors are against scaled f64 on the CPU: the largest of a posterior, and of an expected count by the largest count.
/// The last thing that is timed at each size is the form that a tuned device takes, which leaves its table of choices
/// beside the results.
final class ChainsBench {
    /// Loops of three kernels and more a step; JAX's own scan.
    private static final List<Peers.Script> SCRIPTS = List.of(
            new Peers.Script("torch_chains", List.of("graph", "log-graph")),
            new Peers.Script("jax_chains", List.of("scan", "associative")));

    private static final double TOLERANCE = 1e-4;

    /// Runs between two looks at the clock: several in each graph, so that the host is not what is timed.
    private static final int TOGETHER = 64;

    /// What may serve a size, if it can: f32 by one multiprocessor, by chunks, by matrix units and by clusters, and
    /// f64.
    private static final List<Form> FORMS =
            List.of(Form.SCALED_F32, Form.SCAN, Form.TILES, Form.CLUSTERS, Form.SCALED_F64);

    /// Microseconds that are timed at a time, about.
    private static final double ORDER = 50_000;

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

        /// As many as fill a GPU, of the states that matrix units take.
        static List<Size> many(boolean tiny) {
            return tiny
                    ? List.of(new Size(17, 3, 9, 0), new Size(1, 2, 129, 0))
                    : List.of(new Size(4096, 64, 8, 0), new Size(4096, 64, 16, 0), new Size(4096, 64, 32, 0));
        }

        /// What its lines are found by.
        Map<String, String> key() {
            return Map.of("size", toString());
        }

        @Override
        public String toString() {
            return n + "x" + steps + "x" + states;
        }
    }

    static void run(GpuBench.Site site) throws IOException {
        List<Peers.Script> here = Peers.here(SCRIPTS);
        for (Size size : Size.all(site.mode().rehearse())) {
            if (!site.measured().told("chains", size.key())) {
                beside(site, Problem.of(size), here);
            }
        }
        for (Size size : Size.many(site.mode().rehearse())) {
            forms(site, size);
        }
        for (Size size : Size.all(site.mode().rehearse())) {
            forms(site, size);
        }
    }

    /// Scores of a size, and what they come to.
    ///
    /// @param unary       (n, steps, states)
    /// @param transitions (states, states)
    private record Problem(Size size, float[] unary, float[] transitions, Answer exact) {
        static Problem of(Size size) {
            SplittableRandom random = new SplittableRandom(1);
            float[] unary = normals(random, size.n * size.steps * size.states, 2);
            float[] transitions = normals(random, size.states * size.states, 1);
            try (CpuDevice cpu = CpuDevice.open();
                    Running reference = new Running(cpu, size, unary, transitions, Form.SCALED_F64)) {
                return new Problem(size, unary, transitions, reference.answer());
            }
        }

        Running on(Device device, Form form) {
            return new Running(device, size, unary, transitions, form);
        }
    }

    /// Every form that can serve the size, each alone, the fastest of them, and what a tuned device makes of that: with
    /// what it launches for sequences that f32 cannot serve.
    private static void forms(GpuBench.Site site, Size size) {
        if (site.measured().told("chain_forms", size.key())) {
            return;
        }
        Problem problem = Problem.of(size);
        Map<String, Object> found = new LinkedHashMap<>(size.key());
        StringBuilder summary = new StringBuilder(size + ", by form:");
        Form fastest = Form.AUTO;
        double least = Double.POSITIVE_INFINITY;
        for (Form form : FORMS) {
            try (Running running = problem.on(site.gpu(), form)) {
                if (running.served() != form) {
                    continue;
                }
                Spread micros = running.micros(site);
                String name = form.name().toLowerCase(Locale.ROOT);
                found.put(name + "_us", micros);
                running.answer().errors(problem.exact, name, found);
                summary.append(" %s %s µs, %.1e;"
                        .formatted(name, micros, running.answer().posteriorError(problem.exact)));
                fastest = micros.median() < least ? form : fastest;
                least = Math.min(least, micros.median());
            }
        }
        Path table = site.measured().kept().resolveSibling("algorithms.tsv");
        CudaOptions tuned = CudaOptions.best().tuned(CudaTuning.none().timed(table));
        try (CudaDevice gpu = CudaDevice.open(0, tuned);
                Running running = problem.on(gpu, Form.AUTO)) {
            found.put("fastest", fastest.name());
            found.put("tuned", running.served().name());
            found.put("tuned_us", running.micros(site));
        }
        site.measured().add("chain_forms", found, summary + " fastest: " + fastest);
    }

    private static void beside(GpuBench.Site site, Problem problem, List<Peers.Script> here) throws IOException {
        Size size = problem.size;
        Answer exact = problem.exact;
        Map<String, PythonPeer.Array> arrays = new LinkedHashMap<>();
        arrays.put("unary", new PythonPeer.Array(new int[] {size.n, size.steps, size.states}, problem.unary));
        arrays.put("transitions", new PythonPeer.Array(new int[] {size.states, size.states}, problem.transitions));
        try (Peers peers = new Peers(site.bundle(), here, size.toString(), MatrixPrecision.TF32, arrays);
                Running elbo = problem.on(site.gpu(), Form.AUTO)) {
            Answer ours = elbo.answer();
            peers.check(exact.value, TOLERANCE, System.nanoTime() + TimeUnit.SECONDS.toNanos(site.patience()));
            Spread micros = elbo.micros(site);
            Map<String, Object> found = new LinkedHashMap<>(size.key());
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
        private Tensor served;

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
                Inference.Answer answer = new Inference(f, chain, form).logPartition();
                served = answer.served();
                Tensor sum = f.sum(answer.value());
                tape.pullback(sum, 1);
                return sum;
            });
        }

        Answer answer() {
            return new Answer(device.scalar(step.result()), device.floats(dUnary), device.floats(dTransitions));
        }

        /// What served the first sequence, and with it all others, which are as long.
        Form served() {
            return Form.of(device.ints(served)[0]);
        }

        /// Of one run; of several in a row, unless a single one takes long.
        Spread micros(GpuBench.Site site) {
            try (Arena watching = Arena.ofShared()) {
                CudaDevice gpu = (CudaDevice) device;
                Stopwatch watch = new Stopwatch(new CudaStream(gpu.streamHandle()), watching);
                double once = watch.micros(1, 1, () -> step.run(1)).median();
                int times = site.mode().rehearse() ? 1 : (int) Math.clamp(ORDER / once, 1, TOGETHER);
                int samples = once > ORDER ? Math.min(3, site.samples()) : site.samples();
                Spread all = watch.micros(samples, 1, () -> step.run(times));
                return new Spread(all.median() / times, all.low() / times, all.high() / times);
            }
        }

        @Override
        public void close() {
            step.close();
            owner.close();
        }
    }
}
