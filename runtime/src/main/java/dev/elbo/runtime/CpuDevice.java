package dev.elbo.runtime;

import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.cpu.Unary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The host's cores and memory.
///
/// Every launch is cut into fixed blocks, so that results do not depend on the number of threads.
public final class CpuDevice extends Device {
    static final long ALIGNMENT = 64;

    private final Workers workers;
    private final CpuMath math;
    private final CpuProducts products;
    private final CpuConvolutions convolutions;
    private Arena workspaceOwner;
    private MemorySegment workspace = MemorySegment.NULL;

    private CpuDevice(CpuOptions options) {
        super("cpu");
        this.workers = new Workers(options.threads() - 1);
        this.math = options.math();
        this.products = new CpuProducts(this, options.oneDnn());
        this.convolutions = options.oneDnn() ? new OneDnnConvolutions(this) : new FixedConvolutions(this);
    }

    /// A device that computes as fast as this machine allows, where the JVM is started with `--add-modules
    /// jdk.incubator.vector -XX:-UseProfiledLoopPredicate`: without the first its loops are plain ones, without the
    /// second C2 may give up and compile Adam's loop anew without end.
    public static CpuDevice open() {
        return open(CpuOptions.best());
    }

    /// The same on so many threads.
    ///
    /// @param threads at least 1, this one included
    public static CpuDevice open(int threads) {
        return open(CpuOptions.best().threads(threads));
    }

    /// A device that computes as it is told.
    public static CpuDevice open(CpuOptions options) {
        return new CpuDevice(options);
    }

    /// FP32: the CPU multiplies in no other.
    @Override
    public MatrixPrecision trainingPrecision() {
        return MatrixPrecision.FP32;
    }

    /// The inner loops.
    public CpuMath math() {
        return math;
    }

    /// Work on a range of items. Blocks of one launch run at the same time and may not read what another writes.
    @FunctionalInterface
    public interface Block {
        /// Does the items `[from, to)`.
        void run(long from, long to);
    }

    /// Runs a launch over `count` items now and, while a step is being recorded, keeps it for replay.
    ///
    /// @param operation name in messages and profiles
    /// @param count     number of items: elements, rows, blocks of a reduction
    /// @param workEach  about how many elements of a simple loop one item is worth; a small launch stays here
    /// @param body      does a range of items; reads its buffers afresh at each call and does not allocate
    public void bind(String operation, long count, long workEach, Block body) {
        bind(launch(operation, count, workEach, body));
    }

    /// The same launch, which another one runs.
    CpuLaunch launch(String operation, long count, long workEach, Block body) {
        return new CpuLaunch(workers, operation, count, workEach, body);
    }

    /// Memory for what the launches of one operation tell each other. Launches run one after the other, so the next
    /// operation may be given the same.
    ///
    /// @param bytes at least so many, of any content, 64-byte aligned
    public MemorySegment workspace(long bytes) {
        checkUsable();
        Arena step = recordingOwner();
        if (workspaceOwner != step || bytes > workspace.byteSize()) {
            workspace = (step == null ? Arena.ofAuto() : step).allocate(bytes, ALIGNMENT);
            workspaceOwner = step;
        }
        return workspace;
    }

    /// Binds a matrix product, by oneDNN or in the fixed order, as the device was opened.
    ///
    /// ```
    /// c = f(op(a) · op(b) + bias)      or, where it accumulates, c = c + op(a) · op(b)
    /// ```
    ///
    /// @param bias (cols), or null
    /// @param c    (rows, cols)
    public void bindProduct(
            String operation, ProductShape shape, Tensor a, Tensor b, Tensor bias, Tensor c, Unary f, float parameter) {
        checkUsable();
        products.bind(operation, shape, a, b, bias, c, f, parameter);
    }

    /// Binds bits, each 1 with the probability σ of a matrix product: in the fixed order one launch, with oneDNN a draw
    /// after the product.
    ///
    /// ```
    /// c = 1 with probability σ(op(a) · op(b) + bias), else 0
    /// ```
    ///
    /// @param bias (cols), or null
    /// @param c    (rows, cols)
    public void bindBernoulliProduct(
            String operation, ProductShape shape, Tensor a, Tensor b, Tensor bias, Tensor c, Draw draw) {
        checkUsable();
        products.bindBernoulli(operation, shape, a, b, bias, c, draw);
    }

