package dev.elbo.ffi.onednn;

import dev.elbo.ffi.onednn.OneDnn.Operand;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A matrix product, prepared once and run many times.
///
/// ```
/// c = f(op(a) · op(b) + bias)          a (rows, inner), b (inner, cols), bias (cols), c (rows, cols), row-major
/// c = f(op(a) · op(b) + bias + c)      where it accumulates
/// ```
///
/// A dense layer of n examples with k inputs and m outputs is three of them:
///
/// ```
/// y  = x · W + b        Spec.of(n, k, m).withBias()
/// dx = dy · Wᵀ          Spec.of(n, m, k).transposingB()
/// dW = xᵀ · dy          Spec.of(k, n, m).transposingA()
/// ```
///
/// The result is cut into a fixed grid of blocks. A row of c has the same bits whatever other rows are computed with
/// it (on CPUs with AVX2): the order of oneDNN's sums depends on `inner` alone, except in its kernel for a single
/// row, so a single row is computed as one of two. Only where a is transposed (`inner` is the batch then) and c is too
/// small to keep several threads busy is `inner` cut as well; the partial results are summed in order.
public final class Product {
    private static final long FLOPS_PER_BLOCK = 8_000_000;
    // A product of this size is two blocks at least: some fifteen microseconds each, three of them the block's own.
    private static final long FLOPS_OF_TWO_BLOCKS = 1_500_000;
    private static final long MIN_ROWS = 32;
    private static final long MIN_COLS = 64;
    private static final long VECTOR = 16;
    private static final int ENOUGH_BLOCKS = 64;
    private static final int FEW_BLOCKS = 8;
    private static final long MIN_INNER = 4_096;
    private static final long MAX_PARTIALS = 16;

    /// What a product computes. Equal ones are interchangeable, so this is the key of a cache.
    ///
    /// @param rows       rows of op(a) and c
    /// @param inner      columns of op(a), rows of op(b)
    /// @param cols       columns of op(b) and c
    /// @param transposeA a lies in memory as (inner, rows)
    /// @param transposeB b lies in memory as (cols, inner)
    /// @param bias       adds a row vector to each row
    /// @param activation f, applied last
    /// @param accumulate adds what lies at c
    /// @param arithmetic how precisely factors are multiplied
    public record Spec(
            long rows,
            long inner,
            long cols,
            boolean transposeA,
            boolean transposeB,
            boolean bias,
            Activation activation,
            boolean accumulate,
            Arithmetic arithmetic) {
        public Spec {
            if (rows < 1 || inner < 1 || cols < 1) {
                throw new IllegalArgumentException("product: nothing to compute; a=(" + rows + ", " + inner + "), b=("
                        + inner + ", " + cols + ")");
            }
        }

        /// `c = a · b` in f32.
        public static Spec of(long rows, long inner, long cols) {
            return new Spec(rows, inner, cols, false, false, false, Activation.IDENTITY, false, Arithmetic.F32);
        }

        /// The same with a stored as (inner, rows).
        public Spec transposingA() {
            return new Spec(rows, inner, cols, true, transposeB, bias, activation, accumulate, arithmetic);
        }

        /// The same with b stored as (cols, inner).
        public Spec transposingB() {
            return new Spec(rows, inner, cols, transposeA, true, bias, activation, accumulate, arithmetic);
        }

        /// The same plus a bias.
        public Spec withBias() {
            return new Spec(rows, inner, cols, transposeA, transposeB, true, activation, accumulate, arithmetic);
        }

        /// The same followed by `f`.
        public Spec then(Activation f) {
            return new Spec(rows, inner, cols, transposeA, transposeB, bias, f, accumulate, arithmetic);
        }

        /// The same, added to c before the activation.
        public Spec accumulating() {
            return new Spec(rows, inner, cols, transposeA, transposeB, bias, activation, true, arithmetic);
        }

        /// The same in another arithmetic.
        public Spec in(Arithmetic other) {
            return new Spec(rows, inner, cols, transposeA, transposeB, bias, activation, accumulate, other);
        }

        /// As messages have it: `a=(rows, inner), b=(inner, cols), …`.
        @Override
        public String toString() {
            return "a=(" + rows + ", " + inner + "), b=(" + inner + ", " + cols + "), transposeA=" + transposeA
                    + ", transposeB=" + transposeB + ", bias=" + bias + ", activation=" + activation + ", accumulate="
                    + accumulate + ", arithmetic=" + arithmetic;
        }

        /// Floating-point operations of the whole product.
        public long flops() {
            return 2 * rows * inner * cols;
        }
    }

