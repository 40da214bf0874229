package dev.elbo.bench;

import dev.elbo.kernels.ComputeCapability;
import dev.elbo.kernels.Kernels;
import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.machine.DeviceLimits;
import dev.elbo.simulator.machine.Launch;
import dev.elbo.simulator.machine.LaunchOptions;
import dev.elbo.simulator.machine.LaunchStatistics;
import dev.elbo.simulator.machine.Machine;
import dev.elbo.simulator.machine.PtxModule;
import dev.elbo.simulator.memory.Allocation;
import dev.elbo.simulator.memory.DeviceMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Random;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// Question: how many lane-instructions a second does the simulated GPU execute on one core, with its checks on?
///
/// Read `lane_instructions`, per second of wall time, and `core_share`, the part of a core that the thread got: on a
/// busy machine the one divided by the other is what a core of its own would have given. `none` switches off the two
/// checks that cost most, races and reads of memory never written, and shows their price.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(
        value = 2,
        jvmArgs = {"-Xms1g", "-Xmx1g"})
@State(Scope.Thread)
public class SimulatorBench {
    private static final String RESULTS = "simulator.jsonl";
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    @Param({"matmul_f32", "normal_f32", "logsumexp_rows_f32", "sum_columns_f32"})
    String kernel;

    @Param({"all", "none"})
    String checks;

    private Machine machine;
    private Launch launch;
    private LaunchOptions options;

    /// What one launch does, summed.
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Work {
        /// Instructions times the lanes they ran for.
        public long lane_instructions;
        /// Seconds of processor time.
        public double core_share;
    }

    /// Buffers filled with normals, and one launch of each kernel that keeps it busy for milliseconds.
    @Setup
    public void setUp() {
        DeviceMemory memory = new DeviceMemory(1L << 28);
        machine = new Machine(memory, DeviceLimits.of(75));
        boolean checked = checks.equals("all");
        options = LaunchOptions.CHECKED.withRaces(checked).withInitialised(checked);
        Allocation x = normals(memory, 1 << 18);
        Allocation y = memory.allocate(1 << 20, "y");
        Allocation noise = memory.allocate(16, "noise");
        memory.fill(noise.address(), 5, 4, 4);
        launch = switch (kernel) {
            case "matmul_f32" ->
                launch(
                        memory,
                        new Dim3(2, 2, 1),
                        Dim3.of(256),
                        x,
                        x,
                        0L,
                        y,
                        128,
                        128,
                        128,
                        1,
                        128,
                        1,
                        128,
                        1,
                        128,
                        0L,
                        0L,
                        0L,
                        1f,
                        0f,
                        0,
                        0f);
            case "normal_f32" -> launch(memory, Dim3.of(64), Dim3.of(256), y, noise, 7, 1L << 16);
            case "logsumexp_rows_f32" -> launch(memory, Dim3.of(32), Dim3.of(256), x, y, 512, 256, 0f);
            case "sum_columns_f32" -> launch(memory, Dim3.of(16), Dim3.of(32, 16), x, y, 512, 512, 1f, 1);
            default -> throw new IllegalArgumentException("no such kernel here: " + kernel);
        };
        machine.run(launch, options);
        float first = memory.readable(y.address(), 4, "check").get(ValueLayout.JAVA_FLOAT, 0);
        if (!Float.isFinite(first) || first == 0) {
            throw new IllegalStateException("a wrong result; kernel=" + kernel + ", first=" + first);
        }
    }

    private static Allocation normals(DeviceMemory memory, int count) {
        Random random = new Random(1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        Allocation owner = memory.allocate(4L * count, "x");
        memory.copyIn(MemorySegment.ofArray(values), owner.address(), 4L * count);
        return owner;
    }

    private Launch launch(DeviceMemory memory, Dim3 grid, Dim3 block, Object... arguments) {
        String text = Kernels.owner(kernel).ptx(ComputeCapability.of(75)).text();
        ByteBuffer parameters = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder());
        for (Object argument : arguments) {
            int size = argument instanceof Integer || argument instanceof Float ? 4 : 8;
            parameters.position((parameters.position() + size - 1) & -size);
            switch (argument) {
                case Integer i -> parameters.putInt(i);
                case Float f -> parameters.putFloat(f);
                case Long l -> parameters.putLong(l);
                case Allocation a -> parameters.putLong(a.address());
                default -> throw new IllegalArgumentException("no kernel argument: " + argument);
            }
        }
        MemorySegment passed = MemorySegment.ofBuffer(parameters.flip());
        return new Launch(PtxModule.parse(text).load(memory), kernel, grid, block, 0, passed);
    }

    /// One launch from beginning to end.
    @Benchmark
    public LaunchStatistics launch(Work work) {
        long before = THREADS.getCurrentThreadCpuTime();
        LaunchStatistics did = machine.run(launch, options);
        work.core_share += (THREADS.getCurrentThreadCpuTime() - before) * 1e-9;
        work.lane_instructions += did.laneInstructions();
        return did;
    }

    /// Runs every form and appends what was measured.
    ///
    /// @param arguments the folder of the results
    public static void main(String[] arguments) throws IOException, RunnerException {
        var options = new OptionsBuilder()
                .include(SimulatorBench.class.getName() + "\\.")
                .build();
        Results.append(Path.of(arguments[0]).resolve(RESULTS), new Runner(options).run());
    }
}
