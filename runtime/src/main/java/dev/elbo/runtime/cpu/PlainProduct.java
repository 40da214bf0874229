package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// [ProductLoop] in plain Java: a panel of B is laid out once, its columns side by side, and every row of A runs
/// down it.
final class PlainProduct implements ProductLoop {
    /// Columns of a panel. The chains of one row of A through one panel advance together.
    private static final int PANEL = 64;

    @Override
    public void multiply(
            MemorySegment a,
            long aAt,
            long aRow,
            long aInner,
            MemorySegment b,
            long bAt,
            long bInner,
            long bCol,
            MemorySegment bias,
            MemorySegment c,
            long cAt,
            int rows,
            int inner,
            int cols,
            float alpha,
            float beta) {
        float[] scratch = Scratch.ofThread().floats((inner + 1) * PANEL); // the chains, then the panel
        for (int left = 0; left < cols; left += PANEL) {
            int width = Math.min(PANEL, cols - left);
            for (int k = 0; k < inner; k++) {
                for (int j = 0; j < width; j++) {
                    scratch[(k + 1) * PANEL + j] = get(b, bAt + k * bInner + (left + j) * bCol);
                }
            }
            for (long i = 0; i < rows; i++) {
                Arrays.fill(scratch, 0, PANEL, 0.0f);
                for (int k = 0; k < inner; k++) {
                    float scalar = get(a, aAt + i * aRow + k * aInner);
                    for (int j = 0; j < PANEL; j++) {
                        scratch[j] = Math.fma(scalar, scratch[(k + 1) * PANEL + j], scratch[j]);
                    }
                }
                for (int j = 0; j < width; j++) {
                    long at = cAt + i * cols + left + j;
                    float v = alpha * scratch[j];
                    v = beta != 0.0f ? Math.fma(beta, get(c, at), v) : v;
                    v = bias != null ? v + get(bias, left + j) : v;
                    put(c, at, v);
                }
            }
        }
    }
}
