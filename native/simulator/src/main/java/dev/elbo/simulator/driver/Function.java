package dev.elbo.simulator.driver;

import dev.elbo.simulator.machine.Kernel;

/// A kernel as callers launch it.
final class Function {
    /// Registers are given to warps by this many.
    private static final int REGISTER_UNIT = 256;

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

    /// Most dynamic shared memory of a block, bytes.
    int dynamicShared() {
        return dynamicShared >= 0 ? dynamicShared : Hardware.SHARED_PER_BLOCK - kernel.staticSharedBytes();
    }

    /// Allows more dynamic shared memory than every kernel may have.
    void dynamicShared(int bytes) {
        Hardware hardware = Hardware.of(module.context.driver.configuration.computeCapability());
        if (bytes < 0 || bytes + kernel.staticSharedBytes() > hardware.sharedPerBlockOptIn()) {
            throw Result.INVALID_VALUE.because("more shared memory than a block can have; dynamic=" + bytes
                    + ", static=" + kernel.staticSharedBytes() + ", most=" + hardware.sharedPerBlockOptIn());
        }
        dynamicShared = bytes;
    }

    /// Blocks that fit on one multiprocessor at once. Registers are estimated from the PTX.
    int blocksPerMultiprocessor(int threads, long dynamic) {
        Hardware hardware = Hardware.of(module.context.driver.configuration.computeCapability());
        if (threads < 1 || threads > maxThreads()) return 0;
        long shared = dynamic + kernel.staticSharedBytes() + Hardware.SHARED_RESERVED;
        int warps = (threads + 31) / 32;
        int byThreads = hardware.threadsPerMultiprocessor() / (warps * 32);
        int registersOfWarp =
                (Math.max(16, kernel.registers()) * 32 + REGISTER_UNIT - 1) / REGISTER_UNIT * REGISTER_UNIT;
        int byRegisters = Hardware.REGISTERS / registersOfWarp / warps;
        long byShared = hardware.sharedPerMultiprocessor() / shared;
        return (int) Math.min(Math.min(byThreads, hardware.blocksPerMultiprocessor()), Math.min(byShared, byRegisters));
    }
}
