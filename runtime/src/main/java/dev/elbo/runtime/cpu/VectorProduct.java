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

/// [ProductMath] on the Vector API: a panel of B, two vectors wide, is laid out once, and four rows of A at a time
/// run down it, so that eight chains advance together.
interface VectorProduct extends ProductMath, Loops {
    /// Columns of a panel.
    int PANEL = 2 * WIDTH;

    @Override
    default void multiply(
            MemorySegment a,
            long aRow,
            long aInner,
            MemorySegment b,
            long bInner,
            long bCol,
            MemorySegment bias,
            MemorySegment c,
            long from,
            long to,
            int inner,
            int cols,
            float alpha,
            float beta,
            Unary f,
            float parameter) {
        float[] panel = Scratch.ofThread().floats(inner * PANEL);
        for (int left = 0; left < cols; left += PANEL) {
            int width = Math.min(PANEL, cols - left);
            pack(b, bInner, bCol, left, width, inner, panel);
            for (long i = from; i < to; i += 4) {
                fourRows(a, aRow, aInner, panel, bias, c, i, to, inner, cols, left, width, alpha, beta);
            }
        }
        if (f != Unary.IDENTITY) {
            loop(f).forward(parameter, c, c, from * cols, to * cols);
        }
    }

    private static void pack(MemorySegment b, long bInner, long bCol, int left, int width, int inner, float[] panel) {
        for (int k = 0; k < inner; k++) {
            if (bCol == 1) {
                MemorySegment.copy(b, JAVA_FLOAT, k * bInner + left << 2, panel, k * PANEL, width);
            } else {
                for (int j = 0; j < width; j++) {
                    panel[k * PANEL + j] = Floats.get(b, k * bInner + (left + j) * bCol);
                }
            }
        }
    }

    /// Rows i to i + 3 of C in one panel. Past the end the last row is computed again, and not stored.
    private static void fourRows(
            MemorySegment a,
            long aRow,
            long aInner,
            float[] panel,
            MemorySegment bias,
            MemorySegment c,
            long i,
            long to,
            int inner,
            int cols,
            int left,
            int width,
            float alpha,
            float beta) {
        long row0 = i * aRow;
        long row1 = Math.min(i + 1, to - 1) * aRow;
        long row2 = Math.min(i + 2, to - 1) * aRow;
        long row3 = Math.min(i + 3, to - 1) * aRow;
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
        finish(s00, s01, bias, c, i * cols, left, width, alpha, beta);
        if (i + 1 < to) {
            finish(s10, s11, bias, c, (i + 1) * cols, left, width, alpha, beta);
        }
        if (i + 2 < to) {
            finish(s20, s21, bias, c, (i + 2) * cols, left, width, alpha, beta);
        }
        if (i + 3 < to) {
            finish(s30, s31, bias, c, (i + 3) * cols, left, width, alpha, beta);
        }
    }

    private static void finish(
            FloatVector s0,
            FloatVector s1,
            MemorySegment bias,
            MemorySegment c,
            long start,
            int left,
            int width,
            float alpha,
            float beta) {
        finish(s0, bias, c, start, left, upTo(width), alpha, beta);
        finish(s1, bias, c, start, left + WIDTH, upTo(width - WIDTH), alpha, beta);
    }

    private static void finish(
            FloatVector s,
            MemorySegment bias,
            MemorySegment c,
            long start,
            int left,
            VectorMask<Float> mask,
            float alpha,
            float beta) {
        FloatVector v = s.mul(alpha);
        if (beta != 0.0f) {
            v = get(c, start + left, mask).fma(all(beta), v);
        }
        if (bias != null) {
            v = v.add(get(bias, left, mask));
        }
        put(v, c, start + left, mask);
    }
}
