package dev.elbo.bench.gpu;

import dev.elbo.bench.work.Prepared;
import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Start;
import dev.elbo.bench.work.Workloads;
import dev.elbo.ffi.CudaStream;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.CudaTuning;
import dev.elbo.runtime.MatrixPrecision;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Question: how long is a whole training step on the GPU, beside the same step in PyTorch and JAX?
///
/// All start from the same weights, and whoever's loss differs there is not timed; all multiply in TF32, and in
/// BF16 too where convolutions make the step. Elbo's step is a replayed graph, many of them in a row, by the
/// device's clock; a peer's are as many calls as it needs, by its own.
final class StepsBench {
    private static final List<Peers.Script> SCRIPTS = List.of(
            new Peers.Script("torch_steps", List.of("graph", "compile", "eager")),
            new Peers.Script("jax_steps", List.of("jit", "scan")));

    /// What may make it faster: whether it does is the question.
    private static final List<String> TUNINGS =
            List.of("overlapping", "branches=2", "overlapping,branches=2", "algorithms");

    /// A tuning that saves less than this share is not worth a word.
    private static final double WORTH = 0.02;

    private static final double TOLERANCE = 1e-4;
    private static final long ORDER_NANOS = 50_000_000;

    private StepsBench() {}

    /// A step, the microseconds that are aimed at, 0 for none, and in which precisions it is timed beside TF32.
    private record Aim(String workload, double micros, MatrixPrecision... precisions) {
        static final List<Aim> ALL = List.of(
                new Aim("vae", 40, MatrixPrecision.BF16),
                new Aim("iwae", 45, MatrixPrecision.BF16),
                new Aim("rbm", 18, MatrixPrecision.BF16X3),
                new Aim("rbm_batch1000", 28, MatrixPrecision.BF16X3),
                new Aim("vae_batch1000_layers2_hidden500_latent40", 85, MatrixPrecision.BF16),
                new Aim("dcgan_batch128_side64_channels3_width128", 3600, MatrixPrecision.BF16),
                new Aim("dcgan", 0, MatrixPrecision.BF16));

        static final List<Aim> TINY = List.of(
                new Aim("vae_batch2_hidden3_latent2", 0, MatrixPrecision.BF16),
                new Aim("iwae_batch2_samples3_hidden3_latent2", 0),
                new Aim("rbm_batch16_hidden16", 0, MatrixPrecision.BF16X3),
                new Aim("dcgan_batch2_side16_width8_latent2", 0, MatrixPrecision.BF16));

        static List<Aim> of(GpuBench.Site site) {
            return site.mode().rehearse() ? TINY : ALL;
        }

        /// What its lines are found by.
        Map<String, String> key() {
            return Map.of("workload", workload);
        }

        /// In which precisions all are set beside each other: in BF16 too where convolutions of some size make the
        /// step, as in a DCGAN of other sizes than it comes with.
        Stream<Match> matches() {
            Match tf32 = new Match(this, MatrixPrecision.TF32);
            return workload.startsWith("dcgan_")
                    ? Stream.of(tf32, new Match(this, MatrixPrecision.BF16))
                    : Stream.of(tf32);
        }

        @Override
        public String toString() {
            return micros == 0 ? workload : "%s (aim %.4g µs)".formatted(workload, micros);
        }
    }

    /// A step in the precision in which everybody multiplies.
    private record Match(Aim aim, MatrixPrecision precision) {
        /// What its line is found by.
        Map<String, String> key() {
            return Map.of("workload", aim.workload, "precision", precision.name());
        }
    }

    /// Elbo alone, with everything that may make it faster.
    static void alone(GpuBench.Site site) {
        for (Aim aim : Aim.of(site)) {
            if (!site.measured().told("steps", aim.key())) {
                alone(site, aim);
            }
        }
        recommend(site);
    }

