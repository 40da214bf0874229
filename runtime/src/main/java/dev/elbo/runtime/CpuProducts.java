package dev.elbo.runtime;

import dev.elbo.ffi.onednn.Activation;
import dev.elbo.ffi.onednn.Arithmetic;
import dev.elbo.ffi.onednn.Product;
import dev.elbo.ffi.onednn.Stage;
import dev.elbo.runtime.cpu.Unary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The matrix products of a [CpuDevice].
///
/// oneDNN's primitives are prepared once for each shape: those of a recorded step live as long as the step, the others
/// in a cache of bounded size. What follows a product elementwise is Elbo's own, so that an activation has the same
/// accuracy whoever multiplies. Where the first factor turns out to be mostly zeros, [SparseProduct] spares oneDNN the
/// work.
final class CpuProducts implements AutoCloseable {
    /// Rows that are computed together in the fixed order: b is laid out anew for each group, which has to pay.
    private static final int GROUP = 32;

    /// Multiply-adds that take as long as one element of a simple loop.
    private static final long PER_ELEMENT = 8;

    /// Elements of a simple loop that one exp is worth.
    private static final long PER_FUNCTION = 4;

    private static final int LEAST_ROW = 64;
    private static final int LONGEST_INNER = 4096;
    private static final int CACHED = 64;

    private final CpuDevice cpu;
    private final boolean oneDnn;
    private final Map<Product.Spec, Prepared> eager = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<Product.Spec, Product> recorded = new LinkedHashMap<>();

    /// Whether sums of rows have the bits of a product, where that was tried.
    private final SequencedMap<Product.Spec, Boolean> summed = new LinkedHashMap<>(16, 0.75f, true);
    private Arena recording;

    /// A product of the cache.
    private record Prepared(Product product, MemorySegment workspace, Arena owner) {}

    CpuProducts(CpuDevice cpu, boolean oneDnn) {
        this.cpu = cpu;
        this.oneDnn = oneDnn;
    }

    void bind(
            String operation, ProductShape shape, Tensor a, Tensor b, Tensor bias, Tensor c, Unary f, float parameter) {
        if (oneDnn && !shape.isEmpty()) {
            library(operation, shape, a, b, bias, c);
            if (f != Unary.IDENTITY) {
                CpuDevice.Block some = (from, to) -> cpu.math().unary(f, parameter, c.data(), c.data(), from, to);
                cpu.bind(operation, c.shape().size(), PER_FUNCTION, some);
            }
        } else {
            fixed(operation, shape, a, b, bias, c, f, parameter);
        }
    }

    void bindBernoulli(String operation, ProductShape shape, Tensor a, Tensor b, Tensor bias, Tensor c, Draw draw) {
        if (oneDnn && !shape.isEmpty()) {
            library(operation, shape, a, b, bias, c);
            CpuDevice.Block some = (from, to) -> draw(c, draw, from, to);
            cpu.bind(operation, c.shape().size(), 2 * PER_FUNCTION, some);
        } else {
            CpuDevice.Block groups = groups(shape, a, b, bias, c, Unary.IDENTITY, 0);
            int cols = shape.cols();
            CpuDevice.Block both = (from, to) -> {
                groups.run(from, to);
                draw(c, draw, from * GROUP * cols, Math.min(shape.rows(), to * GROUP) * cols);
            };
            bindGroups(operation, shape, both);
        }
    }

    private void draw(Tensor c, Draw draw, long from, long to) {
        cpu.math().bernoulliLogits(c.data(), c.data(), from, to, draw.seed(), draw.step(), draw.operation());
    }

    /// Whether cᵀ = op(b)ᵀ · a takes its place: one column is one lane of sixteen to oneDNN, the row that it also is
    /// fills them. Not over a long batch, which is summed in parts.
    private static boolean turns(ProductShape shape, Tensor bias) {
        return shape.cols() == 1
                && shape.transposeA()
                && bias == null
                && shape.rows() >= LEAST_ROW
                && shape.inner() <= LONGEST_INNER;
    }

