package dev.elbo.bench.gpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.elbo.ffi.Cuda;
import dev.elbo.ffi.CudaFunction;
import dev.elbo.ffi.CudaGraph;
import dev.elbo.ffi.CudaGraphExec;
import dev.elbo.ffi.CudaModule;
import dev.elbo.ffi.CudaStream;
import dev.elbo.ffi.DeviceAttribute;
import dev.elbo.ffi.LaunchBlock;
import dev.elbo.ffi.LaunchShape;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.MatrixPrecision;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Question: what does this machine take for a launch, a node of a graph, a byte, a product, and for what a kernel's
/// inner loop waits for?
///
/// All by kernels of its own (`probe.cu`) through Elbo's boundary; products by whoever multiplies for Elbo.
final class MachineProbe {
    private static final int HOPPER = 90;
    private static final int ROUNDS = 512;
    private static final int FLOPS = 2 * 8 * 1024;
    private static final int ALL_SHARED = 1024;
    private static final List<String> OPERATIONS = List.of(
            "ffma", "dfma", "ex2", "shuffle", "store_sync_load_shared", "syncthreads", "broadcast_load_16_bytes");

    private final GpuBench.Site site;
    private final boolean tiny;

    MachineProbe(GpuBench.Site site) {
        this.site = site;
        this.tiny = site.mode().rehearse();
    }

    void run() {
        try (Arena owner = Arena.ofShared()) {
            CudaStream stream = new CudaStream(site.gpu().streamHandle());
            Probes probes = new Probes(stream, new Stopwatch(stream, owner), module("probe.ptx", owner), owner);
            launches(probes);
            copies(probes);
            multiplies(probes);
            latencies(probes);
            if (site.gpu().computeCapability() >= HOPPER) {
                CudaModule hopper = module("probe.sm90.ptx", owner);
                overlapping(probes, hopper);
                clusters(probes, hopper);
            }
        }
        products();
    }

    /// What the probes share.
    private record Probes(CudaStream stream, Stopwatch watch, CudaModule module, Arena owner) {
        LaunchBlock block() {
            return LaunchBlock.of(owner);
        }

        MemorySegment device(long bytes) {
            MemorySegment memory = stream.allocate(bytes, owner);
            stream.fillBytes(memory, (byte) 1, bytes);
            return memory;
        }

        CudaGraphExec graph(Runnable work) {
            CudaGraphExec graph = CudaGraph.capture(stream, work, owner).instantiate(owner);
            graph.upload(stream);
            return graph;
        }
    }

