package dev.elbo.bench;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Assign;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// What the machine gives a large matrix product, (1024, 1024) by (1024, 1024), and a copy: the peaks that work
/// is held against.
final class Peak implements AutoCloseable {
    private static final int SIZE = 1024;

    private final Device device;
    private final Arena owner = Arena.ofShared();
    private final Step<Tensor> product;
    private final Step<Tensor> copy;
    private final long bytes;

    /// @param device borrowed
    /// @param bytes  that a copy reads and writes, as many as the work it is held against: caches help both
    Peak(Device device, long bytes) {
        this.device = device;
        Memory memory = Memory.of(device, "peak", owner);
        Ops f = Ops.plain(memory);
        Tensor ones = f.constant(Shape.of(SIZE, SIZE), 1);
        int half = Math.toIntExact(Math.max(1, bytes / 2 / Float.BYTES));
        Tensor from = f.constant(Shape.of(half), 1);
        this.bytes = 2L * half * Float.BYTES;
        this.product = Step.record(device, "peak", m -> Ops.plain(m).product(ones, ones));
        this.copy = Step.record(device, "peak", m -> copied(from, m));
    }

    private static Tensor copied(Tensor from, Memory memory) {
        Tensor to = memory.empty(from.shape());
        switch (to.device()) {
            case CpuDevice cpu ->
                cpu.bind("copy", from.shape().size(), 1, (begin, end) -> {
                    long bytes = Float.BYTES * (end - begin);
                    MemorySegment.copy(from.data(), Float.BYTES * begin, to.data(), Float.BYTES * begin, bytes);
                });
            case CudaDevice _ -> Assign.bind(from, to);
        }
        return to;
    }

    /// Floating-point operations of the product per nanosecond, over about `nanos`.
    double gigaflops(long nanos) {
        return 2.0 * SIZE * SIZE * SIZE / each(product, nanos);
    }

    /// Bytes read and written by the copy per nanosecond, over about `nanos`.
    double gigabytes(long nanos) {
        return bytes / each(copy, nanos);
    }

    private double each(Step<Tensor> step, long nanos) {
        long start = System.nanoTime();
        long now;
        long runs = 0;
        do {
            step.run();
            device.synchronize();
            runs++;
            now = System.nanoTime();
        } while (now - start < nanos);
        return (double) (now - start) / runs;
    }

    @Override
    public void close() {
        try (Arena _ = owner;
                Step<Tensor> _ = product;
                Step<Tensor> _ = copy) {
            device.synchronize();
        }
    }
}
