package dev.elbo.ffi.onednn;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.ffi.onednn.OneDnn.Operand;
import dev.elbo.ffi.onednn.OneDnnDescriptions.ConvolutionDesc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A two-dimensional convolution in one of its three directions, prepared once and run many times.
///
/// ```
/// y  = f(w ∗ x + b)        [Direction#TO_Y]   x (n, in, height, width) → y (n, out, outHeight, outWidth)
/// dx = wᵀ ∗ dy + b         [Direction#TO_X]   the gradient of x; b (in) only as a transposed convolution
/// dw = Σ_n x ∗ dy          [Direction#TO_W]   db = Σ dy
/// ```
///
/// A transposed convolution is the same three with x and y exchanged: it runs [Direction#TO_X], the gradient of its
/// input is [Direction#TO_Y] without a bias, the gradient of its weights is [Direction#TO_W] with its input as dy and
/// the gradient of its output as x.
///
/// Images are cut into fixed blocks. An image has the same bits whatever other images are computed with it. Weight
/// gradients are partial sums per block of images, summed in order. Weights are put into the layout oneDNN prefers at
/// each run: in any other its convolutions are reference loops, a hundred times slower.
public final class Convolution {
    private static final long FLOPS_PER_BLOCK = 8_000_000;
    private static final long FLOPS_PER_PARTIAL = 32_000_000;
    private static final long MAX_PARTIALS = 16;
    /// A partial sum of fewer pixels costs more to add up than to compute, beyond the few that keep threads busy.
    private static final long PIXELS_PER_PARTIAL = 256;

    private static final long FEW_PARTIALS = 4;
    /// Up to so many channels, the gradient of x is several times faster through oneDNN's matrix product.
    private static final long FEW_CHANNELS = 8;

    private static final String MATRIX_PRODUCT = "gemm";
    private static final long ALIGNMENT = 64;

    /// Which of x, w and y is computed from the other two.
    public enum Direction {
        /// y from x and w.
        TO_Y,
        /// x, or its gradient, from y and w.
        TO_X,
        /// The gradient of w from x and y.
        TO_W
    }

    /// What a convolution computes. Equal ones are interchangeable, so this is the key of a cache.
    ///
    /// @param bias       adds b per channel of the result; computes db where the result is w
    /// @param activation f, applied last; only to y
    /// @param accumulate adds to the result instead of overwriting it
    /// @param arithmetic how precisely factors are multiplied
    public record Spec(
            Geometry geometry,
            Direction direction,
            boolean bias,
            Activation activation,
            boolean accumulate,
            Arithmetic arithmetic) {
        public Spec {
            if (direction != Direction.TO_Y && !activation.isIdentity()) {
                throw new IllegalArgumentException(
                        "convolution: only y has an activation; direction=" + direction + ", activation=" + activation);
            }
        }

        /// Plain f32.
        public static Spec of(Geometry geometry, Direction direction) {
            return new Spec(geometry, direction, false, Activation.IDENTITY, false, Arithmetic.F32);
        }

        /// The same with a bias, or the gradient of one.
        public Spec withBias() {
            return new Spec(geometry, direction, true, activation, accumulate, arithmetic);
        }

        /// The same followed by `f`.
        public Spec then(Activation f) {
            return new Spec(geometry, direction, bias, f, accumulate, arithmetic);
        }

        /// The same, added to the result.
        public Spec accumulating() {
            return new Spec(geometry, direction, bias, activation, true, arithmetic);
        }

        /// The same in another arithmetic.
        public Spec in(Arithmetic other) {
            return new Spec(geometry, direction, bias, activation, accumulate, other);
        }

        /// Floating-point operations of all images.
        public long flops() {
            return geometry.n() * geometry.flopsEach();
        }
    }

    private final Spec spec;
    private final Geometry geometry;
    private final Cut images;
    private final boolean singly;
    private final Kernel block;
    private final Kernel lastBlock;
    private final Reorder weights;
    private final boolean weightsFit;
    private final long weightBytes;

