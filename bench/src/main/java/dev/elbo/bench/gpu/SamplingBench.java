package dev.elbo.bench.gpu;

import dev.elbo.ffi.CudaStream;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// Question: how near does reparameterised sampling come to the bandwidth of a copy?
///
/// ```
/// forward    reads μ and v, writes z               12 bytes an element
/// pullback   reads dz, μ and v, writes dμ and dv   20 bytes an element; ε is drawn again
/// ```
final class SamplingBench {
    private static final int COLUMNS = 1 << 10;

    private SamplingBench() {}

    static void run(GpuBench.Site site) {
        long elements = site.mode().rehearse() ? 1 << 12 : 1L << 26;
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(site.gpu(), "sampling", owner);
            Shape shape = Shape.of((int) (elements / COLUMNS), COLUMNS);
            Ops f = Ops.plain(memory);
            Tensor mean = f.normals(shape, draw(0, memory));
            Tensor logVariance = f.normals(shape, draw(1, memory));
            Tensor dz = f.normals(shape, draw(2, memory));
            Draw draw = draw(3, memory);
            CudaStream stream = new CudaStream(site.gpu().streamHandle());
            Stopwatch watch = new Stopwatch(stream, owner);
            int times = site.mode().rehearse() ? 1 : 10;
            double copy = watch.micros(site.samples(), times, () -> stream.copy(mean.data(), dz.data(), 4 * elements))
                    .rate(8e-6 * elements)
                    .median();
            try (Step<Tensor> forward = Step.record(
                            site.gpu(), "sample", m -> Ops.plain(m).reparameterise(mean, logVariance, draw));
                    Step<Tensor> both = Step.record(site.gpu(), "sample and gradients", m -> {
                        Tape tape = new Tape(m);
                        tape.watch(mean, m.empty(shape));
                        tape.watch(logVariance, m.empty(shape));
                        Tensor z = Ops.taped(m, tape).reparameterise(mean, logVariance, draw);
                        tape.accumulate(z, dz);
                        tape.pullback();
                        return z;
                    })) {
                forward.run();
                both.run();
                Spread alone = watch.micros(site.samples(), times, forward::run);
                Spread all = watch.micros(site.samples(), times, both::run);
                Map<String, Object> found = new LinkedHashMap<>();
                found.put("elements", elements);
                found.put("copy_terabytes_per_second", copy);
                found.put("forward_us", alone);
                found.put("forward_and_pullback_us", all);
                double share = alone.rate(12e-6 * elements).median() / copy;
                double shareOfBoth = all.rate(32e-6 * elements).median() / copy;
                found.put("forward_share_of_copy", share);
                found.put("both_share_of_copy", shareOfBoth);
                String text = "sampling of %d: %s µs, %.0f %% of a copy's bandwidth (aim 85), with gradients %.0f %%";
                String summary = String.format(Locale.ROOT, text, elements, alone, 100 * share, 100 * shareOfBoth);
                site.measured().add("sampling", found, summary);
            }
        }
    }

    private static Draw draw(int order, Memory memory) {
        return Draw.of(Noise.of(1, 0, Purpose.EVALUATE, order), memory);
    }
}
