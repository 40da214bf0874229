package dev.elbo.runtime;

import dev.elbo.ffi.Cuda;
import dev.elbo.ffi.CudaContext;
import dev.elbo.ffi.CudaFunction;
import dev.elbo.ffi.CudaModule;
import dev.elbo.ffi.CudaStream;
import dev.elbo.ffi.DeviceAttribute;
import dev.elbo.ffi.DevicePointer;
import dev.elbo.ffi.LaunchBlock;
import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.Precision;
import dev.elbo.ffi.Version;
import dev.elbo.kernels.ComputeCapability;
import dev.elbo.kernels.KernelFamily;
import dev.elbo.kernels.Kernels;
import dev.elbo.runtime.cpu.Unary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// One NVIDIA GPU: its memory, and one stream that all work is given to.
///
/// Launches return at once and run in the order in which they were given; memory comes from the stream's own pool, so
/// closing an arena frees after the last use. The host waits in [#synchronize], [#read] and what is made of them, and
/// nowhere else. The device needs the driver alone; cuBLAS is used for matrix products and cuDNN for convolutions where
/// they are found.
public final class CudaDevice extends Device {
    /// The oldest GPUs that Elbo's kernels are compiled for: Turing.
    private static final ComputeCapability OLDEST = new ComputeCapability(7, 5);

    private static final ComputeCapability HOPPER = new ComputeCapability(9, 0);

    private final CudaOptions options;

    /// The stream outlives all that is freed in its order, and the context the stream.
    private final Arena contextOwner = Arena.ofConfined();

    private final Arena streamOwner = Arena.ofConfined();
    private final Arena owner = Arena.ofConfined();
    private final CudaContext context;
    private final CudaStream stream;
    private final boolean borrowed;
    private final ComputeCapability capability;
    private final Map<Object, CudaModule> modules = new HashMap<>();
    private final Map<String, CudaFunction> functions = new HashMap<>();
    private final LaunchBlock eager;
    private final Staging staging;
    private final CudaProducts products;
    private final CudaConvolutions convolutions;
    private TimedChoices choices;
    private final List<CudaStream> branches = new ArrayList<>();
    private int branch;
    private boolean early;
    private MemorySegment workspace = MemorySegment.NULL;
    private long workspaceBytes;
    private String latest = "none yet";

    private CudaDevice(int ordinal, MemorySegment foreignContext, MemorySegment foreignStream, CudaOptions options) {
        super("cuda:" + ordinal);
        this.options = options;
        this.borrowed = foreignStream != null;
        try {
            Cuda.init();
            this.context = borrowed
                    ? new CudaContext(Cuda.device(ordinal), foreignContext)
                    : CudaContext.open(ordinal, contextOwner);
            context.makeCurrent();
            this.capability = capability(context.device());
            this.stream = borrowed ? new CudaStream(foreignStream) : CudaStream.open(streamOwner);
            if (!borrowed) {
                // A step that is not recorded takes and gives back the same sizes all the time.
                context.keepFreed(Long.MAX_VALUE);
            }
            this.eager = LaunchBlock.of(owner);
            this.staging = new Staging(context, stream, owner);
            this.products = new CudaProducts(this, owner);
            this.convolutions = new CudaConvolutions(this, owner);
        } catch (Throwable t) {
            try (Arena _ = contextOwner;
                    Arena _ = streamOwner;
                    Arena _ = owner) {
                throw t;
            }
        }
    }

    /// The GPU of this number, as fast as it can.
    ///
    /// @param ordinal from 0
    /// @throws NativeException when there is none, see [#missing]
    public static CudaDevice open(int ordinal) {
        return open(ordinal, CudaOptions.best());
    }

    /// The GPU of this number, computing as it is told.
    ///
    /// @param ordinal from 0
    /// @throws NativeException when there is none, see [#missing]
    public static CudaDevice open(int ordinal, CudaOptions options) {
        return new CudaDevice(ordinal, null, null, options);
    }

    /// A device on a context and a stream that somebody else made, for Elbo as a part of another program. All work,
    /// allocations and frees are ordered on that stream, so neither side waits for the other.
    ///
    /// Tensors over memory of the other side are made by their constructor, from
    /// `MemorySegment.ofAddress(address)`: Elbo neither owns nor frees what lies there.
    ///
    /// @param ordinal of the GPU that the context belongs to
    /// @param context a `CUcontext`, borrowed; becomes current on this thread with each call
    /// @param stream  a `CUstream` or `cudaStream_t` of it, borrowed; outlives the device and its memory
    public static CudaDevice over(int ordinal, MemorySegment context, MemorySegment stream, CudaOptions options) {
        return new CudaDevice(ordinal, context, stream, options);
    }