    private Convolution(Spec spec, Arena owner) {
        this.spec = spec;
        this.geometry = spec.geometry;
        this.images = new Cut(geometry.n(), imagesPerBlock());
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment any = OneDnn.memoryDescAny(weightExtents(), frame);
            MemorySegment plain = OneDnn.memoryDescCreate(weightExtents(), weightStrides(), frame);
            Kernel several = kernel(images.length(0), any, owner);
            // It takes the images of a call one by one, but cuts each according to how many they are.
            this.singly = !toW() && several.implementation().contains(MATRIX_PRODUCT);
            this.block = singly ? kernel(1, any, owner) : several;
            MemorySegment chosen = block.layout(toW() ? Operand.DIFF_WEIGHTS : Operand.WEIGHTS);
            this.lastBlock =
                    singly || images.count() == 1 ? block : kernel(images.length(images.count() - 1), chosen, owner);
            this.weightsFit = OneDnn.memoryDescEqual(chosen, plain);
            this.weightBytes = (OneDnn.memoryDescSize(chosen) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            this.weights = toW()
                    ? Reorder.between(chosen, plain, spec.accumulate, geometry.sizeW(), owner)
                    : Reorder.between(plain, chosen, false, geometry.sizeW(), owner);
        }
    }

    /// Makes the machine code for a convolution.
    ///
    /// @param owner owns it; shared, if several threads are to run it
    public static Convolution of(Spec spec, Arena owner) {
        return new Convolution(spec, owner);
    }

    private long imagesPerBlock() {
        long each = geometry.flopsEach();
        if (toW()) {
            long pixels = geometry.n() * geometry.outHeight() * geometry.outWidth();
            long most = Math.clamp(pixels / PIXELS_PER_PARTIAL, FEW_PARTIALS, MAX_PARTIALS);
            long partials = Math.clamp(geometry.n() * each / FLOPS_PER_PARTIAL, 1, most);
            return (geometry.n() + partials - 1) / partials;
        }
        return (FLOPS_PER_BLOCK + each - 1) / each;
    }

    private boolean toW() {
        return spec.direction == Direction.TO_W;
    }

    private long[] weightExtents() {
        return new long[] {
            geometry.out(),
            geometry.in(),
            geometry.down().taps(),
            geometry.across().taps()
        };
    }

    private long[] weightStrides() {
        Geometry g = geometry;
        return g.order().strides(g.in(), g.down().taps(), g.across().taps());
    }

