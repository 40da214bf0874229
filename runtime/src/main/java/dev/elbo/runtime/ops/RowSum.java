package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.PerRow;
import dev.elbo.runtime.cpu.Rows;
import dev.elbo.runtime.cpu.Term;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The launches of an operation that sums a [Term] over each row, which is what the likelihoods do.
///
/// ```
/// y[r]       = (onto[r] +) Σ_j term(x₁[r,j], …)    xₖ (rows, cols), or (rows / repeat, cols); onto (rows) → y (rows)
/// dxₖ[r,j] (+)= dy[r] · ∂term/∂xₖ                   summed over the rows that share
/// donto    (+)= dy
/// ```
///
/// An argument may have fewer rows: each then serves as many consecutive rows as there are samples of it.
///
/// @param operation name
/// @param term      what is added up
/// @param shape     of y
/// @param x         as many as the term has arguments
record RowSum(String operation, Term term, Shape shape, Tensor... x) {
    /// Elements of a simple loop that one term with an exp and a log is worth.
    static final long WORK = 8;

    static RowSum of(String operation, Term term, Tensor... x) {
        Tensor longest = x[0];
        for (Tensor each : x) {
            longest = each.shape().rows() > longest.shape().rows() ? each : longest;
        }
        for (Tensor each : x) {
            int rows = each.shape().rows();
            if (each.shape().cols() != longest.shape().cols()
                    || rows == 0
                    || longest.shape().rows() % rows != 0) {
                throw new IllegalArgumentException(
                        operation + ": shapes do not go together; one=" + each.shape() + ", other=" + longest.shape());
            }
        }
        return new RowSum(operation, term, longest.shape().withoutCols(), x);
    }

    /// The sums, added to the argument behind those of the term, if there is one.
    ///
    /// @param arguments x, and (rows) that y is added to
    List<Tensor> forward(List<Tensor> arguments, Memory memory) {
        Tensor y = memory.empty(shape);
        Tensor onto = arguments.size() > x.length ? arguments.getLast() : null;
        if (onto != null) {
            Shapes.exactly(operation, "onto", shape, onto);
        }
        forward(y, onto);
        return List.of(y);
    }

    /// Binds y without anything it is added to.
    void forward(Tensor y) {
        forward(y, null);
    }

    /// Binds y.
    ///
    /// @param onto (rows), or y itself, or null
    void forward(Tensor y, Tensor onto) {
        int cols = x[0].shape().cols();
        switch (y.device()) {
            case CpuDevice cpu -> {
                Rows x1 = rows(1);
                Rows x2 = rows(2);
                Rows x3 = rows(3);
                boolean first = onto == null;
                boolean moved = onto != null && onto != y;
                CpuDevice.Block some = (from, to) -> {
                    if (moved) {
                        MemorySegment.copy(onto.data(), 4 * from, y.data(), 4 * from, 4 * (to - from));
                    }
                    cpu.math().sumRows(term, x1, x2, x3, y.data(), from, to, cols, 1, first);
                };
                cpu.bind(operation, shape.size(), cols * WORK, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("sum_terms_rows_f32")
                        .args(arg(1), arg(2), arg(3), onto, y, shape.size(), cols)
                        .args(repeat(1), repeat(2), repeat(3), term.ordinal())
                        .bind(operation);
        }
    }

    /// Binds the pullback to all arguments that are wanted; what was added to, behind them, has dy itself.
    ///
    /// @param dy ∂loss/∂y; not used afterwards
    /// @param dx of x, and of `onto` if there was one
    void pullback(Gradient dy, List<Gradient> dx) {
        for (int k = 1; k <= x.length; k++) {
            pullback(k, RowGradient.of(dy), dx.get(k - 1));
        }
        if (dx.size() > x.length && dx.getLast().wanted() && !dx.getLast().take(dy)) {
            Columns.bindWhole(
                    operation, dy.into(), dx.getLast().into(), dx.getLast().first());
        }
    }

    /// Binds the pullback to argument k, counted from 1, if it is wanted.
    void pullback(int k, RowGradient dy, Gradient gradient) {
        if (gradient.wanted()) {
            pullback(k, dy, gradient.into(), gradient.first());
        }
    }

    private void pullback(int k, RowGradient dy, Tensor dx, boolean first) {
        int cols = x[0].shape().cols();
        switch (dx.device()) {
            case CpuDevice cpu -> {
                Rows x1 = rows(1);
                Rows x2 = rows(2);
                Rows x3 = rows(3);
                PerRow each = dy.onCpu();
                CpuDevice.Block some = (from, to) ->
                        cpu.math().sumRowsPullback(term, k, x1, x2, x3, each, dx.data(), from, to, cols, 1, first);
                cpu.bind(operation, x[k - 1].shape().rows(), cols * WORK * repeat(k), some);
            }
            case CudaDevice cuda ->
                cuda.kernel("sum_terms_rows_pullback_f32")
                        .args(arg(1), arg(2), arg(3), dy.each(), dx, shape.size(), cols)
                        .args(repeat(1), repeat(2), repeat(3), term.ordinal(), k, dy.all(), first)
                        .bind(operation);
        }
    }

    /// How many rows of y share one row of argument k.
    private int repeat(int k) {
        return k > x.length
                ? 1
                : Math.toIntExact(shape.size() / x[k - 1].shape().rows());
    }

    private Tensor arg(int k) {
        return k > x.length ? null : x[k - 1];
    }

    private Rows rows(int k) {
        return k > x.length ? null : new Rows(x[k - 1].data(), repeat(k));
    }
}
