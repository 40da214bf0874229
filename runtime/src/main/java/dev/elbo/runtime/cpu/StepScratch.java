package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.get;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Working memory of one thread for [LoopedSteps], and the sequence that it works on.
final class StepScratch {
    int length;
    int states;
    double maxima;
    long exponent;
    float scale;

    final float[] bounds = new float[2 * StepLoop.LANES];
    final float[] terms = new float[StepLoop.LANES];
    float[] a = new float[0];
    float[] flat = new float[0];
    float[] b = new float[0];
    float[] f = new float[0];
    float[] r = new float[0];
    float[] w = new float[0];

    /// Room for a sequence; its states become a multiple of 16.
    void reserve(ChainScores scores, long q) {
        length = scores.length(q);
        states = (scores.states() + StepLoop.LANES - 1) / StepLoop.LANES * StepLoop.LANES;
        maxima = 0;
        exponent = 0;
        scale = 1;
        int square = states * states;
        int cells = Math.toIntExact((long) length * states);
        a = ChainScratch.atLeast(a, square);
        Arrays.fill(a, 0, square, 0.0f);
        flat = ChainScratch.atLeast(flat, square);
        b = ChainScratch.atLeast(b, cells);
        f = ChainScratch.atLeast(f, cells);
        r = ChainScratch.atLeast(r, states);
        w = ChainScratch.atLeast(w, states);
    }

    /// log Z from F at its end.
    double logPartition() {
        double sum = 0;
        for (int j = 0; j < states && length > 0; j++) {
            sum += f[(length - 1) * states + j];
        }
        return length == 0 ? 0 : Certificate.logOf(sum, exponent) + maxima;
    }

    /// Adds start or end scores to those of a step, both less their largest, so that large ones do not cost the
    /// digits of the others.
    void addEdge(MemorySegment edge, int at, int own) {
        if (edge == null) {
            return;
        }
        float max = largest(b, at, own);
        float maxEdge = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < own; j++) {
            maxEdge = Math.max(maxEdge, get(edge, j));
        }
        maxEdge = maxEdge == Float.NEGATIVE_INFINITY ? 0 : maxEdge;
        for (int j = 0; j < own; j++) {
            b[at + j] = (float) ((double) b[at + j] - max + ((double) get(edge, j) - maxEdge));
        }
        maxima += (double) max + maxEdge;
    }

    /// The largest, or 0 if that is −∞.
    static float largest(float[] x, int at, int length) {
        float max = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < length; j++) {
            max = Math.max(max, x[at + j]);
        }
        return max == Float.NEGATIVE_INFINITY ? 0 : max;
    }

    /// g_t, of F at `at` and r.
    float joint(int at) {
        float total = 0;
        for (int chain = 0; chain < states; chain += StepLoop.LANES) {
            float sum = 0;
            for (int j = chain; j < chain + StepLoop.LANES; j++) {
                sum = Math.fma(f[at + j], r[j], sum);
            }
            total += sum;
        }
        return total;
    }

    /// The scale that brings the largest of a step to 2⁴⁶.
    static float scaleOf(float[] x, int at, int states) {
        int largest = 0;
        for (int j = 0; j < states; j++) {
            largest = Math.max(largest, Float.floatToRawIntBits(x[at + j]));
        }
        return Float.intBitsToFloat(ChainLoop.scaleField(largest) << 23);
    }
}
