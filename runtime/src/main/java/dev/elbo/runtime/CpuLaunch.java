package dev.elbo.runtime;

/// A launch on the CPU: a range of items, cut into blocks that depend on the sizes alone, never on the threads.
final class CpuLaunch implements Launch {
    /// Work of one block, in the units of [CpuDevice#bind]: about ten microseconds, many times what sharing it costs.
    private static final long WORK_PER_BLOCK = 32_768;

    /// Blocks of many small items start on whole vectors.
    private static final long ALIGNED = 64;

    private final Workers workers;
    private final String operation;
    private final CpuDevice.Block body;
    private final long count;
    private final long perBlock;
    private final int blocks;

    CpuLaunch(Workers workers, String operation, long count, long workEach, CpuDevice.Block body) {
        this.workers = workers;
        this.operation = operation;
        this.body = body;
        this.count = count;
        long wanted = Math.clamp(count * workEach / WORK_PER_BLOCK, 1, 256);
        long each = Math.max(1, (count + wanted - 1) / wanted);
        this.perBlock = each < ALIGNED ? each : (each + ALIGNED - 1) / ALIGNED * ALIGNED;
        this.blocks = (int) Math.max(1, (count + perBlock - 1) / perBlock);
    }

    @Override
    public String operation() {
        return operation;
    }

    @Override
    public void run() {
        workers.run(this);
    }

    int blocks() {
        return blocks;
    }

    void runBlock(int block) {
        long from = block * perBlock;
        body.run(from, Math.min(count, from + perBlock));
    }
}