    /// Binds a convolution, by oneDNN or in the fixed order, as the device was opened.
    ///
    /// ```
    /// y = f(x ∗ w + bias)      or, where it adds, y = f(y + x ∗ w + bias)
    /// ```
    ///
    /// @param x      as the shape says
    /// @param weight as the shape says
    /// @param bias   (outputs), or null
    /// @param y      as the shape says; overwritten if `first`, else added into
    public void bindConvolution(
            String operation,
            ConvolutionShape shape,
            Tensor x,
            Tensor weight,
            Tensor bias,
            Tensor y,
            boolean first,
            Unary f,
            float parameter) {
        checkUsable();
        convolutions.bind(operation, shape, x, weight, bias, y, first, f, parameter);
    }

    /// Binds the transpose of a convolution: the gradient of its x, or what enlarges images.
    ///
    /// @param y      as the shape says
    /// @param weight as the shape says
    /// @param bias   (channels), or null
    /// @param x      as the shape says; overwritten if `first`, else added into
    public void bindConvolutionTransposed(
            String operation,
            ConvolutionShape shape,
            Tensor y,
            Tensor weight,
            Tensor bias,
            Tensor x,
            boolean first,
            Unary f,
            float parameter) {
        checkUsable();
        convolutions.bindTransposed(operation, shape, y, weight, bias, x, first, f, parameter);
    }

    /// Binds the gradient of a convolution's weight.
    ///
    /// @param x       as the shape says
    /// @param dy      like the shape's y
    /// @param dWeight like the shape's weight; overwritten if `first`, else added into
    public void bindConvolutionWeight(
            String operation, ConvolutionShape shape, Tensor x, Tensor dy, Tensor dWeight, boolean first) {
        checkUsable();
        convolutions.bindWeight(operation, shape, x, dy, dWeight, first);
    }

    @Override
    MemorySegment reserve(long bytes, Arena owner) {
        MemorySegment data = owner.allocate(Math.max(bytes, 1), ALIGNMENT);
        if (!data.isAccessibleBy(OTHER_THREAD)) {
            throw new IllegalArgumentException("allocate: workers are other threads, so memory of a CPU device needs a"
                    + " shared arena; arena=" + owner);
        }
        assert poisoned(data);
        return data.asSlice(0, bytes);
    }

    private static final Thread OTHER_THREAD = Thread.ofPlatform().unstarted(() -> {});

    /// All bits set: NaN as f32 and f64, −1 as an index.
    private static boolean poisoned(MemorySegment data) {
        data.fill((byte) 0xFF);
        return true;
    }

    @Override
    MemorySegment slice(MemorySegment data, long offset, long bytes) {
        return data.asSlice(offset, bytes);
    }

    @Override
    void checkHolds(MemorySegment data, Shape shape, DType dtype) {
        if (data.byteSize() < shape.size() * dtype.bytes()) {
            throw new IllegalArgumentException(
                    "tensor: too little memory; bytes=" + data.byteSize() + ", shape=" + shape + ", dtype=" + dtype);
        }
    }

    @Override
    void copyIn(MemorySegment from, Tensor to) {
        to.data().copyFrom(from);
    }

    @Override
    void copyOut(Tensor from, MemorySegment to) {
        to.copyFrom(from.data().asSlice(0, from.bytes()));
    }

    @Override
    void await() {
        // Every launch has ended when bind returns.
    }

    @Override
    Replay replay(List<Launch> launches, Arena owner) {
        Launch[] inOrder = launches.toArray(Launch[]::new);
        return times -> {
            for (long run = 0; run < times; run++) {
                for (Launch launch : inOrder) {
                    launch.run();
                }
            }
        };
    }

    @Override
    void release() {
        products.close();
        convolutions.close();
        workers.close();
    }
}
