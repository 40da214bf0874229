package dev.elbo.bench;

import dev.elbo.runtime.CpuDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Question: how close to the machine's peak are the convolutions of a DCGAN, forward and back, beside DJL's?
/// Read `flops`: operations of the convolutions per second.
///
/// JMH runs Elbo alone. [#main] lets Elbo and its peers take turns instead, which is fair on a machine with other work.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgs = {"--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector", "-Xmx1g"})
@State(Scope.Thread)
public class ConvolutionBench {
    @Param("cpu")
    String device;

    @Param
    ConvolutionLayer layer;

    @Param({"false", "true"})
    boolean gradients;

    private CpuDevice cpu;
    private ElboConvolution elbo;

    /// Measures all layers, or those that are named.
    ///
    /// @param arguments folder of the results, then names of layers
    public static void main(String[] arguments) throws IOException {
        Path results = Path.of(arguments[0], "convolutions.jsonl");
        List<String> named = Arrays.asList(arguments).subList(1, arguments.length);
        List<ConvolutionContender.Library> peers = new ArrayList<>();
        ServiceLoader.load(ConvolutionContender.Library.class).forEach(peers::add);
        peers.forEach(peer -> System.out.println(peer.description()));
        peers.removeIf(peer -> !peer.present());
        for (ConvolutionLayer layer : ConvolutionLayer.values()) {
            if (named.isEmpty() || named.contains(layer.name())) {
                for (boolean gradients : new boolean[] {false, true}) {
                    Map<String, String> measured = ConvolutionTurns.measure(layer, gradients, peers);
                    System.out.println(measured);
                    Results.append(results, measured);
                }
            }
        }
    }

    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Operations {
        public long flops;
    }

    @Setup
    public void prepare() {
        cpu = CpuDevice.open();
        elbo = new ElboConvolution(layer, cpu);
    }

    @TearDown
    public void close() {
        elbo.close();
        cpu.close();
    }

    @Benchmark
    public void run(Operations operations) {
        operations.flops += (gradients ? 3 : 1) * layer.flops();
        elbo.run(1, gradients);
    }
}