    private final Spec spec;
    private final Cut rows;
    private final Cut cols;
    private final Cut inner;
    private final boolean padded;
    /// By which of the three cuts a block is last in: bit 2 rows, bit 1 columns, bit 0 inner.
    private final Kernel[] kernels = new Kernel[8];

    private Product(Spec spec, Arena owner) {
        this.spec = spec;
        this.padded = spec.rows == 1 && !spec.transposeA;
        long blockRows = spec.rows;
        long blockCols = spec.cols;
        // oneDNN copies a transposed factor for each block. Of b, the copies are a sixth of the work in blocks of the
        // usual size, a tenth in blocks of twice that; of a, less than a twentieth.
        int factor = spec.transposeB && !spec.transposeA ? 2 : 1;
        while (wantsMore(spec, blocks(spec, blockRows, blockCols), factor)) {
            boolean rowsDivide = blockRows >= 2 * MIN_ROWS;
            boolean colsDivide = blockCols >= 2 * MIN_COLS;
            if (!rowsDivide && !colsDivide) {
                break;
            }
            // The blocks that share a copied factor are to be few.
            boolean rowsFirst = spec.transposeA == spec.transposeB ? blockRows >= blockCols : spec.transposeA;
            if (rowsDivide && (rowsFirst || !colsDivide)) {
                blockRows = half(blockRows);
            } else {
                blockCols = half(blockCols);
            }
        }
        this.rows = new Cut(spec.rows, blockRows);
        this.cols = new Cut(spec.cols, blockCols);
        boolean splitsInner = spec.transposeA
                && !spec.bias
                && spec.activation.isIdentity()
                && rows.count() * cols.count() < FEW_BLOCKS;
        long partials = splitsInner ? Math.clamp(spec.inner / MIN_INNER, 1, MAX_PARTIALS) : 1;
        this.inner = new Cut(spec.inner, (spec.inner + partials - 1) / partials);
        for (int i = firstOfKind(rows); i < rows.count(); i++) {
            for (int j = firstOfKind(cols); j < cols.count(); j++) {
                for (int p = firstOfKind(inner); p < inner.count(); p++) {
                    kernels[kind(i, j, p)] = kernel(rows.length(i), inner.length(p), cols.length(j), owner);
                }
            }
        }
    }

    /// Makes the machine code for a product.
    ///
    /// @param owner owns it; shared, if several threads are to run it
    public static Product of(Spec spec, Arena owner) {
        return new Product(spec, owner);
    }

    private static boolean wantsMore(Spec spec, long blocks, int factor) {
        boolean large = blocks < ENOUGH_BLOCKS / factor && spec.flops() > blocks * FLOPS_PER_BLOCK * factor;
        return large || blocks == 1 && spec.flops() > FLOPS_OF_TWO_BLOCKS;
    }

    private static long blocks(Spec spec, long blockRows, long blockCols) {
        return (long) new Cut(spec.rows, blockRows).count() * new Cut(spec.cols, blockCols).count();
    }

    private static long half(long length) {
        return (length / 2 + VECTOR - 1) / VECTOR * VECTOR;
    }

    /// From here on, the blocks of a cut are one of each kind.
    private static int firstOfKind(Cut cut) {
        return Math.max(0, cut.count() - 2);
    }

    private int kind(int i, int j, int p) {
        return (rows.isLast(i) ? 4 : 0) | (cols.isLast(j) ? 2 : 0) | (inner.isLast(p) ? 1 : 0);
    }

