package dev.elbo.bench;

import dev.elbo.bench.work.Cost;
import dev.elbo.bench.work.Prepared;
import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Workloads;
import dev.elbo.runtime.Device;
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

/// How JMH times a workload.
///
/// Read `flops` and `bytes`, per second, against those of `product` and `scale` in the same run.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 10, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgs = {
            "--enable-native-access=ALL-UNNAMED",
            "--add-modules=jdk.incubator.vector",
            "-XX:-UseProfiledLoopPredicate",
            "-Xmx1g"
        })
@State(Scope.Thread)
public abstract class WorkloadBench {
    @Param("cpu")
    String device;

    private Cost cost;
    private Device on;
    private Prepared prepared;

    /// What the runs of an iteration cost.
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Work {
        public long flops;
        public long bytes;
    }

    /// The name of what is timed.
    abstract String workload();

    /// Opens device and workload.
    @Setup
    public void prepare() {
        on = Devices.open(device);
        Sized timed = Workloads.named(workload());
        cost = timed.cost();
        prepared = Prepared.alone(timed, on);
    }

    /// Closes both.
    @TearDown
    public void close() {
        prepared.close();
        on.close();
    }

    /// One run, up to its end on the device.
    @Benchmark
    public void run(Work work) {
        work.flops += cost.flops();
        work.bytes += cost.bytes();
        prepared.run(1);
    }
}