    private static void alone(GpuBench.Site site, Aim aim) {
        Sized workload = Workloads.named(aim.workload);
        Spread plain = timed(site, workload, MatrixPrecision.TF32, "");
        Map<String, Object> found = new LinkedHashMap<>(aim.key());
        found.put(column(""), plain);
        StringBuilder summary = new StringBuilder("%s: %s µs;".formatted(aim, plain));
        for (String tuning : TUNINGS) {
            Spread tuned = timed(site, workload, MatrixPrecision.TF32, tuning);
            found.put(column(tuning), tuned);
            summary.append(" %s %.4g;".formatted(tuning, tuned.median()));
        }
        for (MatrixPrecision precision : aim.precisions) {
            String name = precision.name().toLowerCase(Locale.ROOT);
            Spread other = timed(site, workload, precision, "");
            Spread fastest = timed(site, workload, precision, "algorithms");
            found.put(column(name), other);
            found.put(column(name + "_algorithms"), fastest);
            summary.append(" in %s %.4g, algorithms %.4g;".formatted(name, other.median(), fastest.median()));
        }
        site.measured().add("steps", found, summary.toString());
    }

    /// Where a tuning's microseconds stand on a line; of the step as it comes, if it has no name.
    private static String column(String tuning) {
        return (tuning.isEmpty() ? "plain" : tuning.replaceAll("\\W+", "_")) + "_us";
    }

    /// Which tuning to turn on: that whose time over the plain one's is the least, in the geometric mean of all steps.
    private static void recommend(GpuBench.Site site) {
        Map<String, Double> shares = new LinkedHashMap<>();
        for (String tuning : TUNINGS) {
            double logs = 0;
            for (Aim aim : Aim.of(site)) {
                Map<String, Json> line =
                        site.measured().known("steps", aim.key()).orElseThrow();
                logs += Math.log(median(line, tuning) / median(line, ""));
            }
            shares.put(tuning, Math.exp(logs / Aim.of(site).size()));
        }
        StringBuilder summary = new StringBuilder("of the plain step's time, in the mean:");
        shares.forEach((tuning, share) -> summary.append(" %s %.3f;".formatted(tuning, share)));
        String best =
                Collections.min(shares.entrySet(), Map.Entry.comparingByValue()).getKey();
        summary.append(
                shares.get(best) < 1 - WORTH
                        ? " recommended: elbo.cuda.tuning=" + best + (best.equals("algorithms") ? "=FILE" : "")
                        : " recommended: none of them");
        System.out.println("= " + summary);
    }

    private static double median(Map<String, Json> line, String tuning) {
        Json spread = line.get(column(tuning));
        boolean known = spread instanceof Json.Elements(List<Json> values) && values.getFirst() instanceof Json.Number;
        return known
                ? ((Json.Number) ((Json.Elements) spread).values().getFirst())
                        .value()
                        .doubleValue()
                : Double.NaN;
    }

    /// Elbo as it comes, beside the others. Where there is time, all prepare one workload alone: several compilers at
    /// once are sooner ready, but some choose their algorithms by timing them.
    ///
    /// @return whether there is anybody else
    static boolean beside(GpuBench.Site site) throws IOException {
        List<Peers.Script> here = Peers.here(SCRIPTS);
        if (here.isEmpty() && !site.mode().rehearse()) {
            return false;
        }
        List<Match> left =
                new ArrayList<>(Aim.of(site).stream().flatMap(Aim::matches).toList());
        left.removeIf(match -> site.measured().told("peers", match.key()));
        int together = site.mode().full() ? 1 : left.size();
        int patience = site.patience() * together / Math.max(1, left.size());
        for (int from = 0; from < left.size(); from += together) {
            beside(site, left.subList(from, from + together), here, patience);
        }
        return true;
    }

