package dev.elbo.bench.gpu;

import dev.elbo.bench.work.Prepared;
import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Start;
import dev.elbo.bench.work.Workloads;
import dev.elbo.ffi.CudaStream;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.CudaTuning;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Question: how long is a whole training step on the GPU, beside the same step in PyTorch and JAX?
///
/// All start from the same weights, and whoever's loss differs there is not timed; all multiply in TF32. Elbo's step is
/// a replayed graph, many of them in a row, by the device's clock; a peer's are as many calls as it needs, by its own.
final class StepsBench {
    private static final List<Peers.Script> SCRIPTS = List.of(
            new Peers.Script("torch_steps", List.of("graph", "compile", "eager")),
            new Peers.Script("jax_steps", List.of("jit", "scan")));

    /// As it comes, and what may make it faster: whether it does is the question.
    private static final List<String> TUNINGS =
            List.of("", "overlapping", "branches=2", "overlapping,branches=2", "algorithms");

    private static final double TOLERANCE = 1e-4;
    private static final long ORDER_NANOS = 50_000_000;

    private StepsBench() {}

    /// A step and the microseconds that are aimed at.
    private record Aim(String workload, double micros) {
        static final List<Aim> ALL = List.of(
                new Aim("vae", 40),
                new Aim("iwae", 45),
                new Aim("rbm", 18),
                new Aim("rbm_batch1000", 28),
                new Aim("vae_batch1000_layers2_hidden500_latent40", 85));

        static final List<Aim> TINY = List.of(
                new Aim("vae_batch2_hidden3_latent2", 0),
                new Aim("iwae_batch2_samples3_hidden3_latent2", 0),
                new Aim("rbm_batch2_hidden3", 0));

        static List<Aim> of(GpuBench.Site site) {
            return site.mode().rehearse() ? TINY : ALL;
        }
    }

    /// Elbo alone, with everything that may make it faster.
    static void alone(GpuBench.Site site) {
        for (Aim aim : Aim.of(site)) {
            Map<String, Object> found = new LinkedHashMap<>();
            found.put("workload", aim.workload);
            StringBuilder summary = new StringBuilder("%s, aim %.3g µs:".formatted(aim.workload, aim.micros));
            for (String tuning : TUNINGS) {
                Spread tuned = tuned(site, Workloads.named(aim.workload), tuning);
                String name = tuning.isEmpty() ? "plain" : tuning;
                found.put(name.replaceAll("\\W+", "_") + "_us", tuned);
                summary.append(" %s %s;".formatted(name, tuned));
            }
            site.measured().add("steps", found, summary.toString());
        }
    }

    /// Elbo as it comes, beside the others. All of these prepare first, at the same time: some compile for a minute.
    ///
    /// @return whether there is anybody else
    static boolean beside(GpuBench.Site site) throws IOException {
        List<Peers.Script> here = Peers.here(SCRIPTS);
        List<Beside> all = new ArrayList<>();
        try {
            for (Aim aim : here.isEmpty() && !site.mode().rehearse() ? List.<Aim>of() : Aim.of(site)) {
                all.add(new Beside(site, aim, here));
            }
            for (Beside each : all) {
                each.measure(site);
            }
        } finally {
            all.reversed().forEach(Beside::close);
        }
        return !all.isEmpty();
    }

    /// One workload, prepared by everybody.
    private static final class Beside implements AutoCloseable {
        private final Aim aim;
        private final Sized workload;
        private final Prepared elbo;
        private final Peers peers;

        Beside(GpuBench.Site site, Aim aim, List<Peers.Script> here) throws IOException {
            CudaDevice gpu = site.gpu();
            this.aim = aim;
            this.workload = Workloads.named(aim.workload);
            this.elbo = gpu.in(gpu.trainingPrecision(), () -> Prepared.beside(workload, gpu));
            this.peers = new Peers(site.bundle(), here, workload.workload().name(), arrays(elbo.start()));
        }

        void measure(GpuBench.Site site) throws IOException {
            peers.check(elbo.loss(), TOLERANCE);
            try (Arena owner = Arena.ofShared()) {
                Spread micros = micros(site, site.gpu(), elbo, owner);
                Map<String, Object> found = new LinkedHashMap<>();
                found.put("workload", aim.workload);
                found.put("precision", site.gpu().trainingPrecision().name());
                found.put("launches", elbo.operations().size());
                found.put("elbo_us", micros);
                found.put("elbo_teraflops", micros.rate(1e-6 * workload.cost().flops()));
                StringBuilder summary =
                        new StringBuilder("%s: %s µs a step (aim %.3g)".formatted(aim.workload, micros, aim.micros));
                peers.times(Math.min(7, site.samples()), ORDER_NANOS).forEach((name, theirs) -> {
                    found.put(name.replaceAll("\\W", "_") + "_us", theirs);
                    summary.append("; %s %.3g (%.2f times)"
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

    /// @param tuning words of [CudaTuning#of], or `algorithms`: the fastest here, remembered beside the results
    private static Spread tuned(GpuBench.Site site, Sized workload, String tuning) {
        CudaTuning asked = tuning.equals("algorithms")
                ? CudaTuning.none().timed(site.measured().file().resolveSibling("algorithms.tsv"))
                : CudaTuning.of(tuning);
        try (CudaDevice gpu = CudaDevice.open(0, CudaOptions.best().tuned(asked));
                Prepared elbo = gpu.in(gpu.trainingPrecision(), () -> Prepared.alone(workload, gpu));
                Arena owner = Arena.ofShared()) {
            return micros(site, gpu, elbo, owner);
        }
    }

    private static Spread micros(GpuBench.Site site, CudaDevice gpu, Prepared elbo, Arena owner) {
        // Both graphs, of one step and of several, are made at their first use.
        int warm = site.mode().rehearse() ? 2 : 200;
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
