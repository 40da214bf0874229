package dev.elbo.runtime;

import dev.elbo.ffi.Blas;
import dev.elbo.ffi.CuBlasLt;
import dev.elbo.ffi.CudaBinding;
import dev.elbo.ffi.CudaBindings;
import dev.elbo.ffi.CudaStream;
import dev.elbo.ffi.DevicePointer;
import dev.elbo.ffi.FusedProduct;
import dev.elbo.ffi.ProductEpilogue;
import dev.elbo.ffi.ProductLayout;
import dev.elbo.runtime.cpu.Binary;
import dev.elbo.runtime.cpu.Unary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The matrix products of a [CudaDevice].
///
/// cuBLAS multiplies, cuBLASLt where there is a bias to add; without them, in the fixed order, in terms of bf16, and
/// where a product is empty, Elbo's own kernels do both. What follows a product elementwise is always Elbo's own:
/// cuBLASLt's ReLU takes the larger of a number and 0, which loses a NaN.
final class CudaProducts {
    private static final long HOPPER_WORKSPACE = 32L << 20;
    private static final long WORKSPACE = 4L << 20;
    private static final int CACHED = 256;

    /// The oldest GPUs with units for bf16: Ampere.
    private static final int AMPERE = 80;

    /// A kernel's tile has 64 rows and columns: of a narrower product than this it would be empty for the most part.
    private static final int NARROW = 16;

    /// Algorithms that are tried for a product.
    private static final int PROPOSED = 8;

    /// Bytes; better aligned than that is nothing better.
    private static final long ALIGNED = 256;

    private final CudaDevice cuda;
    private final Arena owner;
    private final Map<Key, Optional<FusedProduct.Algorithm>> algorithms = new LinkedHashMap<>(16, 0.75f, true);
    private final List<Library> beside = new ArrayList<>();
    private Library library;

    /// What is opened at the first product.
    ///
    /// @param who   multiplies, and why, for people
    /// @param blas  null where products run in Elbo's kernel
    /// @param fused handle of cuBLASLt, null where there is none
    private record Library(String who, Blas blas, MemorySegment fused, MemorySegment workspace, long workspaceBytes) {
        static Library none(String why) {
            return new Library("Elbo's own kernel: " + why, null, null, null, 0);
        }
    }

    /// What the choice of an algorithm depends on.
    ///
    /// @param alignments of a, b, bias and c, 16 bits each; 0 of a bias that there is not
    private record Key(ProductLayout shape, long alignments) {}

    CudaProducts(CudaDevice cuda, Arena owner) {
        this.cuda = cuda;
        this.owner = owner;
    }

    String who() {
        return library().who;
    }

    void bind(String operation, int batch, ProductShape shape, Tensor a, Tensor b, Tensor c) {
        if (library().blas == null || shape.isEmpty() || isSplit(shape)) {
            own(operation, batch, shape, a, b, null, c, Unary.IDENTITY, 0);
        } else if (batch == 1) {
            bind(operation, shape, a, b, null, c, Unary.IDENTITY, 0);
        } else if (batch > 1) {
            multiply(operation, batch, shape, a, b, c);
        }
    }

    void bind(
            String operation, ProductShape shape, Tensor a, Tensor b, Tensor bias, Tensor c, Unary f, float parameter) {
        Library opened = library();
        if (opened.blas == null || shape.isEmpty() || isSplit(shape)) {
            own(operation, 1, shape, a, b, bias, c, f, parameter);
            return;
        }
        boolean fused = bias != null || cuda.options().tuning().algorithms().isPresent();
        if (!fused || !fuse(opened, operation, shape, a, b, bias, c)) {
            multiply(operation, 1, shape, a, b, c);
            if (bias != null) {
                add(operation, shape, bias, c);
            }
        }
        cuda.bindUnary(operation, c, f, parameter);
    }

    /// Binds bits, each 1 with the probability σ of the product, in one launch of Elbo's own, whoever multiplies
    /// elsewhere: the probabilities stay on the chip.
    void bindBernoulli(String operation, ProductShape shape, Tensor a, Tensor b, Tensor bias, Tensor c, Draw draw) {
        int rows = shape.rows();
        int inner = shape.inner();
        int cols = shape.cols();
        cuda.kernel(isSplit(shape) ? "matmul_bernoulli_split_f32" : "matmul_bernoulli_f32")
                .args(a, b, bias, null, c, draw.words(), draw.operation(), rows, cols, inner)
                .args(shape.transposeA() ? 1 : inner, shape.transposeA() ? rows : 1)
                .args(shape.transposeB() ? 1 : cols, shape.transposeB() ? inner : 1)
                .args(1f)
                .bind(operation);
    }

