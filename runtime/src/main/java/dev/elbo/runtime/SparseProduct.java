package dev.elbo.runtime;

import dev.elbo.ffi.onednn.Product;
import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.cpu.SparseMath;
import java.util.List;

/// A matrix product whose first factor may be mostly zeros. At each run it is looked at: where few of its elements
/// are other than zero, the product is the sums of rows that [SparseMath] says, else oneDNN's.
///
/// Both have the same bits, so that the choice is one of time alone: what a row becomes depends on no other row.
/// oneDNN says in what order it adds up only by doing it, and chooses by the processor; so each product is tried
/// once ([SumsTrial]), and one that adds otherwise stays oneDNN's. Where the second factor is infinite or NaN
/// somewhere, a zero counts, and oneDNN multiplies.
final class SparseProduct implements Launch {
    /// oneDNN's kernel of whose sums an order is known, see `runtime/decisions/0005`.
    private static final String KERNEL = "brg_matmul:avx512_core";

    /// Beyond it, oneDNN cuts the sums of a first factor that is not transposed into other parts.
    private static final int LONGEST_INNER = 1024;

    /// The second factor is looked at as a whole, which is to be little beside the product.
    private static final int LEAST_ROWS = 32;

    private static final int LEAST_COLS = 64;

    /// Of the rows in memory of the first factor, one of so many is counted.
    private static final int EVERY = 8;

    /// One element of so many may be other than zero; at one of three, both ways take equally long.
    private static final int FEW = 5;

    /// Multiply-adds that take as long as one element of a simple loop, most of which are not done.
    private static final long PER_ELEMENT = 32;

    /// Elements of the second factor that are looked at as one item of a launch.
    private static final int ELEMENTS = 1024;

    private final CpuMath math;
    private final Tensor a;
    private final int aRows;
    private final int aCols;
    private final CpuLaunch check;
    private final CpuLaunch sums;
    private final CpuLaunch[] dense;
    private volatile boolean finite;

    /// @param bias  (cols), or null
    /// @param dense oneDNN's launches for the same
    SparseProduct(
            CpuDevice cpu,
            String operation,
            ProductShape shape,
            Tensor a,
            Tensor b,
            Tensor bias,
            Tensor c,
            List<CpuLaunch> dense) {
        this.math = cpu.math();
        this.a = a;
        this.dense = dense.toArray(CpuLaunch[]::new);
        int rows = shape.rows();
        int inner = shape.inner();
        int cols = shape.cols();
        this.aRows = shape.transposeA() ? inner : rows;
        this.aCols = shape.transposeA() ? rows : inner;
        long size = (long) inner * cols;
        CpuDevice.Block look = (from, to) -> {
            if (!math.finite(b.data(), from * ELEMENTS, Math.min(size, to * ELEMENTS))) {
                finite = false;
            }
        };
        this.check = cpu.launch(operation, Math.ceilDiv(size, ELEMENTS), ELEMENTS / 2, look);
        int group = SparseMath.GROUP;
        CpuDevice.Block some = (from, to) -> math.multiplySparse(
                a.data(),
                shape.transposeA(),
                b.data(),
                bias == null ? null : bias.data(),
                c.data(),
                from * group,
                Math.min(rows, to * group),
                rows,
                inner,
                cols,
                shape.accumulate());
        this.sums = cpu.launch(operation, Math.ceilDiv(rows, group), group * size / PER_ELEMENT, some);
    }

    /// Whether it is worth looking, and the order of the sums may be that of [SparseMath]: a [SumsTrial] says.
    static boolean suits(ProductShape shape, Product product) {
        return !shape.transposeB()
                && shape.rows() >= LEAST_ROWS
                && shape.cols() >= LEAST_COLS
                && (!shape.accumulate() || shape.inner() <= SparseMath.PART)
                && (shape.transposeA() || shape.inner() <= LONGEST_INNER)
                && product.workspaceBytes() == 0
                && product.implementation().equals(KERNEL);
    }

    @Override
    public String operation() {
        return sums.operation();
    }

    @Override
    public void run() {
        if (isSparse() && math.sumsRowsFast() && isFinite()) {
            sums.run();
        } else {
            for (CpuLaunch launch : dense) {
                launch.run();
            }
        }
    }

    private boolean isSparse() {
        long counted = 0;
        long nonZeros = 0;
        for (long row = 0; row < aRows; row += EVERY) {
            counted += aCols;
            nonZeros += math.nonZeros(a.data(), row * aCols, (row + 1) * aCols);
        }
        return FEW * nonZeros <= counted;
    }

    private boolean isFinite() {
        finite = true;
        check.run();
        return finite;
    }
}
