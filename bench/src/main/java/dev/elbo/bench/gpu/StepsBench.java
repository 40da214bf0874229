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

    /// What may make Elbo's step faster: whether it does is the question.
    private static final List<String> TUNINGS = List.of("overlapping", "branches=2", "overlapping,branches=2");

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
    }

    static void run(GpuBench.Site site) throws IOException {
        List<Peers.Script> here = Peers.here(SCRIPTS);
        for (Aim aim : site.mode().rehearse() ? Aim.TINY : Aim.ALL) {
            measure(site, aim, here);
        }
    }

    private static void measure(GpuBench.Site site, Aim aim, List<Peers.Script> here) throws IOException {
        CudaDevice gpu = site.gpu();
        Sized workload = Workloads.named(aim.workload);
        try (Prepared elbo = gpu.in(gpu.trainingPrecision(), () -> Prepared.beside(workload, gpu));
                Peers peers = new Peers(
                        site.bundle(), here, workload.workload().name(), arrays(elbo.start()), elbo.loss(), TOLERANCE);
                Arena owner = Arena.ofShared()) {
            Spread micros = micros(site, gpu, elbo, owner);
            Map<String, Object> found = new LinkedHashMap<>();
            found.put("workload", aim.workload);
            found.put("precision", gpu.trainingPrecision().name());
            found.put("launches", elbo.operations().size());
            found.put("elbo_us", micros);
            found.put("elbo_teraflops", micros.rate(1e-6 * workload.cost().flops()));
            StringBuilder summary =
                    new StringBuilder("%s: %s µs a step (aim %.3g)".formatted(aim.workload, micros, aim.micros));
            for (String tuning : TUNINGS) {
                Spread tuned = tuned(site, workload, tuning);
                found.put("elbo_" + tuning.replaceAll("\\W+", "_") + "_us", tuned);
                summary.append("; %s %.3g".formatted(tuning, tuned.median()));
            }
            peers.times(Math.min(7, site.samples()), ORDER_NANOS).forEach((name, theirs) -> {
                found.put(name.replaceAll("\\W", "_") + "_us", theirs);
                summary.append(
                        "; %s %.3g (%.2f times)".formatted(name, theirs.median(), theirs.median() / micros.median()));
            });
            site.measured().add("steps", found, summary.toString());
        }
    }

    private static Spread tuned(GpuBench.Site site, Sized workload, String tuning) {
        try (CudaDevice gpu = CudaDevice.open(0, CudaOptions.best().tuned(CudaTuning.of(tuning)));
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
