package dev.elbo.bench;

import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;

/// What the machine gives a large matrix product, (1024, 1024) by (1024, 1024): the peak that a step is held against.
final class Peak implements AutoCloseable {
    private static final int SIZE = 1024;

    private final Step<Tensor> product;

    Peak(Device device, Memory memory) {
        Ops f = Ops.plain(memory);
        Tensor ones = f.constant(Shape.of(SIZE, SIZE), 1);
        this.product = Step.record(device, "peak", m -> Ops.plain(m).product(ones, ones));
    }

    /// Floating-point operations per nanosecond, over about `nanos`.
    double gigaflops(long nanos) {
        long start = System.nanoTime();
        long now;
        long runs = 0;
        do {
            product.run();
            runs++;
            now = System.nanoTime();
        } while (now - start < nanos);
        return 2.0 * SIZE * SIZE * SIZE * runs / (now - start);
    }

    @Override
    public void close() {
        product.close();
    }
}
