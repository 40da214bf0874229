package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.D;
import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.contribute;
import static dev.elbo.runtime.cpu.Lanes.get;
import static dev.elbo.runtime.cpu.Lanes.lower;
import static dev.elbo.runtime.cpu.Lanes.put;
import static dev.elbo.runtime.cpu.Lanes.upTo;
import static dev.elbo.runtime.cpu.Lanes.upper;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

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
        for (int j = 0; j < cols; j += WIDTH) {
            VectorMask<Float> mask = upTo(cols - j);
            FloatVector mean = get(kept, j, mask);
            FloatVector spread = get(kept, cols + j, mask);
            FloatVector factor = get(scale, j, mask);
            FloatVector offset = get(shift, j, mask);
            for (long i = from; i < to; i++) {
                FloatVector standard = get(x, i * cols + j, mask).sub(mean).mul(spread);
                put(standard.fma(factor, offset), y, i * cols + j, mask);
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
        for (int j = 0; j < cols; j += WIDTH) {
            VectorMask<Float> mask = upTo(cols - j);
            FloatVector mean = get(kept, j, mask);
            FloatVector spread = get(kept, cols + j, mask);
            FloatVector slopes = get(kept, 2L * cols + j, mask);
            FloatVector products = get(kept, 3L * cols + j, mask);
            FloatVector factor = get(scale, j, mask).mul(spread);
            for (long i = from; i < to; i++) {
                long e = i * cols + j;
                FloatVector standard = get(x, e, mask).sub(mean).mul(spread);
                FloatVector rest = get(g, e, mask).sub(standard.fma(products, slopes));
                contribute(factor.mul(rest), dx, e, first, mask);
            }
        }
    }
}
