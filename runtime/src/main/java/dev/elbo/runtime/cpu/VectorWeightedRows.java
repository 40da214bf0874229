package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.all;
import static dev.elbo.runtime.cpu.Lanes.contribute;
import static dev.elbo.runtime.cpu.Lanes.get;
import static dev.elbo.runtime.cpu.Lanes.upTo;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// [WeightedRowsLoop] on the Vector API: a few vectors of columns at a time, whose sums stay in registers while the
/// list is run through.
final class VectorWeightedRows implements WeightedRowsLoop {
    @Override
    public void sum(
            MemorySegment b,
            int cols,
            int left,
            int width,
            int[] places,
            float[] weights,
            int at,
            int count,
            MemorySegment y,
            long yAt,
            boolean first) {
        int end = at + count;
        int j = 0;
        for (; j <= width - 8 * WIDTH; j += 8 * WIDTH) {
            eight(b, left + j, cols, places, weights, at, end, y, yAt + j, first);
        }
        for (; j <= width - 4 * WIDTH; j += 4 * WIDTH) {
            four(b, left + j, cols, places, weights, at, end, y, yAt + j, first);
        }
        for (; j < width; j += WIDTH) {
            one(b, left + j, width - j, cols, places, weights, at, end, y, yAt + j, first);
        }
    }

    private void eight(
            MemorySegment b,
            int left,
            long cols,
            int[] places,
            float[] weights,
            int at,
            int end,
            MemorySegment y,
            long yAt,
            boolean first) {
        FloatVector s0 = all(0.0f);
        FloatVector s1 = all(0.0f);
        FloatVector s2 = all(0.0f);
        FloatVector s3 = all(0.0f);
        FloatVector s4 = all(0.0f);
        FloatVector s5 = all(0.0f);
        FloatVector s6 = all(0.0f);
        FloatVector s7 = all(0.0f);
        for (int p = at; p < end; p++) {
            long row = places[p] * cols + left;
            FloatVector weight = all(weights[p]);
            s0 = get(b, row).fma(weight, s0);
            s1 = get(b, row + WIDTH).fma(weight, s1);
            s2 = get(b, row + 2 * WIDTH).fma(weight, s2);
            s3 = get(b, row + 3 * WIDTH).fma(weight, s3);
            s4 = get(b, row + 4 * WIDTH).fma(weight, s4);
            s5 = get(b, row + 5 * WIDTH).fma(weight, s5);
            s6 = get(b, row + 6 * WIDTH).fma(weight, s6);
            s7 = get(b, row + 7 * WIDTH).fma(weight, s7);
        }
        contribute(s0, y, yAt, first);
        contribute(s1, y, yAt + WIDTH, first);
        contribute(s2, y, yAt + 2 * WIDTH, first);
        contribute(s3, y, yAt + 3 * WIDTH, first);
        contribute(s4, y, yAt + 4 * WIDTH, first);
        contribute(s5, y, yAt + 5 * WIDTH, first);
        contribute(s6, y, yAt + 6 * WIDTH, first);
        contribute(s7, y, yAt + 7 * WIDTH, first);
    }

    private void four(
            MemorySegment b,
            int left,
            long cols,
            int[] places,
            float[] weights,
            int at,
            int end,
            MemorySegment y,
            long yAt,
            boolean first) {
        FloatVector s0 = all(0.0f);
        FloatVector s1 = all(0.0f);
        FloatVector s2 = all(0.0f);
        FloatVector s3 = all(0.0f);
        for (int p = at; p < end; p++) {
            long row = places[p] * cols + left;
            FloatVector weight = all(weights[p]);
            s0 = get(b, row).fma(weight, s0);
            s1 = get(b, row + WIDTH).fma(weight, s1);
            s2 = get(b, row + 2 * WIDTH).fma(weight, s2);
            s3 = get(b, row + 3 * WIDTH).fma(weight, s3);
        }
        contribute(s0, y, yAt, first);
        contribute(s1, y, yAt + WIDTH, first);
        contribute(s2, y, yAt + 2 * WIDTH, first);
        contribute(s3, y, yAt + 3 * WIDTH, first);
    }

    private void one(
            MemorySegment b,
            int left,
            int width,
            long cols,
            int[] places,
            float[] weights,
            int at,
            int end,
            MemorySegment y,
            long yAt,
            boolean first) {
        VectorMask<Float> mask = upTo(width);
        FloatVector s = all(0.0f);
        for (int p = at; p < end; p++) {
            s = get(b, places[p] * cols + left, mask).fma(all(weights[p]), s);
        }
        contribute(s, y, yAt, first, mask);
    }

    @Override
    public void add(MemorySegment x, int cols, MemorySegment y, long yAt) {
        int j = 0;
        for (; j <= cols - WIDTH; j += WIDTH) {
            contribute(get(x, j), y, yAt + j, false);
        }
        if (j < cols) {
            VectorMask<Float> mask = upTo(cols - j);
            contribute(get(x, j, mask), y, yAt + j, false, mask);
        }
    }
}
