package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// [NormaliseLoop] in plain Java.
final class PlainNormalise implements NormaliseLoop {
    @Override
    public void moments(MemorySegment x, double[] sums, long from, long to, int cols) {
        Arrays.fill(sums, 0, 2 * cols, 0.0);
        for (long i = from; i < to; i++) {
            for (int j = 0; j < cols; j++) {
                double v = get(x, i * cols + j);
                sums[j] += v;
                sums[cols + j] += v * v;
            }
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
        for (long i = from; i < to; i++) {
            for (int j = 0; j < cols; j++) {
                long e = i * cols + j;
                float standard = (get(x, e) - get(kept, j)) * get(kept, cols + j);
                put(y, e, Math.fma(standard, get(scale, j), get(shift, j)));
            }
        }
    }

    @Override
    public void slopes(
            MemorySegment x, MemorySegment g, MemorySegment kept, double[] sums, long from, long to, int cols) {
        Arrays.fill(sums, 0, 2 * cols, 0.0);
        for (long i = from; i < to; i++) {
            for (int j = 0; j < cols; j++) {
                long e = i * cols + j;
                float standard = (get(x, e) - get(kept, j)) * get(kept, cols + j);
                double slope = get(g, e);
                sums[j] += slope;
                sums[cols + j] += slope * standard;
            }
        }
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
        for (long i = from; i < to; i++) {
            for (int j = 0; j < cols; j++) {
                long e = i * cols + j;
                float spread = get(kept, cols + j);
                float standard = (get(x, e) - get(kept, j)) * spread;
                float mean = Math.fma(standard, get(kept, 3L * cols + j), get(kept, 2L * cols + j));
                contribute(dx, e, get(scale, j) * spread * (get(g, e) - mean), first);
            }
        }
    }
}
