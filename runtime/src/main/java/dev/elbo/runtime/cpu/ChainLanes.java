package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.get;

import dev.elbo.runtime.portable.PortableMath;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// How scores come into the lanes of a [ChainLoop], and results out of them.
final class ChainLanes {
    private static final int LANES = ChainLoop.LANES;

    /// Elements that are moved at a time.
    private static final int RUN = 32;

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

    /// Rows of sequences to lanes, x[l,t,j] → y[t,j,l], a few lines of the cache at a time.
    ///
    /// @param y (steps, states, 16), the states from `own` on left as they are
    static void spread(float[] x, float[] y, int steps, int own, int states) {
        int each = steps * own;
        int run = own == states ? RUN : own;
        for (int e = 0; e < each; e += run) {
            int to = e / own * states + e % own;
            int length = Math.min(run, each - e);
            for (int l = 0; l < LANES; l++) {
                for (int k = 0; k < length; k++) {
                    y[(to + k) * LANES + l] = x[l * each + e + k];
                }
            }
        }
    }

    /// Lanes back to rows of sequences.
    static void collect(float[] x, float[] y, int steps, int own, int states) {
        int each = steps * own;
        int run = own == states ? RUN : own;
        for (int e = 0; e < each; e += run) {
            int from = e / own * states + e % own;
            int length = Math.min(run, each - e);
            for (int l = 0; l < LANES; l++) {
                for (int k = 0; k < length; k++) {
                    y[l * each + e + k] = x[(from + k) * LANES + l];
                }
            }
        }
    }
}
