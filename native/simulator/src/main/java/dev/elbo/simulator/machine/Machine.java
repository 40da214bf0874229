package dev.elbo.simulator.machine;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.DeviceMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/// Executes kernels: blocks one after another, their warps in turns, 32 lanes at a time, every access checked.
public final class Machine {
    private static final int LARGEST_CLUSTER = 16;

    private final DeviceMemory memory;
    private final DeviceLimits limits;

    /// @param memory global memory that kernels see
    /// @param limits what launches may ask for
    public Machine(DeviceMemory memory, DeviceLimits limits) {
        this.memory = memory;
        this.limits = limits;
    }

    /// Runs a launch to its end.
    ///
    /// @throws SimulatorFault for whatever is wrong with the launch or in the kernel; memory then holds what
    ///                        was written so far
    public LaunchStatistics run(Launch launch, LaunchOptions options) {
        check(launch);
        Grid grid = new Grid(launch, options, limits, memory);
        long clusters = grid.clusters().count();
        if (options.cooperative()) {
            return together(grid, clusters);
        }
        AtomicLong next = new AtomicLong();
        int threads = (int) Math.min(options.threads(), clusters);
        return threads <= 1 ? oneByOne(grid, next, clusters) : spread(grid, next, clusters, threads);
    }

    private static LaunchStatistics oneByOne(Grid grid, AtomicLong next, long clusters) {
        Cluster cluster = new Cluster(grid);
        for (long number = next.getAndIncrement(); number < clusters; number = next.getAndIncrement()) {
            cluster.start(number);
            while (!cluster.turn()) {}
        }
        return cluster.statistics();
    }

    private static LaunchStatistics together(Grid grid, long clusters) {
        List<Cluster> running = new ArrayList<>();
        for (long number = 0; number < clusters; number++) {
            Cluster cluster = new Cluster(grid);
            cluster.start(number);
            running.add(cluster);
        }
        List<Cluster> all = List.copyOf(running);
        while (!running.isEmpty()) {
            running.removeIf(Cluster::turn);
        }
        return all.stream().map(Cluster::statistics).reduce(LaunchStatistics.NONE, LaunchStatistics::plus);
    }

    private static LaunchStatistics spread(Grid grid, AtomicLong next, long clusters, int threads) {
        LaunchStatistics sum = LaunchStatistics.NONE;
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            Callable<LaunchStatistics> work = () -> oneByOne(grid, next, clusters);
            List<Future<LaunchStatistics>> parts = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                parts.add(pool.submit(work));
            }
            for (Future<LaunchStatistics> part : parts) {
                sum = sum.plus(part.get());
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SimulatorFault fault) {
                throw fault;
            }
            throw new IllegalStateException("Machine.run: a block failed in the simulator itself", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Machine.run: interrupted", e);
        }
        return sum;
    }

    private void check(Launch launch) {
        Kernel kernel = launch.module().kernel(launch.kernel());
        if (kernel == null) {
            throw new IllegalArgumentException("Machine.run: no such kernel; kernel=" + launch.kernel());
        }
        configured(
                kernel,
                inside(launch.block(), limits.block()),
                "block " + launch.block() + " of a device that allows " + limits.block());
        configured(
                kernel,
                inside(launch.grid(), limits.grid()),
                "grid " + launch.grid() + " of a device that allows " + limits.grid());
        long threads = launch.block().count();
        configured(
                kernel,
                threads <= limits.threadsPerBlock(),
                threads + " threads in a block of a device that allows " + limits.threadsPerBlock());
        Dim3 exact = kernel.function().limits().exactThreads();
        configured(
                kernel,
                exact == null || exact.equals(launch.block()),
                "block " + launch.block() + " of a kernel compiled for exactly " + exact);
        int most = kernel.maxThreadsPerBlock();
        configured(
                kernel,
                most == 0 || threads <= most,
                threads + " threads in a block of a kernel compiled for at most " + most);
        long shared = (long) kernel.staticSharedBytes() + launch.dynamicSharedBytes();
        configured(
                kernel,
                launch.dynamicSharedBytes() >= 0 && shared <= limits.sharedBytesPerBlock(),
                shared + " bytes of shared memory on a device that allows " + limits.sharedBytesPerBlock());
        Dim3 cluster = Grid.cluster(launch);
        boolean divides = inside(cluster, launch.grid())
                && launch.grid().x() % cluster.x() == 0
                && launch.grid().y() % cluster.y() == 0
                && launch.grid().z() % cluster.z() == 0;
        configured(
                kernel,
                divides && cluster.count() <= LARGEST_CLUSTER,
                "clusters of " + cluster + " in a grid of " + launch.grid());
        long passed = launch.parameters().byteSize();
        if (passed != kernel.parameterBytes() && passed != kernel.paddedParameterBytes()) {
            throw new SimulatorFault(
                    Kind.PARAMETER_BLOCK,
                    "the kernel takes " + kernel.parameterBytes() + " bytes, passed were " + passed + "; kernel="
                            + kernel.name() + ", parameters="
                            + kernel.parameters().size());
        }
    }

    private static boolean inside(Dim3 asked, Dim3 most) {
        return asked.x() >= 1
                && asked.y() >= 1
                && asked.z() >= 1
                && asked.x() <= most.x()
                && asked.y() <= most.y()
                && asked.z() <= most.z();
    }

    private static void configured(Kernel kernel, boolean fine, String otherwise) {
        if (!fine) {
            throw new SimulatorFault(Kind.LAUNCH_CONFIGURATION, otherwise + "; kernel=" + kernel.name());
        }
    }
}
