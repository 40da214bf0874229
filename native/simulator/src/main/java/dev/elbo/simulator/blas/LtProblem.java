package dev.elbo.simulator.blas;

import dev.elbo.simulator.blas.LtAttributes.Layout;
import dev.elbo.simulator.blas.LtAttributes.Matmul;
import dev.elbo.simulator.library.NumberType;

/// A product of cuBLASLt whose parts fit together: what algorithms are chosen for.
///
/// @param product  how it is computed
/// @param epilogue what follows it
/// @param turnA    whether op(A) is Aᵀ; likewise B
/// @param m        rows of D
/// @param n        columns of D
/// @param k        length of the sums
/// @param batch    how many of them
record LtProblem(
        Product product,
        LtEpilogue epilogue,
        boolean turnA,
        boolean turnB,
        int m,
        int n,
        int k,
        int batch,
        Layout a,
        Layout b,
        Layout c,
        Layout d) {
    private static final int BITS_ALIGNMENT = 128;

    /// @throws dev.elbo.simulator.shim.Failure INVALID_VALUE if the parts do not fit, NOT_SUPPORTED if nothing computes
    /// it
    static LtProblem of(Matmul descriptor, Layout a, Layout b, Layout c, Layout d) {
        Product product = Product.of(descriptor.getInt(Matmul.COMPUTE), false);
        if (product == null) {
            throw BlasStatus.NOT_SUPPORTED.ltBecause("compute type=" + descriptor.getInt(Matmul.COMPUTE));
        }
        boolean turnA = descriptor.getInt(Matmul.TRANS_A) != 0;
        boolean turnB = descriptor.getInt(Matmul.TRANS_B) != 0;
        LtProblem problem = new LtProblem(
                product,
                LtEpilogue.of(descriptor.getInt(Matmul.EPILOGUE)),
                turnA,
                turnB,
                Math.toIntExact(d.get(Layout.ROWS)),
                Math.toIntExact(d.get(Layout.COLS)),
                Math.toIntExact(a.get(turnA ? Layout.ROWS : Layout.COLS)),
                d.getInt(Layout.BATCH_COUNT),
                a,
                b,
                c,
                d);
        problem.check(descriptor);
        return problem;
    }

    private void check(Matmul descriptor) {
        extent("A", a, turnA ? k : m, turnA ? m : k);
        extent("B", b, turnB ? n : k, turnB ? k : n);
        extent("C", c, m, n);
        extent("D", d, m, n);
        for (Layout each : new Layout[] {a, b, c}) {
            if (each.getInt(Layout.BATCH_COUNT) != batch) throw invalid("batch counts differ");
        }
        if (epilogue.aux() && descriptor.get(Matmul.AUX_POINTER) != 0) leading(descriptor);
        // As on the GPUs that have them, these are made for tensor cores and column order alone.
        if (epilogue.aux() && product == Product.F32) {
            throw BlasStatus.NOT_SUPPORTED.ltBecause(
                    "no epilogue with AUX in plain f32; epilogue=" + epilogue.number());
        }
        if (epilogue.number() != 1 && d.getInt(Layout.ORDER) != 0) {
            throw BlasStatus.NOT_SUPPORTED.ltBecause("no epilogue in row order; epilogue=" + epilogue.number());
        }
    }

    private void leading(Matmul descriptor) {
        long leading = descriptor.get(Matmul.AUX_LD);
        if (leading % BITS_ALIGNMENT != 0 || leading < m) {
            throw invalid(
                    "leading dimension of AUX; ld=" + leading + ", rows=" + m + ", multiple of=" + BITS_ALIGNMENT);
        }
    }

    private static void extent(String name, Layout layout, int rows, int columns) {
        if (layout.get(Layout.ROWS) != rows || layout.get(Layout.COLS) != columns) {
            throw invalid(name + " does not fit; rows=" + layout.get(Layout.ROWS) + ", cols=" + layout.get(Layout.COLS)
                    + ", wanted rows=" + rows + ", wanted cols=" + columns);
        }
        long line = layout.getInt(Layout.ORDER) == 0 ? rows : columns;
        if (layout.get(Layout.LD) < line) {
            throw invalid("leading dimension of " + name + "; ld=" + layout.get(Layout.LD) + ", at least=" + line);
        }
    }

    private static RuntimeException invalid(String reason) {
        return BlasStatus.INVALID_VALUE.ltBecause(reason);
    }

    /// One of the matrices in memory.
    Operand operand(Layout layout, long address, int index) {
        NumberType type = GemmCalls.type(layout.getInt(Layout.TYPE));
        return new Operand(
                        address,
                        type,
                        Math.toIntExact(layout.get(Layout.ROWS)),
                        Math.toIntExact(layout.get(Layout.COLS)),
                        layout.get(Layout.LD),
                        layout.getInt(Layout.ORDER) == 1)
                .plus(index * layout.get(Layout.BATCH_STRIDE));
    }

    /// What an algorithm is good for; one of another problem is refused.
    int fingerprint() {
        return java.util.Objects.hash(
                product.ordinal(),
                epilogue.number(),
                turnA,
                turnB,
                m,
                n,
                k,
                batch,
                a.get(Layout.LD),
                b.get(Layout.LD),
                d.get(Layout.LD),
                a.get(Layout.TYPE),
                d.get(Layout.TYPE));
    }
}
