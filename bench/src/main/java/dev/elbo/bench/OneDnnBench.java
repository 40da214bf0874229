package dev.elbo.bench;

import dev.elbo.runtime.CpuDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
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

/// Question: what does oneDNN lose when Elbo calls it from Java, in fixed blocks, one OpenMP thread each?
/// Read the `flops` column: it is operations per second, to hold against the same work from plain C.
///
/// JMH runs Java and C seconds apart. [#main] lets them take turns instead, which is fair on a machine with other work.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 2, jvmArgs = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Thread)
public class OneDnnBench {
    @Param("cpu")
    String device;

    @Param({"java", "c"})
    String caller;

    @Param({"dense_y", "dense_dx", "dense_dw", "square", "conv_y", "conv_x", "conv_w", "image_y", "image_x", "image_w"})
    String work;

    @Param("1")
    int threads;

    private Arena owner;
    private CpuDevice cpu;
    private OneDnnCase both;

    @Setup
    public void prepare() {
        owner = Arena.ofShared();
        cpu = CpuDevice.open(threads);
        both = OneDnnCase.of(work, threads, owner);
        both.runJava(cpu);
        both.runC();
        both.check();
    }

    @TearDown
    public void close() {
        cpu.close();
        owner.close();
    }

    /// @param arguments the folder of results
    public static void main(String[] arguments) throws IOException {
        OneDnnPairs.append(Path.of(arguments[0], "onednn.jsonl"));
    }

    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Operations {
        public long flops;
    }

    @Benchmark
    public void run(Operations operations) {
        operations.flops += both.flops();
        if (caller.equals("java")) {
            both.runJava(cpu);
        } else {
            both.runC();
        }
    }
}
