package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.F;
import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.all;
import static dev.elbo.runtime.cpu.Lanes.get;
import static dev.elbo.runtime.cpu.Lanes.put;
import static dev.elbo.runtime.cpu.Lanes.upTo;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// [ProductLoop] on the Vector API: a panel of B, two vectors wide, is laid out once, and four rows of A at a time
/// run down it, so that eight chains advance together.
final class VectorProduct implements ProductLoop {
    /// Columns of a panel.
    static final int PANEL = 2 * WIDTH;

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
        float[] panel = Scratch.ofThread().floats(inner * PANEL);
        for (int left = 0; left < cols; left += PANEL) {
            int width = Math.min(PANEL, cols - left);
            pack(b, bAt, bInner, bCol, left, width, inner, panel);
            for (long i = 0; i < rows; i += 4) {
                fourRows(a, aAt, aRow, aInner, panel, bias, c, cAt, i, rows, inner, cols, left, width, alpha, beta);
            }
        }
    }

    private void pack(
            MemorySegment b, long bAt, long bInner, long bCol, int left, int width, int inner, float[] panel) {
        for (int k = 0; k < inner; k++) {
            if (bCol == 1) {
                MemorySegment.copy(b, JAVA_FLOAT, bAt + k * bInner + left << 2, panel, k * PANEL, width);
            } else {
                for (int j = 0; j < width; j++) {
                    panel[k * PANEL + j] = Floats.get(b, bAt + k * bInner + (left + j) * bCol);
                }
            }
        }
    }

    /// Rows i to i + 3 of C in one panel. Past the end the last row is computed again, and not stored.
    private void fourRows(
            MemorySegment a,
            long aAt,
            long aRow,
            long aInner,
            float[] panel,
            MemorySegment bias,
            MemorySegment c,
            long cAt,
            long i,
            long rows,
            int inner,
            int cols,
            int left,
            int width,
            float alpha,
            float beta) {
        long row0 = aAt + i * aRow;
        long row1 = aAt + Math.min(i + 1, rows - 1) * aRow;
        long row2 = aAt + Math.min(i + 2, rows - 1) * aRow;
        long row3 = aAt + Math.min(i + 3, rows - 1) * aRow;
        FloatVector s00 = all(0.0f);
        FloatVector s01 = all(0.0f);
        FloatVector s10 = all(0.0f);
        FloatVector s11 = all(0.0f);
        FloatVector s20 = all(0.0f);
        FloatVector s21 = all(0.0f);
        FloatVector s30 = all(0.0f);
        FloatVector s31 = all(0.0f);
        for (int k = 0; k < inner; k++) {
            FloatVector b0 = FloatVector.fromArray(F, panel, k * PANEL);
            FloatVector b1 = FloatVector.fromArray(F, panel, k * PANEL + WIDTH);
            FloatVector a0 = all(Floats.get(a, row0 + k * aInner));
            s00 = a0.fma(b0, s00);
            s01 = a0.fma(b1, s01);
            FloatVector a1 = all(Floats.get(a, row1 + k * aInner));
            s10 = a1.fma(b0, s10);
            s11 = a1.fma(b1, s11);
            FloatVector a2 = all(Floats.get(a, row2 + k * aInner));
            s20 = a2.fma(b0, s20);
            s21 = a2.fma(b1, s21);
            FloatVector a3 = all(Floats.get(a, row3 + k * aInner));
            s30 = a3.fma(b0, s30);
            s31 = a3.fma(b1, s31);
        }
        float[] sums = Scratch.ofThread().product(4 * PANEL);
        s00.intoArray(sums, 0 * PANEL);
        s01.intoArray(sums, 0 * PANEL + WIDTH);
        s10.intoArray(sums, 1 * PANEL);
        s11.intoArray(sums, 1 * PANEL + WIDTH);
        s20.intoArray(sums, 2 * PANEL);
        s21.intoArray(sums, 2 * PANEL + WIDTH);
        s30.intoArray(sums, 3 * PANEL);
        s31.intoArray(sums, 3 * PANEL + WIDTH);
        for (int row = 0; row < Math.min(4, rows - i); row++) {
            for (int j = 0; j < width; j += WIDTH) {
                long at = cAt + (i + row) * cols + left + j;
                finish(sums, row * PANEL + j, bias, left + j, c, at, width - j, alpha, beta);
            }
        }
    }

    /// A vector of sums to C.
    private void finish(
            float[] sums,
            int from,
            MemorySegment bias,
            int col,
            MemorySegment c,
            long at,
            int left,
            float alpha,
            float beta) {
        VectorMask<Float> mask = upTo(left);
        FloatVector v = FloatVector.fromArray(F, sums, from).mul(alpha);
        if (beta != 0.0f) {
            v = get(c, at, mask).fma(all(beta), v);
        }
        if (bias != null) {
            v = v.add(get(bias, col, mask));
        }
        put(v, c, at, mask);
    }
}
