package dev.elbo.simulator.driver;

import dev.elbo.simulator.machine.Kernel;

/// A kernel as callers launch it.
final class Function {
    final Module module;
    final Kernel kernel;
    private int dynamicShared = -1;
    int carveout = -1;
    boolean largeClusters;

    Function(Module module, Kernel kernel) {
        this.module = module;
        this.kernel = kernel;
    }

    /// Most threads of a block.
    int maxThreads() {
        int stated = kernel.maxThreadsPerBlock();
        return stated == 0 ? Hardware.THREADS_PER_BLOCK : Math.min(stated, Hardware.THREADS_PER_BLOCK);
    }

    /// Shared memory that the kernel declares itself, bytes.
    int staticShared() {
        return 0;
    }

    /// Most dynamic shared memory of a block, bytes.
    int dynamicShared() {
        return dynamicShared >= 0 ? dynamicShared : Hardware.SHARED_PER_BLOCK - staticShared();
    }

    /// Allows more dynamic shared memory than every kernel may have.
    void dynamicShared(int bytes) {
        Hardware hardware = Hardware.of(module.context.driver.configuration.computeCapability());
        if (bytes < 0 || bytes + staticShared() > hardware.sharedPerBlockOptIn()) {
            throw Result.INVALID_VALUE.because("more shared memory than a block can have; dynamic=" + bytes
                    + ", static=" + staticShared() + ", most=" + hardware.sharedPerBlockOptIn());
        }
        dynamicShared = bytes;
    }

    /// Blocks that fit on one multiprocessor at once. Registers are not counted: PTX does not say how many there are.
    int blocksPerMultiprocessor(int threads, long dynamic) {
        Hardware hardware = Hardware.of(module.context.driver.configuration.computeCapability());
        if (threads < 1 || threads > maxThreads()) return 0;
        long shared = dynamic + staticShared() + Hardware.SHARED_RESERVED;
        int warps = (threads + 31) / 32;
        int byThreads = hardware.threadsPerMultiprocessor() / (warps * 32);
        long byShared = hardware.sharedPerMultiprocessor() / shared;
        return (int) Math.min(Math.min(byThreads, hardware.blocksPerMultiprocessor()), byShared);
    }
}
