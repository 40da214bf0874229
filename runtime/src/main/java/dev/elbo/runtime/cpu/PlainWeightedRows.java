package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// [WeightedRowsLoop] in plain Java: sixteen columns at a time, so that their chains advance together.
final class PlainWeightedRows implements WeightedRowsLoop {
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
        float[] sums = Scratch.ofThread().terms();
        for (int done = 0; done < width; done += Scratch.LANES) {
            int lanes = Math.min(Scratch.LANES, width - done);
            Arrays.fill(sums, 0.0f);
            for (int p = at; p < at + count; p++) {
                long row = (long) places[p] * cols + left + done;
                for (int j = 0; j < lanes; j++) {
                    sums[j] = Math.fma(weights[p], get(b, row + j), sums[j]);
                }
            }
            for (int j = 0; j < lanes; j++) {
                contribute(y, yAt + done + j, sums[j], first);
            }
        }
    }

    @Override
    public void add(MemorySegment x, int cols, MemorySegment y, long yAt) {
        for (int j = 0; j < cols; j++) {
            contribute(y, yAt + j, get(x, j), false);
        }
    }
}
