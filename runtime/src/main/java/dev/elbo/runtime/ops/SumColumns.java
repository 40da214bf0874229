package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.KernelCall;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.RowMath;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Sum, or mean, of each column.
///
/// ```
/// y[j]     = Σ_i x[i,j] / d          x (rows, cols) → y (cols)     d = rows for a mean, else 1
/// dx[i,j] += dy[j] / d
/// ```
///
/// @param mean whether to divide by the number of rows
public record SumColumns(boolean mean) implements Op.Unary {
    /// From so many rows on columns are summed by segments: sixteen chains a column leave a GPU idle, and the shares of
    /// several threads of a CPU would be less than a cache line.
    private static final int MANY_ROWS = 1024;

    /// That one launch takes.
    private static final int MATRICES = 8;

    @Override
    public Tensor forward(Tensor x, Memory memory) {
        int rows = x.shape().rows();
        int cols = x.shape().cols();
        Tensor y = memory.empty(Shape.of(cols));
        bind(x, y, rows, cols, divisor(rows), true);
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        int rows = x.shape().rows();
        ExpandColumns.bind(dy, dx.into(), rows, x.shape().cols(), divisor(rows), dx.first());
    }

    @Override
    public void pullback(Tensor x, Tensor y, Gradient dy, Gradient dx) {
        float divisor = divisor(x.shape().rows());
        if (!dx.follow(dy, v -> (float) v / divisor)) {
            pullback(x, y, dy.into(), dx);
        }
    }

    private float divisor(int rows) {
        return mean ? rows : 1;
    }

    /// Binds dy's sums of columns as the gradient of what was added to every row. A CPU adds them up while it has dy at
    /// hand; on a GPU they wait for each other, where their tape lets them: a launch costs more than they do.
    ///
    /// @param dy of rows · cols elements
    /// @param dx of cols elements
    static void bind(Gradient dy, Gradient dx, int rows, int cols) {
        Tensor matrix = dy.into();
        boolean waits = switch (matrix.device()) {
            case CpuDevice _ -> false;
            case CudaDevice _ -> rows < MANY_ROWS;
        };
        if (!waits || !dx.takeSums(dy)) {
            bind(matrix, dx.into(), rows, cols, 1, dx.first());
        }
    }

    /// Binds the sums of the columns of several matrices, on a GPU in as few launches as there may be.
    ///
    /// @param x (rows, cols), each with its own; of fewer rows than are summed by segments
    /// @param y (cols) of each, overwritten
    public static void bindEach(List<Tensor> x, List<Tensor> y) {
        for (int from = 0; from < x.size(); from += MATRICES) {
            int count = Math.min(MATRICES, x.size() - from);
            switch (x.get(from).device()) {
                case CpuDevice _ -> {
                    for (int k = from; k < from + count; k++) {
                        Shape shape = x.get(k).shape();
                        bind(x.get(k), y.get(k), shape.rows(), shape.cols(), 1, true);
                    }
                }
                case CudaDevice cuda -> {
                    KernelCall kernel = cuda.kernel("sum_columns_each_f32");
                    int widest = 0;
                    for (int k = from; k < from + MATRICES; k++) {
                        boolean given = k < from + count;
                        Shape shape = given ? x.get(k).shape() : Shape.of(0, 0);
                        kernel.args(given ? x.get(k) : null, given ? y.get(k) : null, shape.rows(), shape.cols());
                        widest = Math.max(widest, shape.cols());
                    }
                    kernel.args(widest, count).bind("sumColumns");
                }
            }
        }
    }

    /// Binds y[j] (+)= Σ_i x[i,j] / divisor.
    static void bind(Tensor x, Tensor y, int rows, int cols, float divisor, boolean first) {
        if (rows >= MANY_ROWS) {
            bindSegments(x, y, rows, cols, divisor, first);
            return;
        }
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some =
                        (from, to) -> cpu.math().sumColumns(x.data(), y.data(), from, to, rows, cols, divisor, first);
                cpu.bind("sumColumns", cols, rows, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("sum_columns_f32")
                        .args(x, y, rows, cols, divisor, first)
                        .bind("sumColumns");
        }
    }

    private static void bindSegments(Tensor x, Tensor y, int rows, int cols, float divisor, boolean first) {
        int segments = Math.ceilDiv(rows, RowMath.SEGMENT_ROWS);
        long bytes = (long) segments * cols * Double.BYTES;
        switch (x.device()) {
            case CpuDevice cpu -> {
                MemorySegment partials = cpu.workspace(bytes);
                CpuDevice.Block some =
                        (from, to) -> cpu.math().sumColumnSegments(x.data(), partials, from, to, rows, cols);
                CpuDevice.Block all = (from, to) ->
                        cpu.math().sumColumnPartials(partials, y.data(), from, to, segments, cols, divisor, first);
                cpu.bind("sumColumns", segments, (long) RowMath.SEGMENT_ROWS * cols, some);
                cpu.bind("sumColumns", cols, segments, all);
            }
            case CudaDevice cuda -> {
                Tensor partials =
                        new Tensor(Shape.of(segments, cols), DType.F64, cuda.workspace("sumColumns", bytes), cuda);
                cuda.kernel("sum_column_segments_f32")
                        .args(x, partials, rows, cols, segments)
                        .bind("sumColumns");
                cuda.kernel("sum_column_partials_f32")
                        .args(partials, y, segments, cols, divisor, first)
                        .bind("sumColumns");
            }
        }
    }
}