    /// @param weights their layout, or any
    private Kernel kernel(long count, MemorySegment weights, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            Geometry g = geometry.images(count);
            MemorySegment x = OneDnn.memoryDescCreate(
                    new long[] {count, g.in(), g.height(), g.width()},
                    g.order().strides(g.in(), g.height(), g.width()),
                    frame);
            MemorySegment y = OneDnn.memoryDescCreate(
                    new long[] {count, g.out(), g.outHeight(), g.outWidth()},
                    g.order().strides(g.out(), g.outHeight(), g.outWidth()),
                    frame);
            MemorySegment bias = spec.bias && spec.direction != Direction.TO_X
                    ? OneDnn.memoryDescCreate(new long[] {g.out()}, new long[] {1}, frame)
                    : MemorySegment.NULL;
            ConvolutionDesc c = new ConvolutionDesc(x, weights, bias, y, g);
            return switch (spec.direction) {
                case TO_Y -> {
                    MemorySegment attributes =
                            OneDnnAttributes.attributes(spec.arithmetic, spec.accumulate, spec.activation, frame);
                    MemorySegment desc = OneDnnDescriptions.convolutionForwardDesc(c, attributes, owner);
                    yield spec.bias
                            ? new Kernel(desc, 0, owner, Operand.SRC, Operand.WEIGHTS, Operand.DST, Operand.BIAS)
                            : new Kernel(desc, 0, owner, Operand.SRC, Operand.WEIGHTS, Operand.DST);
                }
                case TO_X -> {
                    long padBytes = spec.accumulate ? count * g.sizeX() * Float.BYTES : 0;
                    yield new Kernel(
                            toXDesc(c, owner), padBytes, owner, Operand.DIFF_SRC, Operand.WEIGHTS, Operand.DIFF_DST);
                }
                case TO_W -> {
                    MemorySegment attributes = plainAttributes(frame);
                    MemorySegment forward = OneDnnDescriptions.convolutionForwardDesc(c, attributes, frame);
                    MemorySegment desc =
                            OneDnnDescriptions.convolutionBackwardWeightsDesc(c, forward, attributes, owner);
                    yield spec.bias
                            ? new Kernel(
                                    desc,
                                    0,
                                    owner,
                                    Operand.SRC,
                                    Operand.DIFF_WEIGHTS,
                                    Operand.DIFF_DST,
                                    Operand.DIFF_BIAS)
                            : new Kernel(desc, 0, owner, Operand.SRC, Operand.DIFF_WEIGHTS, Operand.DIFF_DST);
                }
            };
        }
    }

    private MemorySegment toXDesc(ConvolutionDesc c, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment attributes = plainAttributes(frame);
            MemorySegment forward = OneDnnDescriptions.convolutionForwardDesc(c, attributes, frame);
            if (geometry.in() <= FEW_CHANNELS) {
                MemorySegment desc = OneDnnDescriptions.convolutionBackwardDataDesc(c, forward, attributes, owner);
                do {
                    String name = OneDnnDescriptions.implementation(desc);
                    // With a plus it is a wrapper that moves the channels first, which costs what the product gains.
                    if (name.contains(MATRIX_PRODUCT) && !name.contains("+")) {
                        return desc;
                    }
                } while (OneDnnDescriptions.nextImplementation(desc));
            }
            return OneDnnDescriptions.convolutionBackwardDataDesc(c, forward, attributes, owner);
        }
    }

    private MemorySegment plainAttributes(Arena frame) {
        return OneDnnAttributes.attributes(spec.arithmetic, false, Activation.IDENTITY, frame);
    }

    /// What this computes.
    public Spec spec() {
        return spec;
    }

    /// oneDNN's name of the kernel, such as `brg_conv_fwd:avx512_core`.
    public String implementation() {
        return lastBlock.implementation();
    }

    /// How many images come before a block of the stage that computes x or y, which is the last of [#stages].
    ///
    /// @param block from 0 to the number of blocks
    public long imagesBefore(long block) {
        return block == images.count() ? geometry.n() : images.from((int) block);
    }

    /// Size of the workspace that [#stages] wants: weights in oneDNN's layout, or partial sums of their gradients.
    public long workspaceBytes() {
        return switch (spec.direction) {
            case TO_Y, TO_X -> weightsFit ? 0 : weightBytes;
            case TO_W -> images.count() * (weightBytes + (spec.bias ? geometry.out() * Float.BYTES : 0));
        };
    }

    /// The work for these buffers. They are native memory and borrowed; the result may overlap no other.
    ///
    /// @param x         (n, in, height, width) in the order of the geometry
    /// @param w         (out, in, taps down, taps across) in the order of the geometry
    /// @param b         (out), or (in) towards x; written where the result is w; else borrowed, or
    ///     [MemorySegment#NULL] where there is none
    /// @param y         (n, out, outHeight, outWidth) in the order of the geometry
    /// @param workspace [#workspaceBytes] of anything, or [MemorySegment#NULL] if that is 0
    public List<Stage> stages(
            MemorySegment x, MemorySegment w, MemorySegment b, MemorySegment y, MemorySegment workspace) {
        long n = geometry.n();
        long biases = spec.direction == Direction.TO_X ? geometry.in() : geometry.out();
        Buffers.check("x", x, n * geometry.sizeX() * Float.BYTES);
        Buffers.check("w", w, geometry.sizeW() * Float.BYTES);
        Buffers.check("b", b, spec.bias ? biases * Float.BYTES : 0);
        Buffers.check("y", y, n * geometry.sizeY() * Float.BYTES);
        Buffers.check("workspace", workspace, workspaceBytes());
        if (!toW()) {
            return weightsFit
                    ? List.of(new Blocks(x, w, b, y))
                    : List.of(weights.stages(w, workspace).getFirst(), new Blocks(x, workspace, b, y));
        }
        int count = images.count();
        MemorySegment partialW = workspace.asSlice(0, count * weightBytes);
        MemorySegment partialB = workspace.asSlice(count * weightBytes);
        List<Stage> stages = new ArrayList<>();
        stages.add(new Blocks(x, partialW, partialB, y));
        if (count > 1) {
            stages.add(new PartialSums(partialW, 1, count, weightBytes / Float.BYTES, partialW, true));
        }
        stages.addAll(weights.stages(partialW, w));
        if (spec.bias) {
            stages.add(new PartialSums(partialB, 0, count, geometry.out(), b, spec.accumulate));
        }
        return stages;
    }

    /// The blocks of images.
    private final class Blocks implements Stage {
        private final MemorySegment x;
        private final MemorySegment w;
        private final MemorySegment b;
        private final MemorySegment y;

        Blocks(MemorySegment x, MemorySegment w, MemorySegment b, MemorySegment y) {
            this.x = x;
            this.w = w;
            this.b = b;
            this.y = y;
        }

        @Override
        public int blocks() {
            return images.count();
        }

        @Override
        public long flops() {
            return images.length(0) * geometry.flopsEach();
        }

        @Override
        public void run(long from, long to) {
            for (int i = (int) from; i < to; i++) {
                Kernel kernel = images.isLast(i) ? lastBlock : block;
                Kernel.Frame frame = kernel.take();
                try {
                    long end = images.from(i) + images.length(i);
                    long each = singly ? 1 : images.length(i);
                    for (long image = images.from(i); image < end; image += each) {
                        run(frame, i, image, each);
                    }
                } finally {
                    kernel.give(frame);
                }
            }
        }

        private void run(Kernel.Frame frame, int i, long image, long count) {
            long atX = image * geometry.sizeX() * Float.BYTES;
            boolean viaPad = spec.direction == Direction.TO_X && spec.accumulate;
            frame.set(0, viaPad ? frame.pad() : x, viaPad ? 0 : atX);
            frame.set(1, w, toW() ? i * weightBytes : 0);
            frame.set(2, y, image * geometry.sizeY() * Float.BYTES);
            if (spec.bias && spec.direction != Direction.TO_X) {
                frame.set(3, b, toW() ? i * geometry.out() * Float.BYTES : 0);
            }
            frame.execute();
            if (viaPad) {
                Buffers.add(frame.pad(), 0, x, atX, count * geometry.sizeX());
            }
            if (spec.bias && spec.direction == Direction.TO_X) {
                addBias(atX, count);
            }
        }

        private void addBias(long atX, long count) {
            long channels = geometry.in();
            long pixels = geometry.height() * geometry.width();
            switch (geometry.order()) {
                case FIRST -> {
                    for (long plane = 0; plane < count * channels; plane++) {
                        float value = b.getAtIndex(JAVA_FLOAT, plane % channels);
                        Buffers.add(value, x, atX + plane * pixels * Float.BYTES, pixels);
                    }
                }
                case LAST -> {
                    for (long pixel = 0; pixel < count * pixels; pixel++) {
                        Buffers.add(b, 0, x, atX + pixel * channels * Float.BYTES, channels);
                    }
                }
            }
        }
    }
}
