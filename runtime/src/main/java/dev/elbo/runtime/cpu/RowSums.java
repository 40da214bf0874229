package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Which elements a sum of terms runs over; the loops themselves are the provider's.
final class RowSums {
    private RowSums() {}

    static void forward(
            TermLoop loop,
            double scale,
            Rows x1,
            Rows x2,
            Rows x3,
            MemorySegment y,
            long from,
            long to,
            int cols,
            float divisor,
            boolean first) {
        for (long r = from; r < to; r++) {
            double sum = loop.sum(
                    x1.data(), x1.start(r, cols), data(x2), start(x2, r, cols), data(x3), start(x3, r, cols), cols);
            contribute(y, r, (float) (scale * sum / divisor), first);
        }
    }

    static void segments(
            TermLoop loop, double scale, MemorySegment x, MemorySegment partials, long from, long to, long n) {
        for (long s = from; s < to; s++) {
            long start = s * RowMath.SEGMENT;
            double sum = loop.sum(x, start, null, 0, null, 0, Math.min(RowMath.SEGMENT, n - start));
            partials.setAtIndex(JAVA_DOUBLE, s, scale * sum);
        }
    }

    static void pullback(
            TermLoop loop,
            int argument,
            Rows x1,
            Rows x2,
            Rows x3,
            MemorySegment dy,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            float divisor,
            boolean first) {
        int repeat = (argument == 1 ? x1 : argument == 2 ? x2 : x3).repeat();
        Scratch scratch = Scratch.ofThread();
        MemorySegment gradients = repeat == 1 ? dx : scratch.copies(0, 0.0f, cols);
        for (long owner = from; owner < to; owner++) {
            double[] sums = repeat == 1 ? null : scratch.doubles(cols);
            for (long r = owner * repeat; r < (owner + 1) * repeat; r++) {
                loop.pullback(
                        argument,
                        get(dy, r) / divisor,
                        x1.data(),
                        x1.start(r, cols),
                        data(x2),
                        start(x2, r, cols),
                        data(x3),
                        start(x3, r, cols),
                        gradients,
                        repeat == 1 ? owner * cols : 0,
                        cols,
                        repeat > 1 || first);
                if (repeat > 1) {
                    accumulate(gradients, sums, cols, r == owner * repeat);
                }
            }
            if (repeat > 1) {
                for (int j = 0; j < cols; j++) {
                    contribute(dx, owner * cols + j, (float) sums[j], first);
                }
            }
        }
    }

    private static void accumulate(MemorySegment gradients, double[] sums, int cols, boolean start) {
        if (start) {
            Arrays.fill(sums, 0, cols, 0.0);
        }
        for (int j = 0; j < cols; j++) {
            sums[j] += get(gradients, j);
        }
    }

    private static MemorySegment data(Rows rows) {
        return rows == null ? null : rows.data();
    }

    private static long start(Rows rows, long r, int cols) {
        return rows == null ? 0 : rows.start(r, cols);
    }
}