    private void multiply(String operation, int batch, ProductShape shape, Tensor a, Tensor b, Tensor c) {
        long rows = shape.rows();
        ProductLayout call = call(shape)
                .batched(batch, rows * shape.inner(), (long) shape.inner() * shape.cols(), rows * shape.cols());
        float beta = shape.accumulate() ? 1 : 0;
        cuda.bind(new CudaLaunch(
                cuda,
                operation,
                CudaLaunch.Worker.PRODUCT,
                List.of(a, b, c),
                List.of(c),
                () -> branch().blas.product(call, 1, a.data(), b.data(), beta, c.data())));
    }

    /// Binds the product by cuBLASLt, with its bias if it has one, if the library can.
    private boolean fuse(
            Library opened, String operation, ProductShape shape, Tensor a, Tensor b, Tensor bias, Tensor c) {
        if (opened.fused == null) {
            return false;
        }
        ProductLayout call = call(shape);
        Arena step = cuda.recordingOwner();
        Arena frame = step == null ? Arena.ofConfined() : step;
        try {
            ProductEpilogue epilogue = bias == null ? ProductEpilogue.NONE : ProductEpilogue.BIAS;
            MemorySegment added = bias == null ? MemorySegment.NULL : bias.data();
            FusedProduct product = FusedProduct.of(opened.fused, call, epilogue, added, MemorySegment.NULL, 0, frame);
            Optional<FusedProduct.Algorithm> algorithm = algorithm(opened, product, call, a, b, bias, c);
            float beta = shape.accumulate() ? 1 : 0;
            algorithm.ifPresent(chosen -> cuda.bind(new CudaLaunch(
                    cuda,
                    operation,
                    CudaLaunch.Worker.PRODUCT,
                    bias == null ? List.of(a, b, c) : List.of(a, b, bias, c),
                    List.of(c),
                    () -> product.run(
                            chosen,
                            1,
                            a.data(),
                            b.data(),
                            beta,
                            c.data(),
                            branch().workspace,
                            cuda.stream().handle()))));
            return algorithm.isPresent();
        } finally {
            if (step == null) {
                frame.close();
            }
        }
    }

    private Optional<FusedProduct.Algorithm> algorithm(
            Library opened, FusedProduct product, ProductLayout call, Tensor a, Tensor b, Tensor bias, Tensor c) {
        long added = bias == null ? 0 : alignment(bias);
        long alignments = alignment(a) << 48 | alignment(b) << 32 | added << 16 | alignment(c);
        Optional<FusedProduct.Algorithm> chosen =
                algorithms.computeIfAbsent(new Key(call, alignments), key -> choose(opened, product, key, a, b, c));
        if (algorithms.size() > CACHED) {
            algorithms.remove(algorithms.keySet().iterator().next());
        }
        return chosen;
    }

    private Optional<FusedProduct.Algorithm> choose(
            Library opened, FusedProduct product, Key key, Tensor a, Tensor b, Tensor c) {
        Optional<Path> file = cuda.options().tuning().algorithms();
        List<FusedProduct.Algorithm> proposed = product.algorithms(
                a.data(), b.data(), c.data(), opened.workspaceBytes, file.isPresent() ? PROPOSED : 1);
        if (file.isEmpty() || proposed.isEmpty()) {
            return proposed.stream().findFirst();
        }
        Map<String, FusedProduct.Algorithm> ways = new LinkedHashMap<>();
        proposed.forEach(each -> ways.put(each.bits() + " " + each.workspaceBytes(), each));
        String task = "cuBLASLt %s, %s, aligned %x".formatted(CuBlasLt.library().version(), key.shape, key.alignments);
        try (Arena frame = Arena.ofConfined()) {
            // A trial overwrites nothing that anybody reads, at an address that is aligned as c's.
            long past = alignment(c) % ALIGNED;
            MemorySegment scratch = DevicePointer.at(cuda.reserve(c.bytes() + past, frame), past);
            String fastest = cuda.fastest(
                    task,
                    List.copyOf(ways.keySet()),
                    way -> product.run(
                            ways.get(way),
                            1,
                            a.data(),
                            b.data(),
                            0,
                            scratch,
                            opened.workspace,
                            cuda.stream().handle()));
            return Optional.of(ways.get(fastest));
        }
    }