    /// Why the GPU of this number cannot be opened; empty if it can. Looks at the driver, never throws.
    public static Optional<String> missing(int ordinal) {
        if (!Cuda.library().present()) {
            return Optional.of("no NVIDIA driver: " + Cuda.library().reason());
        }
        try {
            Cuda.init();
            int count = Cuda.deviceCount();
            if (ordinal < 0 || ordinal >= count) {
                return Optional.of("the driver shows " + count + " GPUs, numbered from 0; wanted=" + ordinal);
            }
            int device = Cuda.device(ordinal);
            if (capability(device).compareTo(OLDEST) < 0) {
                return Optional.of("the GPU is too old: compute capability " + capability(device) + ", needed " + OLDEST
                        + "; name=" + Cuda.deviceName(device));
            }
            return Cuda.attribute(DeviceAttribute.MEMORY_POOLS_SUPPORTED, device) == 0
                    ? Optional.of("the GPU has no memory pools; name=" + Cuda.deviceName(device))
                    : Optional.empty();
        } catch (NativeException e) {
            return Optional.of(e.getMessage());
        }
    }

    private static ComputeCapability capability(int device) {
        Version version = Cuda.capability(device);
        return new ComputeCapability(version.major(), version.minor());
    }

    /// What the GPU can execute, 10 · major + minor: 90 is Hopper.
    public int computeCapability() {
        return 10 * capability.major() + capability.minor();
    }

    /// How it computes.
    public CudaOptions options() {
        return options;
    }

    @Override
    public MatrixPrecision trainingPrecision() {
        return capability.major() >= 8 ? options.training() : MatrixPrecision.FP32;
    }

    /// The `CUcontext`, for other libraries on the same GPU; borrowed.
    public MemorySegment contextHandle() {
        return context.handle();
    }

    /// The `CUstream` that all work is given to, for other libraries to give theirs to; borrowed.
    public MemorySegment streamHandle() {
        return stream.handle();
    }

    /// One of Elbo's kernels, to be given its arguments.
    ///
    /// @throws IllegalArgumentException when there is none of that name
    public KernelCall kernel(String name) {
        checkUsable();
        KernelFamily family = Kernels.owner(name);
        CudaFunction function = functions.get(name);
        if (function == null) {
            enter();
            function = modules.computeIfAbsent(family.name(), _ -> load(family)).function(name);
            functions.put(name, function);
        }
        return new KernelCall(this, function, Optional.of(family.entry(name)));
    }

    private CudaModule load(KernelFamily family) {
        var ptx = family.ptx(capability);
        String text = overlapping() ? ptx.overlapping() : ptx.text();
        return CudaModule.load(ptx.file(), text.getBytes(StandardCharsets.UTF_8), owner);
    }

    /// A kernel of somebody else's, to be given its launch and its arguments.
    ///
    /// @throws NativeException when the driver refuses the source, or finds no such kernel in it
    public KernelCall kernel(PtxSource source, String name) {
        checkUsable();
        enter();
        CudaModule module = modules.computeIfAbsent(
                source, _ -> CudaModule.load(source.name(), source.text().getBytes(StandardCharsets.UTF_8), owner));
        return new KernelCall(this, module.function(name), Optional.empty());
    }

    /// One of several ways to do the same: the first, unless the device is tuned ([CudaTuning#algorithms]). Then it is
    /// the one that its file remembers, or else the fastest, which the file remembers from now on.
    ///
    /// @param task what is to be done, in words that no other task has: sizes, versions of libraries
    /// @param ways at least one
    /// @param run  goes one of them now, where nobody reads what it leaves
    public String fastest(String task, List<String> ways, Consumer<String> run) {
        Optional<Path> file = options.tuning().algorithms();
        if (file.isEmpty()) {
            return ways.getFirst();
        }
        checkThread();
        enter();
        choices = choices == null ? new TimedChoices(this, file.get()) : choices;
        return choices.choose(Cuda.deviceName(context.device()) + ", " + task, ways, run);
    }

    /// Binds a matrix product, by cuBLAS or in the fixed order, as the device was opened.
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

    /// Binds bits, each 1 with the probability σ of a matrix product, in one launch.
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

    /// Memory for what the launches of one operation tell each other. The next operation may be given the same:
    /// launches that write to it, and say so, keep their order. A recorded step keeps its address, so what has been
    /// given stays.
    ///
    /// @param operation name in messages
    /// @param bytes     at least so many, of any content
    public MemorySegment workspace(String operation, long bytes) {
        checkUsable();
        if (bytes > workspaceBytes) {
            long grown = Math.max(bytes, 2 * workspaceBytes);
            try {
                workspace = reserve(grown, owner);
            } catch (NativeException e) {
                throw told(e, "operation=" + operation + ", workspace=" + grown);
            }
            ledger().allocated(workspace.scope(), "workspace", grown);
            workspaceBytes = grown;
        }
        return workspace;
    }

    /// Binds `batch` matrix products at once, of matrices that follow each other: c (+)= op(a) · op(b).
    ///
    /// @param c (batch, rows, cols)
    public void bindProducts(String operation, int batch, ProductShape shape, Tensor a, Tensor b, Tensor c) {
        checkUsable();
        products.bind(operation, batch, shape, a, b, c);
    }

    /// Who multiplies matrices on this device, and why, for people: `Elbo's own kernel: cuBLAS: library missing, …`.
    public String products() {
        checkUsable();
        return products.who();
    }