    private Kernel kernel(long m, long k, long n, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            long computed = padded ? 2 : m;
            MemorySegment a = OneDnn.memoryDescCreate(
                    new long[] {computed, k},
                    spec.transposeA ? new long[] {1, spec.rows} : new long[] {spec.inner, 1},
                    frame);
            MemorySegment b = OneDnn.memoryDescCreate(
                    new long[] {k, n}, spec.transposeB ? new long[] {1, spec.inner} : new long[] {spec.cols, 1}, frame);
            MemorySegment bias = spec.bias
                    ? OneDnn.memoryDescCreate(new long[] {1, n}, new long[] {n, 1}, frame)
                    : MemorySegment.NULL;
            MemorySegment c =
                    OneDnn.memoryDescCreate(new long[] {computed, n}, new long[] {padded ? n : spec.cols, 1}, frame);
            boolean accumulate = spec.accumulate && inner.count() == 1;
            MemorySegment attributes = OneDnnAttributes.attributes(spec.arithmetic, accumulate, spec.activation, frame);
            MemorySegment desc = OneDnnDescriptions.matmulDesc(a, b, bias, c, attributes, spec, owner);
            long padBytes = padded ? 2 * (k + n) * Float.BYTES : 0;
            return spec.bias
                    ? new Kernel(desc, padBytes, owner, Operand.SRC, Operand.WEIGHTS, Operand.DST, Operand.BIAS)
                    : new Kernel(desc, padBytes, owner, Operand.SRC, Operand.WEIGHTS, Operand.DST);
        }
    }

    /// What this computes.
    public Spec spec() {
        return spec;
    }

    /// oneDNN's name of the kernel of the last block, such as `brg_matmul:avx512_core`.
    public String implementation() {
        return kernels[7].implementation();
    }

    /// Size of the workspace that [#stages] wants; 0 where it wants none.
    public long workspaceBytes() {
        return inner.count() == 1 ? 0 : inner.count() * spec.rows * spec.cols * Float.BYTES;
    }

    /// The work for these buffers. They are native memory and borrowed.
    ///
    /// @param a         (rows, inner), or (inner, rows) where transposed
    /// @param b         (inner, cols), or (cols, inner) where transposed
    /// @param bias      (cols), or [MemorySegment#NULL] where there is none
    /// @param c         (rows, cols), overwritten or added into; apart from all others
    /// @param workspace [#workspaceBytes] of anything, or [MemorySegment#NULL] if that is 0
    public List<Stage> stages(
            MemorySegment a, MemorySegment b, MemorySegment bias, MemorySegment c, MemorySegment workspace) {
        Buffers.check("a", a, spec.rows * spec.inner * Float.BYTES);
        Buffers.check("b", b, spec.inner * spec.cols * Float.BYTES);
        Buffers.check("bias", bias, spec.bias ? spec.cols * Float.BYTES : 0);
        Buffers.check("c", c, spec.rows * spec.cols * Float.BYTES);
        Buffers.check("workspace", workspace, workspaceBytes());
        return inner.count() == 1
                ? List.of(new Blocks(a, b, bias, c))
                : List.of(
                        new Blocks(a, b, bias, workspace),
                        new PartialSums(workspace, 0, inner.count(), spec.rows * spec.cols, c, spec.accumulate));
    }

    /// The blocks of c, or of the partial results of c.
    private final class Blocks implements Stage {
        private final MemorySegment a;
        private final MemorySegment b;
        private final MemorySegment bias;
        private final MemorySegment c;

        Blocks(MemorySegment a, MemorySegment b, MemorySegment bias, MemorySegment c) {
            this.a = a;
            this.b = b;
            this.bias = bias;
            this.c = c;
        }

        @Override
        public int blocks() {
            return rows.count() * cols.count() * inner.count();
        }

        @Override
        public long flops() {
            return spec.flops() / blocks();
        }

        @Override
        public void run(long from, long to) {
            for (int block = (int) from; block < to; block++) {
                int p = block % inner.count();
                int j = block / inner.count() % cols.count();
                int i = block / inner.count() / cols.count();
                Kernel kernel = kernels[kind(i, j, p)];
                Kernel.Frame frame = kernel.take();
                try {
                    if (padded) {
                        runPadded(frame, j);
                    } else {
                        runBlock(frame, i, j, p);
                    }
                } finally {
                    kernel.give(frame);
                }
            }
        }

        private void runBlock(Kernel.Frame frame, int i, int j, int p) {
            long row = rows.from(i);
            long k = inner.from(p);
            frame.set(0, a, Float.BYTES * (spec.transposeA ? k * spec.rows + row : row * spec.inner + k));
            setB(frame, cols.from(j), k);
            frame.set(2, c, Float.BYTES * ((p * spec.rows + row) * spec.cols + cols.from(j)));
            frame.execute();
        }

        /// A single row, as the first of two equal ones.
        private void runPadded(Kernel.Frame frame, int j) {
            long n = cols.length(j);
            long row = spec.inner * Float.BYTES;
            MemorySegment pad = frame.pad();
            Buffers.copy(a, 0, pad, 0, spec.inner);
            Buffers.copy(a, 0, pad, row, spec.inner);
            if (spec.accumulate) {
                Buffers.copy(c, cols.from(j) * Float.BYTES, pad, 2 * row, n);
            }
            frame.set(0, pad, 0);
            setB(frame, cols.from(j), 0);
            frame.set(2, pad, 2 * row);
            frame.execute();
            Buffers.copy(pad, 2 * row, c, cols.from(j) * Float.BYTES, n);
        }

        private void setB(Kernel.Frame frame, long col, long k) {
            frame.set(1, b, Float.BYTES * (spec.transposeB ? col * spec.inner + k : k * spec.cols + col));
            if (spec.bias) {
                frame.set(3, bias, Float.BYTES * col);
            }
        }
    }
}