    private static CudaModule module(String name, Arena owner) {
        try (InputStream ptx = MachineProbe.class.getResourceAsStream(name)) {
            return CudaModule.load(name, ptx.readAllBytes(), owner);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void launches(Probes probes) {
        CudaFunction empty = probes.module.function("probe_empty");
        int many = tiny ? 4 : 1000;
        LaunchBlock none = probes.block();
        LaunchShape shape = LaunchShape.of(multiprocessors(), 128);
        Runnable launch = () -> empty.launch(shape, none, probes.stream);
        Spread single = probes.watch.micros(site.samples(), many, launch);
        Spread node = nodes(probes, many, launch);
        CudaGraphExec one = probes.graph(launch);
        double[] host = new double[site.samples()];
        one.launch(probes.stream);
        probes.stream.synchronize();
        for (int i = 0; i < host.length; i++) {
            long begin = System.nanoTime();
            one.launch(probes.stream);
            probes.stream.synchronize();
            host[i] = (System.nanoTime() - begin) / 1e3;
        }
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("launch_us", single);
        found.put("graph_node_us", node);
        found.put("graph_launch_and_wait_us", Spread.of(host));
        site.measured()
                .add(
                        "probe.launch",
                        found,
                        "launch %s µs, graph node %s µs, graph launch and wait %s µs"
                                .formatted(single, node, found.get("graph_launch_and_wait_us")));
    }

    private Spread nodes(Probes probes, int many, Runnable launch) {
        CudaGraphExec graph = probes.graph(() -> {
            for (int i = 0; i < many; i++) {
                launch.run();
            }
        });
        Spread all = probes.watch.micros(site.samples(), 1, () -> graph.launch(probes.stream));
        return new Spread(all.median() / many, all.low() / many, all.high() / many);
    }

    private void overlapping(Probes probes, CudaModule hopper) {
        CudaFunction function = hopper.function("probe_overlapping");
        LaunchShape shape = LaunchShape.of(multiprocessors(), 128).overlapping();
        LaunchBlock none = probes.block();
        Spread node = nodes(probes, tiny ? 4 : 1000, () -> function.launch(shape, none, probes.stream));
        site.measured()
                .add(
                        "probe.programmatic",
                        Map.of("graph_node_us", node),
                        "programmatic graph node %s µs".formatted(node));
    }

    private void copies(Probes probes) {
        CudaFunction copy = probes.module.function("probe_copy");
        for (long bytes : tiny ? new long[] {1 << 12} : new long[] {8L << 20, 2L << 30}) {
            MemorySegment from = probes.device(bytes);
            MemorySegment to = probes.device(bytes);
            LaunchBlock arguments = probes.block().arg(from).arg(to).arg(bytes / 16);
            LaunchShape shape = LaunchShape.of(multiprocessors() * 16, 256);
            int times = tiny ? 1 : bytes > 1 << 28 ? 4 : 200;
            Spread own = probes.watch
                    .micros(site.samples(), times, () -> copy.launch(shape, arguments, probes.stream))
                    .rate(2e-6 * bytes);
            Spread driver = probes.watch
                    .micros(site.samples(), times, () -> probes.stream.copy(from, to, bytes))
                    .rate(2e-6 * bytes);
            Map<String, Object> found = new LinkedHashMap<>();
            found.put("bytes", bytes);
            found.put("kernel_terabytes_per_second", own);
            found.put("driver_terabytes_per_second", driver);
            site.measured()
                    .add(
                            "probe.copy",
                            found,
                            "copy of %d MiB: %s TB/s by a kernel, %s by the driver"
                                    .formatted(bytes >> 20, own, driver));
        }
    }

    private void multiplies(Probes probes) {
        CudaFunction multiply = probes.module.function("probe_multiply");
        int blocks = tiny ? 1 : multiprocessors() * 8;
        LaunchBlock arguments = probes.block().arg(probes.device(4)).arg(0.999f);
        LaunchShape shape = LaunchShape.of(blocks, 256);
        Spread rate = probes.watch
                .micros(site.samples(), tiny ? 1 : 4, () -> multiply.launch(shape, arguments, probes.stream))
                .rate(1e-6 * FLOPS * 256.0 * blocks);
        site.measured()
                .add(
                        "probe.multiply",
                        Map.of("teraflops", rate),
                        "f32 multiply-adds outside the matrix units: %s TFLOP/s".formatted(rate));
    }

    private void latencies(Probes probes) {
        CudaFunction latency = probes.module.function("probe_latency");
        int places = tiny ? 64 : 1 << 14;
        int hops = tiny ? 16 : 2000;
        MemorySegment ring = probes.device(4L * places);
        int[] next = new int[places];
        for (int i = 0; i < places; i++) {
            next[i] = (i + 97 * 32) % places;
        }
        probes.stream.upload(probes.owner.allocateFrom(JAVA_INT, next), ring);
        MemorySegment cycles = probes.device(8L * (OPERATIONS.size() + 1));
        MemorySegment sink = probes.device(4L * ALL_SHARED);
        for (int threads : tiny ? new int[] {32} : new int[] {32, 64, 128, 256, 1024}) {
            LaunchBlock arguments =
                    probes.block().arg(cycles).arg(sink).arg(ring).arg(hops);
            latency.launch(LaunchShape.of(1, threads), arguments, probes.stream);
            latency.launch(LaunchShape.of(1, threads), arguments, probes.stream);
            long[] found = longs(probes, cycles, OPERATIONS.size() + 1);
            Map<String, Object> each = new LinkedHashMap<>();
            each.put("threads", threads);
            for (int i = 0; i < OPERATIONS.size(); i++) {
                each.put(OPERATIONS.get(i) + "_cycles", (double) found[i] / ROUNDS);
            }
            each.put("cached_load_cycles", (double) found[OPERATIONS.size()] / hops);
            site.measured().add("probe.latency", each, "cycles, %d threads: %s".formatted(threads, cycles(each)));
        }
    }

    private static String cycles(Map<String, Object> each) {
        StringBuilder text = new StringBuilder();
        each.forEach((name, value) -> {
            if (name.endsWith("_cycles")) {
                text.append(text.isEmpty() ? "" : ", ")
                        .append(name.replace("_cycles", "").replace('_', ' '))
                        .append(String.format(Locale.ROOT, " %.1f", (double) value));
            }
        });
        return text.toString();
    }

    private static long[] longs(Probes probes, MemorySegment from, int count) {
        MemorySegment host = probes.owner.allocate(JAVA_LONG, count);
        probes.stream.download(from, host);
        probes.stream.synchronize();
        return host.toArray(JAVA_LONG);
    }

    private void clusters(Probes probes, CudaModule hopper) {
        CudaFunction sync = hopper.function("probe_cluster");
        CudaFunction neighbour = hopper.function("probe_neighbour");
        int rounds = tiny ? 4 : 20_000;
        MemorySegment cycles = probes.device(8);
        LaunchBlock syncs = probes.block().arg(rounds);
        LaunchBlock loads = probes.block().arg(cycles).arg(probes.device(4)).arg(rounds);
        for (int size : tiny ? new int[] {2} : new int[] {2, 4, 8}) {
            LaunchShape shape = LaunchShape.of(size * 4, 128).clusters(size);
            Spread barrier = probes.watch.micros(site.samples(), 1, () -> sync.launch(shape, syncs, probes.stream));
            neighbour.launch(shape, loads, probes.stream);
            Map<String, Object> found = new LinkedHashMap<>();
            found.put("blocks", size);
            found.put("barrier_us", barrier.median() / rounds);
            found.put("neighbour_load_cycles", (double) longs(probes, cycles, 1)[0] / rounds);
            found.put("active_clusters", sync.activeClusters(shape));
            site.measured()
                    .add(
                            "probe.cluster",
                            found,
                            String.format(
                                    Locale.ROOT,
                                    "cluster of %d: barrier %.3f µs, load from the neighbour %.0f cycles, %d at a time",
                                    size,
                                    barrier.median() / rounds,
                                    found.get("neighbour_load_cycles"),
                                    found.get("active_clusters")));
        }
    }

    private void products() {
        int size = tiny ? 8 : 8192;
        for (MatrixPrecision precision : MatrixPrecision.values()) {
            try (Arena owner = Arena.ofShared()) {
                Memory memory = Memory.of(site.gpu(), "probe", owner);
                Ops f = Ops.plain(memory);
                Tensor a = f.normals(Shape.of(size, size), draw(0, memory));
                Tensor b = f.normals(Shape.of(size, size), draw(1, memory));
                Stopwatch watch = new Stopwatch(new CudaStream(site.gpu().streamHandle()), owner);
                Spread micros;
                try (Step<Tensor> step = site.gpu()
                        .in(
                                precision,
                                () -> Step.record(
                                        site.gpu(), "product", m -> Ops.plain(m).product(a, b)))) {
                    step.run();
                    micros = watch.micros(tiny ? 1 : 5, 1, step::run);
                }
                Spread rate = micros.rate(2e-6 * size * size * (double) size);
                Map<String, Object> found = new LinkedHashMap<>();
                found.put("size", size);
                found.put("precision", precision.name());
                found.put("teraflops", rate);
                site.measured()
                        .add("probe.product", found, "product of %d, %s: %s TFLOP/s".formatted(size, precision, rate));
            }
        }
    }

    private static Draw draw(int order, Memory memory) {
        return Draw.of(Noise.of(1, 0, Purpose.EVALUATE, order), memory);
    }

    private int multiprocessors() {
        return tiny ? 2 : Cuda.attribute(DeviceAttribute.MULTIPROCESSORS, Cuda.device(0));
    }
}