    /// What the address is a multiple of, at most 256 bytes.
    private static long alignment(Tensor x) {
        return Long.lowestOneBit(x.data().address() | ALIGNED);
    }

    private void add(String operation, ProductShape shape, Tensor bias, Tensor c) {
        int cols = shape.cols();
        cuda.kernel("binary_f32")
                .args(c, bias, c, shape.rows(), cols, cols, 1, 0, 1, Binary.ADD.ordinal())
                .bind(operation);
    }

    /// Whether the factors are split into terms.
    private boolean isSplit(ProductShape shape) {
        return cuda.precision() == MatrixPrecision.BF16X3
                && cuda.computeCapability() >= AMPERE
                && !cuda.options().fixedOrder()
                && Math.min(shape.rows(), shape.cols()) >= NARROW;
    }

    private void own(
            String operation,
            int batch,
            ProductShape shape,
            Tensor a,
            Tensor b,
            Tensor bias,
            Tensor c,
            Unary f,
            float parameter) {
        int rows = shape.rows();
        int inner = shape.inner();
        int cols = shape.cols();
        long sizeA = (long) rows * inner;
        long sizeB = (long) inner * cols;
        long sizeC = (long) rows * cols;
        cuda.kernel(isSplit(shape) ? "matmul_split_f32" : "matmul_f32")
                .args(a, b, bias, c, rows, cols, inner, batch)
                .args(shape.transposeA() ? 1 : inner, shape.transposeA() ? rows : 1)
                .args(shape.transposeB() ? 1 : cols, shape.transposeB() ? inner : 1)
                .args(cols, sizeA, sizeB, sizeC)
                .args(1f, shape.accumulate() ? 1f : 0f, f.ordinal(), parameter)
                .bind(operation);
    }

    private ProductLayout call(ProductShape shape) {
        return ProductLayout.of(shape.rows(), shape.cols(), shape.inner())
                .transposed(shape.transposeA(), shape.transposeB())
                .in(cuda.libraryPrecision());
    }

    private Library library() {
        if (library == null) {
            CudaBindings.Choice choice = CudaBindings.ofProcess().blas();
            if (cuda.options().fixedOrder()) {
                library = Library.none("the fixed order was asked for");
            } else {
                library = choice.available()
                        ? open(choice.why(), choice.binding(), cuda.stream())
                        : Library.none(choice.why());
            }
        }
        return library;
    }

    /// Opens what the branches beside the first need: a handle keeps its stream, and products side by side may not
    /// share a workspace.
    void prepareBranches(int count) {
        while (library != null && library.blas != null && beside.size() < count - 1) {
            CudaBindings.Choice choice = CudaBindings.ofProcess().blas();
            CudaStream branch = cuda.branch(beside.size() + 1);
            Library opened = open(choice.why(), choice.binding(), branch);
            warm(opened.blas, branch);
            beside.add(opened);
        }
    }

    /// A handle's first product may load what must not be loaded while a step is captured.
    private void warm(Blas blas, CudaStream branch) {
        try (Arena frame = Arena.ofConfined()) {
            long bytes = 3L * Float.BYTES;
            MemorySegment x = cuda.reserve(bytes, frame);
            cuda.stream().fillBytes(x, (byte) 0, bytes);
            cuda.stream().synchronize();
            MemorySegment second = DevicePointer.at(x, Float.BYTES);
            MemorySegment result = DevicePointer.at(x, 2L * Float.BYTES);
            blas.product(ProductLayout.of(1, 1, 1).in(cuda.libraryPrecision()), 1, x, second, 0, result);
            branch.synchronize();
        }
    }

    private Library branch() {
        return cuda.branch() == 0 ? library() : beside.get(cuda.branch() - 1);
    }

    private Library open(String why, CudaBinding binding, CudaStream stream) {
        long bytes = cuda.computeCapability() >= 90 ? HOPPER_WORKSPACE : WORKSPACE;
        MemorySegment workspace = cuda.reserve(bytes, owner);
        cuda.ledger().allocated(workspace.scope(), "workspace of cuBLAS", bytes);
        Blas blas = binding.blas(stream.handle(), workspace, bytes, owner);
        MemorySegment fused = CuBlasLt.library().present() ? CuBlasLt.create(owner) : null;
        return new Library("cuBLAS: " + why, blas, fused, workspace, bytes);
    }
}