    /// @param patience seconds in which all are to be ready
    private static void beside(GpuBench.Site site, List<Match> matches, List<Peers.Script> here, int patience)
            throws IOException {
        List<Beside> all = new ArrayList<>();
        try {
            for (Match match : matches) {
                all.add(new Beside(site, match, here));
            }
            // Who still compiles takes the processor's time and the GPU's: nobody is timed before all have done that.
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(patience);
            for (Beside each : all) {
                each.peers.check(each.elbo.loss(), TOLERANCE, deadline);
            }
            for (Beside each : all) {
                each.measure(site);
            }
        } finally {
            all.reversed().forEach(Beside::close);
        }
    }

    /// One workload, prepared by everybody.
    private static final class Beside implements AutoCloseable {
        private final Match match;
        private final Sized workload;
        private final Prepared elbo;
        private final Peers peers;

        Beside(GpuBench.Site site, Match match, List<Peers.Script> here) throws IOException {
            CudaDevice gpu = site.gpu();
            this.match = match;
            this.workload = Workloads.named(match.aim.workload);
            this.elbo = gpu.in(match.precision, () -> Prepared.beside(workload, gpu));
            String name = workload.workload().name();
            this.peers = new Peers(site.bundle(), here, name, match.precision, arrays(elbo.start()));
        }

        void measure(GpuBench.Site site) throws IOException {
            try (Arena owner = Arena.ofShared()) {
                Spread micros = micros(site, site.gpu(), elbo, owner);
                Map<String, Object> found = new LinkedHashMap<>(match.key());
                found.put("launches", elbo.operations().size());
                found.put("elbo_us", micros);
                found.put("elbo_teraflops", micros.rate(1e-6 * workload.cost().flops()));
                StringBuilder summary =
                        new StringBuilder("%s in %s: %s µs".formatted(match.aim, match.precision, micros));
                peers.times(Math.min(7, site.samples()), ORDER_NANOS).forEach((name, theirs) -> {
                    found.put(name.replaceAll("\\W", "_") + "_us", theirs);
                    summary.append("; %s %.4g (%.2f times)"
                            .formatted(name, theirs.median(), theirs.median() / micros.median()));
                });
                site.measured().add("peers", found, summary.toString());
            }
        }

        @Override
        public void close() {
            try (Prepared _ = elbo) {
                peers.close();
            }
        }
    }

    /// @param tuning words of [CudaTuning#of], or `algorithms`: the fastest here, remembered for a second run
    private static Spread timed(GpuBench.Site site, Sized workload, MatrixPrecision precision, String tuning) {
        CudaTuning asked = tuning.equals("algorithms")
                ? CudaTuning.none().timed(site.measured().kept().resolveSibling("algorithms.tsv"))
                : CudaTuning.of(tuning);
        CudaOptions options = CudaOptions.best().training(precision).tuned(asked);
        try (CudaDevice gpu = CudaDevice.open(0, options);
                Prepared elbo = gpu.in(gpu.trainingPrecision(), () -> Prepared.alone(workload, gpu));
                Arena owner = Arena.ofShared()) {
            return micros(site, gpu, elbo, owner);
        }
    }

    private static Spread micros(GpuBench.Site site, CudaDevice gpu, Prepared elbo, Arena owner) {
        // Both graphs, of one step and of several, are made at their first use.
        int warm = site.mode().rehearse() ? 2 : 2 * 16 + 1;
        double nanos = elbo.run(warm) / (double) warm;
        nanos = Math.min(nanos, elbo.run(warm) / (double) warm);
        int times = site.mode().rehearse() ? 1 : (int) Math.clamp(ORDER_NANOS / nanos, 16, 100_000) / 16 * 16;
        Stopwatch watch = new Stopwatch(new CudaStream(gpu.streamHandle()), owner);
        Spread all = watch.micros(site.samples(), 1, () -> elbo.run(times));
        return new Spread(all.median() / times, all.low() / times, all.high() / times);
    }

    private static Map<String, PythonPeer.Array> arrays(Start start) {
        Map<String, PythonPeer.Array> arrays = new LinkedHashMap<>();
        start.arrays()
                .forEach((name, array) -> arrays.put(name, new PythonPeer.Array(array.extents(), array.values())));
        return arrays;
    }
}
