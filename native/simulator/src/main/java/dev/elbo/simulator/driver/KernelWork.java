package dev.elbo.simulator.driver;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.Faults;
import dev.elbo.simulator.machine.DeviceLimits;
import dev.elbo.simulator.machine.Launch;
import dev.elbo.simulator.machine.Parameter;
import dev.elbo.simulator.shim.Host;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A kernel with everything that a launch gives it.
///
/// @param function    the kernel
/// @param grid        blocks
/// @param block       threads of a block
/// @param shared      dynamic shared memory, bytes
/// @param parameters  the parameter block
/// @param cluster     blocks of a cluster
/// @param cooperative whether all blocks must be there at once
record KernelWork(
        Function function, Dim3 grid, Dim3 block, int shared, byte[] parameters, Dim3 cluster, boolean cooperative)
        implements Work {
    private static final long BUFFER_POINTER = 1;
    private static final long BUFFER_SIZE = 2;

    static final Dim3 NO_CLUSTER = new Dim3(1, 1, 1);

    @Override
    public Kind kind() {
        return Kind.KERNEL;
    }

    @Override
    public String name() {
        return function.kernel.name();
    }

    @Override
    public void run() {
        Driver driver = function.module.context.driver;
        driver.counters.execution(name());
        Faults.Planned planned = driver.faults.atLaunch();
        if (planned != null) throw Result.of(planned.status()).because("fault asked for by the test; kernel=" + name());
        Launch launch = new Launch(
                function.module.loaded,
                name(),
                grid,
                block,
                cluster.equals(NO_CLUSTER) ? null : cluster,
                shared,
                MemorySegment.ofArray(parameters));
        driver.counters.kernel(driver.machine.run(launch, driver.options().withCooperative(cooperative)));
    }

    /// Refuses what the driver refuses before it starts a kernel.
    KernelWork check() {
        Driver driver = function.module.context.driver;
        DeviceLimits limits = driver.limits();
        within(grid, limits.grid(), "grid");
        within(block, limits.block(), "block");
        if (block.count() > limits.threadsPerBlock()) {
            throw Result.INVALID_VALUE.because(
                    "block too large; block=" + block + ", most=" + limits.threadsPerBlock());
        }
        if (block.count() > function.maxThreads()) {
            throw Result.LAUNCH_OUT_OF_RESOURCES.because("more threads than the kernel allows; kernel=" + name()
                    + ", block=" + block + ", most=" + function.maxThreads());
        }
        if (shared < 0 || shared > function.dynamicShared()) {
            throw Result.INVALID_VALUE.because("more dynamic shared memory than the kernel may have; kernel=" + name()
                    + ", bytes=" + shared + ", most=" + function.dynamicShared());
        }
        checkCluster();
        long resident = (long) function.blocksPerMultiprocessor((int) block.count(), shared)
                * driver.configuration.multiprocessors();
        if (cooperative && grid.count() > resident) {
            throw Result.COOPERATIVE_LAUNCH_TOO_LARGE.because(
                    "kernel=" + name() + ", blocks=" + grid.count() + ", most=" + resident);
        }
        return this;
    }

    private static void within(Dim3 extent, Dim3 most, String what) {
        boolean fits = extent.x() >= 1
                && extent.y() >= 1
                && extent.z() >= 1
                && extent.x() <= most.x()
                && extent.y() <= most.y()
                && extent.z() <= most.z();
        if (!fits)
            throw Result.INVALID_VALUE.because(what + " out of range; " + what + "=" + extent + ", most=" + most);
    }

    private void checkCluster() {
        if (cluster.equals(NO_CLUSTER)) return;
        Driver driver = function.module.context.driver;
        if (!Hardware.of(driver.configuration.computeCapability()).clusters()) {
            throw Result.NOT_SUPPORTED.because(
                    "the device has no clusters; capability=" + driver.configuration.computeCapability());
        }
        long most = function.largeClusters ? 2 * Hardware.PORTABLE_CLUSTER : Hardware.PORTABLE_CLUSTER;
        boolean divides = grid.x() % cluster.x() == 0 && grid.y() % cluster.y() == 0 && grid.z() % cluster.z() == 0;
        if (cluster.count() < 1 || cluster.count() > most || !divides) {
            throw Result.INVALID_CLUSTER_SIZE.because(
                    "cluster=" + cluster + ", grid=" + grid + ", most blocks=" + most);
        }
    }

    /// The parameter block of a launch, from an array of pointers or from a buffer of its own.
    ///
    /// @param pointers address of one pointer for each parameter, or 0
    /// @param extra    address of a list of options that ends with 0, or 0
    static byte[] parameters(Function function, long pointers, long extra) {
        if (extra != 0 && pointers != 0) throw Result.INVALID_VALUE.because("both parameters and a parameter buffer");
        if (extra != 0) return buffer(function, extra);
        List<Parameter> wanted = function.kernel.parameters();
        byte[] block = new byte[function.kernel.parameterBytes()];
        if (pointers == 0 && !wanted.isEmpty()) {
            throw Result.INVALID_VALUE.because(
                    "no parameters; kernel=" + function.kernel.name() + ", wanted=" + wanted.size());
        }
        for (int i = 0; i < wanted.size(); i++) {
            Parameter parameter = wanted.get(i);
            byte[] value = Host.bytes(Host.getLong(pointers + 8L * i), parameter.bytes());
            System.arraycopy(value, 0, block, parameter.offset(), value.length);
        }
        return block;
    }

    private static byte[] buffer(Function function, long extra) {
        long address = 0;
        long bytes = -1;
        for (long at = extra; Host.getLong(at) != 0; at += 16) {
            long option = Host.getLong(at);
            long value = Host.getLong(at + 8);
            if (option == BUFFER_POINTER) address = value;
            else if (option == BUFFER_SIZE) bytes = Host.getLong(value);
            else throw Result.INVALID_VALUE.because("unknown launch option; option=" + option);
        }
        int wanted = function.kernel.parameterBytes();
        if (bytes != wanted) {
            throw Result.INVALID_VALUE.because("parameter block of another size than the kernel's; kernel="
                    + function.kernel.name() + ", bytes=" + bytes + ", wanted=" + wanted + ", parameters="
                    + function.kernel.parameters());
        }
        return bytes == 0 ? new byte[0] : Host.bytes(address, bytes);
    }
}
