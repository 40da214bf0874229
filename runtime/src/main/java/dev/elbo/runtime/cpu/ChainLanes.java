package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.get;

import dev.elbo.runtime.portable.PortableMath;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// How scores come into the lanes of a [ChainLoop], and results out of them.
final class ChainLanes {
    private static final int LANES = ChainLoop.LANES;

    private ChainLanes() {}

    /// A = exp(transitions − max) and its transpose.
    static float prepare(ChainScores scores, ChainScratch scratch, int states) {
        Arrays.fill(scratch.a, 0, states * states, 0.0f);
        Arrays.fill(scratch.transposed, 0, states * states, 0.0f);
        int own = scores.states();
        float max = Float.NEGATIVE_INFINITY;
        for (int e = 0; e < own * own; e++) {
            float score = get(scores.transitions(), e);
            max = score > max ? score : max;
        }
        max = max == Float.NEGATIVE_INFINITY ? 0 : max;
        for (int i = 0; i < own; i++) {
            for (int j = 0; j < own; j++) {
                double score = get(scores.transitions(), (long) i * own + j);
                float p = (float) PortableMath.exp(score - max);
                scratch.a[i * states + j] = p;
                scratch.transposed[j * states + i] = p;
            }
        }
        return max;
    }

    /// Adds start or end scores to those of a step, both less their maxima, so that large ones do not cost the
    /// digits of the others.
    static void addEdge(MemorySegment edge, ChainScratch scratch, int at, int l, int states, int own) {
        if (edge == null) {
            return;
        }
        float[] b = scratch.b;
        float max = Float.NEGATIVE_INFINITY;
        float maxEdge = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < own; j++) {
            max = Math.max(max, b[at + j * LANES]);
            maxEdge = Math.max(maxEdge, get(edge, j));
        }
        max = max == Float.NEGATIVE_INFINITY ? 0 : max;
        maxEdge = maxEdge == Float.NEGATIVE_INFINITY ? 0 : maxEdge;
        for (int j = 0; j < own; j++) {
            b[at + j * LANES] = (float) ((double) b[at + j * LANES] - max + ((double) get(edge, j) - maxEdge));
        }
        scratch.maxima[l] += (double) max + maxEdge;
    }

    /// Floats from one sequence's row to the next: an odd number of lines of the cache, since rows a multiple of
    /// 4096 bytes apart would drive each other out of it.
    static int stride(int steps, int states) {
        return Math.ceilDiv(steps * states, 32) * 32 + 16;
    }

    /// Rows of sequences to lanes, with −∞ for the states from `own` on.
    ///
    /// @param x (16, stride), (steps, own) at the front of every row
    /// @param y (steps, states, 16), overwritten
    static void spread(ChainLoop loop, float[] x, float[] y, int steps, int own, int states) {
        loop.spread(x, stride(steps, states), y, steps, own, states);
        for (int t = 0; t < steps && own != states; t++) {
            Arrays.fill(y, (t * states + own) * LANES, (t + 1) * states * LANES, Float.NEGATIVE_INFINITY);
        }
    }
}
