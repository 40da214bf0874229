package dev.elbo.runtime.kernels;

import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.cpu.NormaliseMath;
import dev.elbo.runtime.cpu.Unary;
import dev.elbo.runtime.kernels.Twins.Twin;

/// The batch normalisation of [KernelTwinsTest].
final class NormaliseTwins {
    private static final CpuMath CPU = CpuMath.plain();
    private static final float MOMENTUM = 0.1f;
    private static final float EPSILON = 1e-3f;
    private static final float SLOPE = 0.2f;

    private NormaliseTwins() {}

    /// Long columns where the shape is a long row: more than one segment.
    private static int rows(int rows, int cols) {
        return cols >= 1000 ? 1000 : rows;
    }

    private static int cols(int rows, int cols) {
        return cols >= 1000 ? rows : cols;
    }

    /// What a forward pass makes of x, and what goes into it.
    private record Pass(Twin x, Twin kept, Twin partials, Twin scale, Twin shift, Twin y, Unary f) {
        static Pass of(Twins t, int rows, int cols, boolean first) {
            Twin x = first ? t.normals(rows * cols) : t.outliers(rows * cols);
            return new Pass(
                    x,
                    t.floats(4 * cols),
                    t.empty(2L * NormaliseMath.segments(rows) * cols * Double.BYTES),
                    t.normals(cols),
                    t.normals(cols),
                    t.floats(rows * cols),
                    first ? Unary.TANH : Unary.LEAKY_RELU);
        }

        void run(Twins t, int rows, int cols) {
            int segments = NormaliseMath.segments(rows);
            Twin mean = t.normals(cols);
            Twin variance = t.normals(cols);
            CPU.sumMoments(x.host(), partials.host(), 0, segments, rows, cols);
            t.launch("batch_normalise_sums_f32", x, partials, rows, cols, segments);
            t.assertSameDoubles("sums", partials);
            CPU.batchMoments(
                    partials.host(), kept.host(), mean.host(), variance.host(), 0, cols, rows, cols, MOMENTUM, EPSILON);
            t.launch(
                    "batch_normalise_moments_f32",
                    partials,
                    kept,
                    mean,
                    variance,
                    rows,
                    cols,
                    segments,
                    MOMENTUM,
                    EPSILON);
            t.assertSame("running mean", mean);
            t.assertSame("running variance", variance);
            CPU.normalise(x.host(), kept.host(), scale.host(), shift.host(), y.host(), 0, rows, cols, f, SLOPE);
            t.launch("batch_normalise_f32", x, kept, scale, shift, y, rows, cols, f.ordinal(), SLOPE);
            t.assertSame("normalised", y);
        }
    }

    static void forward(Twins t, int rows, int cols, boolean first) {
        Pass.of(t, rows(rows, cols), cols(rows, cols), first).run(t, rows(rows, cols), cols(rows, cols));
    }

    static void running(Twins t, int rows, int cols, boolean first) {
        Twin mean = t.outliers(cols);
        Twin variance = t.outliers(cols);
        Twin kept = t.floats(4 * cols);
        CPU.runningMoments(mean.host(), variance.host(), kept.host(), 0, cols, cols, EPSILON);
        t.launch("batch_normalise_running_f32", mean, variance, kept, cols, EPSILON);
        t.assertSame("mean", kept.part(0, cols));
        t.assertSame("spread", kept.part(cols, cols));
    }

    static void pullback(Twins t, int shapeRows, int shapeCols, boolean first) {
        int rows = rows(shapeRows, shapeCols);
        int cols = cols(shapeRows, shapeCols);
        int segments = NormaliseMath.segments(rows);
        Pass pass = Pass.of(t, rows, cols, first);
        pass.run(t, rows, cols);
        Twin dy = t.normals(rows * cols);
        CPU.sumSlopes(
                pass.x.host(),
                pass.y.host(),
                pass.kept.host(),
                dy.host(),
                pass.partials.host(),
                0,
                segments,
                rows,
                cols,
                pass.f,
                SLOPE);
        t.launch(
                "batch_normalise_sums_pullback_f32",
                pass.x,
                pass.y,
                pass.kept,
                dy,
                pass.partials,
                rows,
                cols,
                segments,
                pass.f.ordinal(),
                SLOPE);
        t.assertSame("slopes", dy);
        t.assertSameDoubles("sums of slopes", pass.partials);
        for (boolean batch : new boolean[] {false, true}) {
            Twin dScale = batch ? gradient(t, cols, first) : null;
            Twin dShift = gradient(t, cols, !first);
            CPU.slopeMeans(
                    pass.partials.host(),
                    pass.kept.host(),
                    dScale == null ? null : dScale.host(),
                    dShift.host(),
                    0,
                    cols,
                    rows,
                    cols,
                    first,
                    !first,
                    batch);
            t.launch(
                    "batch_normalise_means_pullback_f32",
                    pass.partials,
                    pass.kept,
                    dScale,
                    dShift,
                    rows,
                    cols,
                    segments,
                    first,
                    !first,
                    batch);
            t.assertSame("kept", pass.kept);
            t.assertSame("gradient of shift", dShift);
            if (dScale != null) {
                t.assertSame("gradient of scale", dScale);
            }
            Twin dx = gradient(t, rows * cols, first);
            CPU.normalisePullback(
                    pass.x.host(), dy.host(), pass.kept.host(), pass.scale.host(), dx.host(), 0, rows, cols, first);
            t.launch("batch_normalise_pullback_f32", pass.x, dy, pass.kept, pass.scale, dx, rows, cols, first);
            t.assertSame("gradient of x", dx);
        }
    }

    private static Twin gradient(Twins t, int n, boolean first) {
        return first ? t.floats(n) : t.normals(n);
    }
}
