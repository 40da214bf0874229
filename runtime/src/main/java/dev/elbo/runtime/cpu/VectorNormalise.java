package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.D;
import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.contribute;
import static dev.elbo.runtime.cpu.Lanes.get;
import static dev.elbo.runtime.cpu.Lanes.lower;
import static dev.elbo.runtime.cpu.Lanes.put;
import static dev.elbo.runtime.cpu.Lanes.upper;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// [NormaliseLoop] on the Vector API: a vector of columns at a time, down all rows, so that what belongs to
/// the columns stays in registers.
final class VectorNormalise implements NormaliseLoop {
    @Override
    public void moments(MemorySegment x, double[] sums, long from, long to, int cols) {
        int j = 0;
        for (; j <= cols - WIDTH; j += WIDTH) {
            DoubleVector low = DoubleVector.zero(D);
            DoubleVector high = DoubleVector.zero(D);
            DoubleVector lowSquares = DoubleVector.zero(D);
            DoubleVector highSquares = DoubleVector.zero(D);
            for (long i = from; i < to; i++) {
                FloatVector v = get(x, i * cols + j);
                DoubleVector one = lower(v);
                DoubleVector two = upper(v);
                low = low.add(one);
                high = high.add(two);
                lowSquares = lowSquares.add(one.mul(one));
                highSquares = highSquares.add(two.mul(two));
            }
            low.intoArray(sums, j);
            high.intoArray(sums, j + WIDTH / 2);
            lowSquares.intoArray(sums, cols + j);
            highSquares.intoArray(sums, cols + j + WIDTH / 2);
        }
        for (; j < cols; j++) {
            double sum = 0;
            double squares = 0;
            for (long i = from; i < to; i++) {
                double v = Floats.get(x, i * cols + j);
                sum += v;
                squares += v * v;
            }
            sums[j] = sum;
            sums[cols + j] = squares;
        }
    }

    @Override
    public void normalise(
            MemorySegment x,
            MemorySegment kept,
            MemorySegment scale,
            MemorySegment shift,
            MemorySegment y,
            long from,
            long to,
            int cols) {
        int whole = cols - cols % WIDTH;
        for (long i = from; i < to; i++) {
            for (int j = 0; j < whole; j += WIDTH) {
                FloatVector standard = get(x, i * cols + j).sub(get(kept, j)).mul(get(kept, cols + j));
                put(standard.fma(get(scale, j), get(shift, j)), y, i * cols + j);
            }
        }
        if (whole < cols) {
            normaliseEdge(x, kept, scale, shift, y, from, to, cols, whole);
        }
    }

    /// The columns past the last whole vector.
    private void normaliseEdge(
            MemorySegment x,
            MemorySegment kept,
            MemorySegment scale,
            MemorySegment shift,
            MemorySegment y,
            long from,
            long to,
            int cols,
            int whole) {
        for (long i = from; i < to; i++) {
            for (int j = whole; j < cols; j++) {
                long e = i * cols + j;
                float standard = (Floats.get(x, e) - Floats.get(kept, j)) * Floats.get(kept, cols + j);
                Floats.put(y, e, Math.fma(standard, Floats.get(scale, j), Floats.get(shift, j)));
            }
        }
    }

    @Override
    public void slopes(
            MemorySegment x, MemorySegment g, MemorySegment kept, double[] sums, long from, long to, int cols) {
        int j = 0;
        for (; j <= cols - WIDTH; j += WIDTH) {
            FloatVector mean = get(kept, j);
            FloatVector spread = get(kept, cols + j);
            DoubleVector low = DoubleVector.zero(D);
            DoubleVector high = DoubleVector.zero(D);
            DoubleVector lowProducts = DoubleVector.zero(D);
            DoubleVector highProducts = DoubleVector.zero(D);
            for (long i = from; i < to; i++) {
                FloatVector standard = get(x, i * cols + j).sub(mean).mul(spread);
                FloatVector slope = get(g, i * cols + j);
                DoubleVector one = lower(slope);
                DoubleVector two = upper(slope);
                low = low.add(one);
                high = high.add(two);
                lowProducts = lowProducts.add(one.mul(lower(standard)));
                highProducts = highProducts.add(two.mul(upper(standard)));
            }
            low.intoArray(sums, j);
            high.intoArray(sums, j + WIDTH / 2);
            lowProducts.intoArray(sums, cols + j);
            highProducts.intoArray(sums, cols + j + WIDTH / 2);
        }
        for (; j < cols; j++) {
            slopes(x, g, kept, sums, from, to, cols, j);
        }
    }

    /// One column.
    private void slopes(
            MemorySegment x, MemorySegment g, MemorySegment kept, double[] sums, long from, long to, int cols, int j) {
        float mean = Floats.get(kept, j);
        float spread = Floats.get(kept, cols + j);
        double sum = 0;
        double products = 0;
        for (long i = from; i < to; i++) {
            float standard = (Floats.get(x, i * cols + j) - mean) * spread;
            double slope = Floats.get(g, i * cols + j);
            sum += slope;
            products += slope * standard;
        }
        sums[j] = sum;
        sums[cols + j] = products;
    }

    @Override
    public void pullback(
            MemorySegment x,
            MemorySegment g,
            MemorySegment kept,
            MemorySegment scale,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            boolean first) {
        int whole = cols - cols % WIDTH;
        for (long i = from; i < to; i++) {
            for (int j = 0; j < whole; j += WIDTH) {
                long e = i * cols + j;
                FloatVector spread = get(kept, cols + j);
                FloatVector standard = get(x, e).sub(get(kept, j)).mul(spread);
                FloatVector mean = standard.fma(get(kept, 3L * cols + j), get(kept, 2L * cols + j));
                contribute(get(scale, j).mul(spread).mul(get(g, e).sub(mean)), dx, e, first);
            }
        }
        if (whole < cols) {
            pullbackEdge(x, g, kept, scale, dx, from, to, cols, whole, first);
        }
    }

    /// The columns past the last whole vector.
    private void pullbackEdge(
            MemorySegment x,
            MemorySegment g,
            MemorySegment kept,
            MemorySegment scale,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            int whole,
            boolean first) {
        for (long i = from; i < to; i++) {
            for (int j = whole; j < cols; j++) {
                long e = i * cols + j;
                float spread = Floats.get(kept, cols + j);
                float standard = (Floats.get(x, e) - Floats.get(kept, j)) * spread;
                float mean = Math.fma(standard, Floats.get(kept, 3L * cols + j), Floats.get(kept, 2L * cols + j));
                float slope = Floats.get(scale, j) * spread * (Floats.get(g, e) - mean);
                Floats.contribute(dx, e, slope, first);
            }
        }
    }
}
