package dev.elbo.simulator.driver;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.Report;
import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Launches, and how many blocks fit.
final class LaunchCalls {
    private static final int ATTRIBUTE_BYTES = 72;

    private static final int IGNORED = 0;
    private static final int ACCESS_POLICY_WINDOW = 1;
    private static final int COOPERATIVE = 2;
    private static final int CLUSTER_DIMENSION = 4;
    private static final int CLUSTER_SCHEDULING = 5;
    private static final int PROGRAMMATIC_SERIALISATION = 6;
    private static final int PRIORITY = 8;

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());

    private final Driver driver;

    LaunchCalls(Driver driver) {
        this.driver = driver;
    }

    /// `CUlaunchConfig`, 56 bytes.
    private record Config(
            Dim3 grid, Dim3 block, int shared, long stream, Dim3 cluster, boolean cooperative, boolean early) {
        /// A launch without attributes.
        static Config plain(Dim3 grid, Dim3 block, int shared, long stream, boolean cooperative) {
            return new Config(grid, block, shared, stream, KernelWork.NO_CLUSTER, cooperative, false);
        }
    }

    // CUresult cuLaunchKernel(CUfunction f, unsigned gridDimX, gridDimY, gridDimZ, unsigned blockDimX, blockDimY,
    //     blockDimZ, unsigned sharedMemBytes, CUstream hStream, void** kernelParams, void** extra)
    @Exported
    void cuLaunchKernel(
            long f,
            int gx,
            int gy,
            int gz,
            int bx,
            int by,
            int bz,
            int shared,
            long stream,
            long parameters,
            long extra) {
        launch(f, Config.plain(new Dim3(gx, gy, gz), new Dim3(bx, by, bz), shared, stream, false), parameters, extra);
    }

    // CUresult cuLaunchCooperativeKernel(CUfunction f, 6 unsigned, unsigned sharedMemBytes, CUstream, void** params)
    @Exported
    void cuLaunchCooperativeKernel(
            long f, int gx, int gy, int gz, int bx, int by, int bz, int shared, long stream, long parameters) {
        launch(f, Config.plain(new Dim3(gx, gy, gz), new Dim3(bx, by, bz), shared, stream, true), parameters, 0);
    }

    // CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction f, void** kernelParams, void** extra)
    @Exported
    void cuLaunchKernelEx(long config, long f, long parameters, long extra) {
        launch(f, read(config), parameters, extra);
    }

    private void launch(long handle, Config config, long parameters, long extra) {
        Stream stream = driver.stream(config.stream);
        Function function = driver.handles.get(handle, Function.class);
        driver.own(function.module.context, "kernel " + function.kernel.name());
        byte[] block = KernelWork.parameters(function, parameters, extra);
        for (int at = 0; at + Integer.BYTES <= block.length; at += Integer.BYTES) {
            driver.checkHostValue(
                    (int) WORD.get(block, at), "parameter of " + function.kernel.name() + " at byte " + at);
        }
        KernelWork work = new KernelWork(
                        function, config.grid, config.block, config.shared, block, config.cluster, config.cooperative)
                .check();
        if (config.early && !function.kernel.waitsFirst()) {
            driver.reports.add(
                    Report.Kind.DEVICE,
                    driver.call() + ": launched before its predecessor has ended, it does not wait for it by"
                            + " griddepcontrol.wait before all else; kernel=" + work.name());
        }
        if (stream.capture() == null) driver.counters.launch(work.name());
        driver.submit(stream, work);
    }

    private Config read(long at) {
        Dim3 cluster = KernelWork.NO_CLUSTER;
        boolean cooperative = false;
        boolean early = false;
        long attributes = Host.getLong(at + 40);
        for (int i = 0; i < Host.getInt(at + 48); i++) {
            long attribute = attributes + (long) i * ATTRIBUTE_BYTES;
            switch (Host.getInt(attribute)) {
                case COOPERATIVE -> cooperative = Host.getInt(attribute + 8) != 0;
                case CLUSTER_DIMENSION -> cluster = dim3(attribute + 8);
                case PROGRAMMATIC_SERIALISATION -> early = Host.getInt(attribute + 8) != 0;
                // They change when a kernel runs, never what it computes.
                case IGNORED, ACCESS_POLICY_WINDOW, CLUSTER_SCHEDULING, PRIORITY -> {}
                default -> {
                    String text = "launch attribute is not simulated; id=" + Host.getInt(attribute);
                    driver.reports.add(Report.Kind.UNSUPPORTED, driver.call() + ": " + text);
                    throw Result.NOT_SUPPORTED.because(text);
                }
            }
        }
        return new Config(
                dim3(at), dim3(at + 12), Host.getInt(at + 24), Host.getLong(at + 32), cluster, cooperative, early);
    }

    private static Dim3 dim3(long at) {
        return new Dim3(Host.getInt(at), Host.getInt(at + 4), Host.getInt(at + 8));
    }

    // CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* numBlocks, CUfunction, int blockSize, size_t dynamic)
    @Exported
    void cuOccupancyMaxActiveBlocksPerMultiprocessor(long blocks, long handle, int threads, long dynamic) {
        Function function = driver.handles.get(handle, Function.class);
        Host.putInt(blocks, function.blocksPerMultiprocessor(threads, dynamic));
    }

    // CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int*, CUfunction, int, size_t, unsigned flags)
    @Exported
    void cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
            long blocks, long handle, int threads, long dynamic, int flags) {
        cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, handle, threads, dynamic);
    }

    // CUresult cuOccupancyMaxPotentialBlockSize(int* minGridSize, int* blockSize, CUfunction func,
    //     CUoccupancyB2DSize blockSizeToDynamicSMemSize, size_t dynamicSMemSize, int blockSizeLimit)
    @Exported
    void cuOccupancyMaxPotentialBlockSize(long grid, long block, long handle, long perBlock, long dynamic, int limit) {
        if (perBlock != 0) throw Result.NOT_SUPPORTED.because("shared memory by a function of the block size");
        Function function = driver.handles.get(handle, Function.class);
        int most = limit == 0 ? function.maxThreads() : Math.min(limit, function.maxThreads());
        int best = 0;
        int bestThreads = 0;
        for (int threads = 32; threads <= most; threads += 32) {
            int resident = function.blocksPerMultiprocessor(threads, dynamic) * threads;
            if (resident >= bestThreads) {
                bestThreads = resident;
                best = threads;
            }
        }
        Host.putInt(block, best);
        Host.putInt(
                grid,
                best == 0
                        ? 0
                        : function.blocksPerMultiprocessor(best, dynamic) * driver.configuration.multiprocessors());
    }

    // CUresult cuOccupancyMaxActiveClusters(int* numClusters, CUfunction func, const CUlaunchConfig* config)
    @Exported
    void cuOccupancyMaxActiveClusters(long clusters, long handle, long at) {
        Function function = driver.handles.get(handle, Function.class);
        Config config = read(at);
        if (!Hardware.of(driver.configuration.computeCapability()).clusters()) {
            throw Result.NOT_SUPPORTED.because("the device has no clusters");
        }
        long resident = (long) function.blocksPerMultiprocessor((int) config.block.count(), config.shared)
                * driver.configuration.multiprocessors();
        boolean allowed = config.cluster.count() <= Hardware.PORTABLE_CLUSTER || function.largeClusters;
        Host.putInt(clusters, allowed ? (int) (resident / config.cluster.count()) : 0);
    }
}