    /// What names Elbo's own kernels in the provenance of a run: the SHA-256 of all their PTX, in hexadecimal.
    public String kernels() {
        return Kernels.fingerprint();
    }

    /// Binds a convolution, by cuDNN or in the fixed order, as the device was opened.
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

    /// Who convolves on this device, and why, for people: `cuDNN: panama, …`.
    public String convolutions() {
        checkUsable();
        return convolutions.who();
    }

    /// Binds x = f(x), if f does anything: what follows a library's call.
    void bindUnary(String operation, Tensor x, Unary f, float parameter) {
        if (f != Unary.IDENTITY) {
            kernel("unary_f32")
                    .args(x, x, x.shape().size(), f.ordinal(), parameter)
                    .bind(operation);
        }
    }

    /// How libraries are to multiply; those know no terms.
    Precision libraryPrecision() {
        return switch (precision()) {
            case FP32, BF16X3 -> Precision.FP32;
            case TF32 -> Precision.TF32;
            case BF16 -> Precision.BF16;
        };
    }

    /// The stream that work is given to now: the device's own, but in the capture of a step of several branches.
    CudaStream stream() {
        return branch(branch);
    }

    /// The stream of a branch; of 0 the device's own.
    CudaStream branch(int number) {
        return number == 0 ? stream : branches.get(number - 1);
    }

    /// The branch that work is given to now.
    int branch() {
        return branch;
    }

    /// Opens what `count` branches need, which a capture would not allow.
    void prepareBranches(int count) {
        while (branches.size() < count - 1) {
            branches.add(CudaStream.open(owner));
        }
        products.prepareBranches(count);
    }

    /// Chooses where the next launch goes, and whether it may be there before what it follows has ended.
    void onBranch(int number, boolean overlaps) {
        branch = number;
        early = overlaps;
    }

    /// Whether the next launch may begin before its predecessor has ended: it waits for it there, see
    /// [dev.elbo.kernels.Ptx#overlapping].
    boolean mayOverlap() {
        return early && overlapping();
    }

    private boolean overlapping() {
        return options.tuning().overlapping() && capability.compareTo(HOPPER) >= 0;
    }

    CudaContext context() {
        return context;
    }

    /// Makes the context the one that calls of this thread work on: another device, or another library, may have
    /// made theirs current.
    void enter() {
        context.makeCurrent();
    }

    /// Where the arguments of the next launch are packed: for one launch at once, or for as long as a recorded step.
    LaunchBlock block() {
        Arena step = recordingOwner();
        return step == null ? eager.clear() : LaunchBlock.of(step);
    }

    /// What the stream was given last, for the message of an error that is heard of later.
    void latest(String operation) {
        latest = operation;
    }

    void afterLaunch() {
        if (options.oneByOne()) {
            stream.synchronize();
        }
    }

    /// The same failure, with more about it.
    static NativeException told(NativeException e, String more) {
        if (e.status() == NativeException.MISSING) {
            return e;
        }
        String arguments = e.arguments().isEmpty() ? more : more + ", " + e.arguments();
        NativeException told = new NativeException(e.function(), e.status(), e.statusName(), arguments);
        told.initCause(e);
        return told;
    }

    @Override
    void bind(Launch launch) {
        checkUsable();
        enter();
        super.bind(launch);
        convolutions.rounded().written(((CudaLaunch) launch).written());
    }

    @Override
    MemorySegment reserve(long bytes, Arena owner) {
        enter();
        try {
            return stream.allocate(Math.max(bytes, 1), owner);
        } catch (NativeException e) {
            throw told(e, ledger().report());
        }
    }

    @Override
    MemorySegment slice(MemorySegment data, long offset, long bytes) {
        return DevicePointer.at(data, offset);
    }

    @Override
    void checkHolds(MemorySegment data, Shape shape, DType dtype) {
        // How far the memory reaches is known to the driver alone; that it is memory is known here.
        DevicePointer.address(data);
    }

    @Override
    void copyIn(MemorySegment from, Tensor to) {
        enter();
        try {
            staging.upload(from, to.data());
        } catch (NativeException e) {
            throw told(e, "after operation=" + latest);
        }
    }

    @Override
    void copyOut(Tensor from, MemorySegment to) {
        enter();
        try {
            staging.download(from.data(), to);
        } catch (NativeException e) {
            throw told(e, "after operation=" + latest);
        }
    }

    @Override
    void await() {
        enter();
        try {
            stream.synchronize();
        } catch (NativeException e) {
            throw told(e, "after operation=" + latest);
        }
    }

    @Override
    Replay replay(List<Launch> launches, Arena owner) {
        return new CudaReplay(this, launches, owner);
    }

    @Override
    void release() {
        try (Arena _ = contextOwner;
                Arena _ = streamOwner) {
            try (Arena _ = owner) {
                enter();
                convolutions.close();
            }
            if (!borrowed) {
                // What the stream has yet to free cannot be given back.
                stream.synchronize();
                context.trim(0);
            }
        }
    }
}
