package dev.elbo.bench;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.ffi.onednn.Activation;
import dev.elbo.ffi.onednn.Convolution;
import dev.elbo.ffi.onednn.Convolution.Direction;
import dev.elbo.ffi.onednn.Geometry;
import dev.elbo.ffi.onednn.Product;
import dev.elbo.ffi.onednn.Product.Spec;
import dev.elbo.ffi.onednn.Stage;
import dev.elbo.ffi.onednn.Window;
import dev.elbo.runtime.CpuDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// One piece of work as Elbo does it and as plain C does it, each into its own result.
///
/// @param flops of the whole work
record OneDnnCase(long flops, List<Stage> java, OneDnnPeer c, MemorySegment javaResult, MemorySegment cResult) {
    /// Operations of a product that take as long as one element of a simple loop, which a device counts in.
    private static final long FLOPS_PER_ELEMENT = 32;

    private static final Geometry DOWN = Geometry.of(64, 64, 16, 16, 128, Window.of(4, 2, 1));
    private static final Geometry THIN = Geometry.of(64, 3, 32, 32, 64, Window.of(4, 2, 1));

    /// A dense layer of a variational autoencoder on MNIST and its gradients; a large square; layers of a DCGAN.
    private static final Map<String, Object> WORK = Map.ofEntries(
            Map.entry("dense_y", Spec.of(100, 784, 400).withBias().then(Activation.TANH)),
            Map.entry("dense_dx", Spec.of(100, 400, 784).transposingB()),
            Map.entry("dense_dw", Spec.of(784, 100, 400).transposingA()),
            Map.entry("square", Spec.of(1024, 1024, 1024)),
            Map.entry("conv_y", Convolution.Spec.of(DOWN, Direction.TO_Y)),
            Map.entry("conv_x", Convolution.Spec.of(DOWN, Direction.TO_X)),
            Map.entry("conv_w", Convolution.Spec.of(DOWN, Direction.TO_W)),
            Map.entry("image_y", Convolution.Spec.of(THIN, Direction.TO_Y)),
            Map.entry("image_x", Convolution.Spec.of(THIN, Direction.TO_X)),
            Map.entry("image_w", Convolution.Spec.of(THIN, Direction.TO_W)));

    static List<String> names() {
        return WORK.keySet().stream().sorted().toList();
    }

    static OneDnnCase of(String name, int threads, Arena owner) {
        return switch (WORK.get(name)) {
            case Product.Spec s -> product(s, threads, owner);
            case Convolution.Spec s -> convolution(s, threads, owner);
            case null, default -> throw new IllegalArgumentException("no such work: " + name);
        };
    }

    private static OneDnnCase product(Product.Spec s, int threads, Arena owner) {
        MemorySegment a = values(s.rows() * s.inner(), owner);
        MemorySegment b = values(s.inner() * s.cols(), owner);
        MemorySegment bias = s.bias() ? values(s.cols(), owner) : MemorySegment.NULL;
        MemorySegment one = values(s.rows() * s.cols(), owner);
        MemorySegment other = values(s.rows() * s.cols(), owner);
        Product product = Product.of(s, owner);
        MemorySegment workspace = owner.allocate(product.workspaceBytes(), 64);
        return new OneDnnCase(
                s.flops(),
                product.stages(a, b, bias, one, workspace),
                OneDnnPeer.product(threads, s, a, b, bias, other),
                one,
                other);
    }

    private static OneDnnCase convolution(Convolution.Spec s, int threads, Arena owner) {
        Geometry g = s.geometry();
        MemorySegment x = values(g.n() * g.sizeX(), owner);
        MemorySegment w = values(g.sizeW(), owner);
        MemorySegment y = values(g.n() * g.sizeY(), owner);
        Convolution convolution = Convolution.of(s, owner);
        MemorySegment workspace = owner.allocate(convolution.workspaceBytes(), 64);
        MemorySegment one = switch (s.direction()) {
            case TO_Y -> y;
            case TO_X -> x;
            case TO_W -> w;
        };
        MemorySegment other = values(one.byteSize() / Float.BYTES, owner);
        return new OneDnnCase(
                s.flops(),
                convolution.stages(x, w, MemorySegment.NULL, y, workspace),
                switch (s.direction()) {
                    case TO_Y -> OneDnnPeer.convolution(threads, s, x, w, other);
                    case TO_X -> OneDnnPeer.convolution(threads, s, other, w, y);
                    case TO_W -> OneDnnPeer.convolution(threads, s, x, other, y);
                },
                one,
                other);
    }

    private static MemorySegment values(long count, Arena owner) {
        SplittableRandom random = new SplittableRandom(count);
        MemorySegment data = owner.allocate(count * Float.BYTES, 64);
        for (long i = 0; i < count; i++) {
            data.setAtIndex(JAVA_FLOAT, i, (float) random.nextDouble() - 0.5f);
        }
        return data;
    }

    /// Runs the work once through Elbo.
    void runJava(CpuDevice cpu) {
        for (Stage stage : java) {
            cpu.bind("onednn", stage.blocks(), stage.flops() / FLOPS_PER_ELEMENT, stage::run);
        }
    }

    /// Runs the work once through C.
    void runC() {
        c.run(1);
    }

    /// Both ran and must agree: other orders of the sums, nothing more.
    void check() {
        for (long i = 0; i < javaResult.byteSize() / Float.BYTES; i++) {
            float one = javaResult.getAtIndex(JAVA_FLOAT, i);
            float other = cResult.getAtIndex(JAVA_FLOAT, i);
            if (!(Math.abs(one - other) <= 1e-4 * Math.max(1, Math.abs(other)))) {
                throw new IllegalStateException("java and c differ: element=" + i + ", java=" + one + ", c=" + other);
            }
        }
    }
}
