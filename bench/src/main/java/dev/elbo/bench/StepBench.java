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

/// Question: how long is a whole training step, beside the same step of other libraries on the same machine?
/// Read `flops`: operations of the products per second, to hold against the machine's peak.
///
/// JMH runs Elbo alone. [#main] lets Elbo and its peers take turns instead, which is fair on a machine with other
/// work, and writes the tables.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 10, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgs = {"--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector", "-Xmx1g"})
@State(Scope.Thread)
public class StepBench {
    @Param("cpu")
    String device;

    @Param
    Workload workload;

    private CpuDevice cpu;
    private ElboStep step;

    /// Measures all workloads, or those that are named.
    ///
    /// @param arguments folder of the results, then names of workloads
    public static void main(String[] arguments) throws IOException {
        Path results = Path.of(arguments[0]);
        List<String> named = Arrays.asList(arguments).subList(1, arguments.length);
        List<Contender.Library> peers = new ArrayList<>();
        peers.add(new TorchScript());
        ServiceLoader.load(Contender.Library.class).forEach(peers::add);
        peers.forEach(peer -> System.out.println(peer.description()));
        peers.removeIf(peer -> !peer.present());
        for (Workload workload : Workload.values()) {
            if (named.isEmpty() || named.contains(workload.name())) {
                Map<String, String> measured = StepTurns.measure(workload, peers);
                System.out.println(measured);
                Results.append(results.resolve(StepTables.FILE), measured);
            }
        }
        StepTables.write(results);
    }

    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Operations {
        public long flops;
    }

    @Setup
    public void prepare() {
        cpu = CpuDevice.open();
        step = new ElboStep(workload, cpu);
    }

    @TearDown
    public void close() {
        step.close();
        cpu.close();
    }

    @Benchmark
    public void run(Operations operations) {
        operations.flops += workload.flops();
        step.run(1);
    }
}