    private void library(String operation, ProductShape shape, Tensor a, Tensor b, Tensor bias, Tensor c) {
        if (turns(shape, bias)) {
            ProductShape turned = new ProductShape(1, shape.inner(), shape.rows(), false, false, shape.accumulate());
            library(operation, turned, b, a, null, c);
            return;
        }
        Product.Spec spec = new Product.Spec(
                shape.rows(),
                shape.inner(),
                shape.cols(),
                shape.transposeA(),
                shape.transposeB(),
                bias != null,
                Activation.IDENTITY,
                shape.accumulate(),
                Arithmetic.F32);
        MemorySegment biasData = bias == null ? MemorySegment.NULL : bias.data();
        Arena step = cpu.recordingOwner();
        Product product;
        MemorySegment workspace;
        if (step == null) {
            Prepared prepared = eager.computeIfAbsent(spec, CpuProducts::prepare);
            product = prepared.product;
            workspace = prepared.workspace;
        } else {
            if (recording != step) {
                recorded.clear();
                recording = step;
            }
            product = recorded.computeIfAbsent(spec, missing -> Product.of(missing, step));
            workspace = workspace(product, step);
        }
        List<CpuLaunch> launches = new ArrayList<>();
        for (Stage stage : product.stages(a.data(), b.data(), biasData, c.data(), workspace)) {
            launches.add(cpu.launch(operation, stage.blocks(), stage.flops() / 2 / PER_ELEMENT, stage::run));
        }
        if (SparseProduct.suits(shape, product) && hasBitsOfSums(product)) {
            cpu.bind(new SparseProduct(cpu, operation, shape, a, b, bias, c, launches));
        } else {
            launches.forEach(cpu::bind);
        }
        if (eager.size() > CACHED) {
            Map.Entry<Product.Spec, Prepared> oldest =
                    eager.entrySet().iterator().next();
            eager.remove(oldest.getKey());
            oldest.getValue().owner.close();
        }
    }

    private boolean hasBitsOfSums(Product product) {
        boolean same = summed.computeIfAbsent(product.spec(), _ -> SumsTrial.hasBitsOf(product, cpu.math()));
        if (summed.size() > CACHED) {
            summed.pollFirstEntry();
        }
        return same;
    }

    private static Prepared prepare(Product.Spec spec) {
        Arena owner = Arena.ofShared();
        Product product = Product.of(spec, owner);
        return new Prepared(product, workspace(product, owner), owner);
    }

    private static MemorySegment workspace(Product product, Arena owner) {
        long bytes = product.workspaceBytes();
        return bytes == 0 ? MemorySegment.NULL : owner.allocate(bytes, CpuDevice.ALIGNMENT);
    }

    private void fixed(
            String operation, ProductShape shape, Tensor a, Tensor b, Tensor bias, Tensor c, Unary f, float parameter) {
        bindGroups(operation, shape, groups(shape, a, b, bias, c, f, parameter));
    }

    private void bindGroups(String operation, ProductShape shape, CpuDevice.Block groups) {
        int cols = shape.cols();
        long work = GROUP * ((long) shape.inner() * cols / PER_ELEMENT + PER_FUNCTION * cols);
        cpu.bind(operation, Math.ceilDiv(shape.rows(), GROUP), work, groups);
    }

    /// The product in the fixed order, rows of one group after the other.
    private CpuDevice.Block groups(
            ProductShape shape, Tensor a, Tensor b, Tensor bias, Tensor c, Unary f, float parameter) {
        MemorySegment biasData = bias == null ? null : bias.data();
        int rows = shape.rows();
        int inner = shape.inner();
        int cols = shape.cols();
        long aRow = shape.transposeA() ? 1 : inner;
        long aInner = shape.transposeA() ? rows : 1;
        long bInner = shape.transposeB() ? 1 : cols;
        long bCol = shape.transposeB() ? inner : 1;
        return (from, to) -> cpu.math()
                .multiply(
                        a.data(),
                        aRow,
                        aInner,
                        b.data(),
                        bInner,
                        bCol,
                        biasData,
                        c.data(),
                        from * GROUP,
                        Math.min(rows, to * GROUP),
                        inner,
                        cols,
                        1,
                        shape.accumulate() ? 1 : 0,
                        f,
                        parameter);
    }

    @Override
    public void close() {
        eager.values().forEach(prepared -> prepared.owner.close());
        eager.clear();
    }
}
