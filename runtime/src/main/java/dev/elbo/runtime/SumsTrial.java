package dev.elbo.runtime;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.ffi.onednn.Product;
import dev.elbo.runtime.cpu.CpuMath;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Whether sums of rows have the bits of a product of oneDNN's on this processor, found by running both.
///
/// The order of oneDNN's sums follows from its version, the instructions and perhaps the caches of a processor, and it
/// tells nobody. So both are given a first factor of which the first and the last row are other than zero, and these
/// two rows of the product are compared. It takes as long as the product, once.
final class SumsTrial {
    /// Elements of all matrices, which are not to want more memory than the work that is spared is worth.
    private static final long LARGEST = 1 << 26;

    private final Product.Spec spec;
    private final CpuMath math;
    private final int rows;
    private final int inner;
    private final int cols;

    private SumsTrial(Product.Spec spec, CpuMath math) {
        this.spec = spec;
        this.math = math;
        this.rows = Math.toIntExact(spec.rows());
        this.inner = Math.toIntExact(spec.inner());
        this.cols = Math.toIntExact(spec.cols());
    }

    /// Whether they have; taken for no where the product is too large to be tried.
    ///
    /// @param math whose sums of rows are meant
    static boolean hasBitsOf(Product product, CpuMath math) {
        SumsTrial trial = new SumsTrial(product.spec(), math);
        return trial.elements() <= LARGEST && trial.run(product);
    }

    private long elements() {
        return (long) rows * inner + (long) inner * cols + 2L * rows * cols;
    }

    private boolean run(Product product) {
        try (Arena owner = Arena.ofConfined()) {
            MemorySegment a = factor(owner);
            MemorySegment b = normals((long) inner * cols, 1, owner);
            MemorySegment bias = spec.bias() ? normals(cols, 2, owner) : MemorySegment.NULL;
            MemorySegment c = normals((long) rows * cols, 3, owner);
            MemorySegment summed = room((long) rows * cols, owner).copyFrom(c);
            product.stages(a, b, bias, c, MemorySegment.NULL).forEach(stage -> stage.run(0, stage.blocks()));
            return sameRow(0, a, b, bias, summed, c) && sameRow(rows - 1, a, b, bias, summed, c);
        }
    }

    private boolean sameRow(
            long row, MemorySegment a, MemorySegment b, MemorySegment bias, MemorySegment summed, MemorySegment c) {
        MemorySegment added = spec.bias() ? bias : null;
        math.multiplySparse(a, spec.transposeA(), b, added, summed, row, row + 1, rows, inner, cols, spec.accumulate());
        long from = row * cols * Float.BYTES;
        long to = from + (long) cols * Float.BYTES;
        return MemorySegment.mismatch(summed, from, to, c, from, to) < 0;
    }

    /// Every other place of two rows is a number: a zero between two of them is to add nothing.
    private MemorySegment factor(Arena owner) {
        MemorySegment a = room((long) rows * inner, owner);
        MemorySegment drawn = normals(2L * inner, 0, owner);
        for (int k = 0; k < inner; k += 2) {
            a.setAtIndex(JAVA_FLOAT, place(0, k), drawn.getAtIndex(JAVA_FLOAT, k));
            a.setAtIndex(JAVA_FLOAT, place(rows - 1, k), drawn.getAtIndex(JAVA_FLOAT, (long) inner + k));
        }
        return a;
    }

    private long place(long row, long k) {
        return spec.transposeA() ? k * rows + row : row * inner + k;
    }

    private MemorySegment normals(long count, int draw, Arena owner) {
        MemorySegment values = room(count, owner);
        math.normals(values, 0, count, 0, 0, draw);
        return values;
    }

    private static MemorySegment room(long count, Arena owner) {
        return owner.allocate(count * Float.BYTES, CpuDevice.ALIGNMENT);
    }
}
