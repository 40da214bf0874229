package dev.elbo.bench.work;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.cpu.CpuMath;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is timed may not become more work unseen: launches of each step and operation are counted, and bytes of the
/// Java heap, where no clock of a busy machine would show it. Small sizes: the launches are those of the large ones.
/// Whoever saves one lowers the count here.
class HotWorkloadsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int FEW = 5;

    /// One of each is the clock's.
    private static final String LAUNCHES = """
            adam=2, batch=2, batchnorm=8, chain=6, chaindouble=6, coins=2, convolution=2, convolutiongradients=9,
            dcgan=125, gate=5, iwae=41, likelihood=4, logsumexp=2, normals=2, own=2, product=2, productgradients=5,
            rbm=14, reparameterise=4, scale=2, softmax=2, sum=2, sumcolumns=2, sumrows=2, tanh=2, vae=30
            """;

    static Stream<Workload> workloads() {
        return Workloads.all().stream();
    }

    /// In the fixed order, where a product is one launch.
    @Test
    void noLaunchIsAdded() {
        Map<String, Integer> counted = workloads()
                .collect(Collectors.toMap(Workload::name, each -> launches(each).size(), Integer::sum, TreeMap::new));
        assertEquals("{" + LAUNCHES.strip().replaceAll("\\s+", " ") + "}", counted.toString());
    }

    private static List<String> launches(Workload workload) {
        CpuOptions options = CpuOptions.best().threads(1).math(CpuMath.plain()).fixedOrder();
        try (CpuDevice cpu = CpuDevice.open(options);
                Prepared prepared = Prepared.alone(Small.of(workload), cpu)) {
            return prepared.operations();
        }
    }

    /// With oneDNN's products; the loops are the plain ones, since vectors are boxed until they are compiled.
    @ParameterizedTest
    @MethodSource("workloads")
    void aRunAllocatesNothing(Workload workload) {
        assertEquals(0, allocated(workload, CpuOptions.best()), "bytes of a few runs");
    }

    @ParameterizedTest
    @MethodSource("workloads")
    void aRunInTheFixedOrderAllocatesNothing(Workload workload) {
        assertEquals(0, allocated(workload, CpuOptions.best().fixedOrder()), "bytes of a few runs");
    }

    /// On the Java heap by a few runs, as soon as that is nothing or patience has ended. Few, since now and then
    /// the JVM's own threads allocate.
    private static long allocated(Workload workload, CpuOptions options) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (CpuDevice cpu = CpuDevice.open(options.threads(2).math(CpuMath.plain()));
                Prepared prepared = Prepared.alone(Small.of(workload), cpu)) {
            long end = System.nanoTime() + PATIENCE.toNanos();
            long allocated;
            do {
                prepared.run(FEW);
                long before = threads.getTotalThreadAllocatedBytes();
                prepared.run(FEW);
                allocated = threads.getTotalThreadAllocatedBytes() - before;
            } while (allocated > 0 && System.nanoTime() < end);
            return allocated;
        }
    }
}
