package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;

import dev.elbo.runtime.chain.Form;
import dev.elbo.runtime.portable.PortableMath;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// [ChainMath] in f32, composed of a provider's loops: sixteen sequences at a time, one in each lane. What f32 cannot
/// vouch for goes to [ChainSequences], one sequence at a time in f64.
interface LoopedChain extends ChainMath, ChainSequences {
    /// The provider's loops.
    ChainLoop chainLoop();

    @Override
    default void logPartition(ChainScores scores, Form form, ChainResults results, long from, long to) {
        for (long q = from; q < to; q += GROUP) {
            int count = (int) Math.min(GROUP, to - q);
            if (form == Form.SCALED_F32 || form == Form.AUTO && Certificate.holds(scores)) {
                lanes(scores, form, results, q, count);
            } else {
                for (long one = q; one < q + count; one++) {
                    logPartitionOf(scores, form, results, one);
                }
            }
        }
    }

    private void lanes(ChainScores scores, Form form, ChainResults results, long q, int count) {
        ChainScratch scratch = Scratch.ofThread().chain();
        int[] lengths = scratch.lengths;
        int steps = 0;
        for (int l = 0; l < GROUP; l++) {
            lengths[l] = l < count ? scores.length(q + l) : 0;
            steps = Math.max(steps, lengths[l]);
        }
        int states = (scores.states() + 3) / 4 * 4;
        scratch.reserve(Math.max(1, steps), states);
        float maxTransition = prepare(scores, scratch, states);
        double[] maxima = scratch.maxima;
        Arrays.fill(maxima, 0.0);
        load(scores, q, scratch, steps, states);
        if (steps > 0) {
            chainLoop().emit(scratch.b, steps, states, maxima);
            chainLoop()
                    .forward(
                            scratch.a, scratch.b, scratch.f, scratch.scales, steps, states, lengths, scratch.exponents);
        }
        for (int l = 0; l < count; l++) {
            maxima[l] += lengths[l] > 1 ? (lengths[l] - 1) * (double) maxTransition : 0;
            results.put(q + l, logPartition(scratch, l, steps, states), Form.SCALED_F32);
        }
        if (results.wantsGradient() && steps > 0) {
            chainLoop()
                    .backward(
                            scratch.transposed,
                            scratch.b,
                            scratch.f,
                            scratch.gamma,
                            scratch.scales,
                            scratch.r,
                            steps,
                            states,
                            lengths,
                            scratch.first,
                            scratch.backExponents);
            storePairs(scores, results, q, count, scratch, steps, states);
        }
        finish(scores, form, results, q, count, scratch, steps, states);
    }

    /// A = exp(transitions − max) and its transpose.
    private static float prepare(ChainScores scores, ChainScratch scratch, int states) {
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
                float p = PortableMath.exp(get(scores.transitions(), (long) i * own + j) - max);
                scratch.a[i * states + j] = p;
                scratch.transposed[j * states + i] = p;
            }
        }
        return max;
    }

    /// Scores into lanes: 0 in the padding, −∞ for states beyond the chain's own.
    private static void load(ChainScores scores, long q, ChainScratch scratch, int steps, int states) {
        float[] b = scratch.b;
        int own = scores.states();
        for (int t = 0; t < steps; t++) {
            for (int l = 0; l < GROUP; l++) {
                int at = t * states * GROUP + l;
                boolean live = t < scratch.lengths[l];
                long row = scores.unaryAt(q + l, t);
                for (int j = 0; j < own; j++) {
                    b[at + j * GROUP] = live ? get(scores.unary(), row + j) : 0.0f;
                }
                for (int j = own; j < states; j++) {
                    b[at + j * GROUP] = Float.NEGATIVE_INFINITY;
                }
            }
        }
        for (int l = 0; l < GROUP; l++) {
            if (scratch.lengths[l] > 0) {
                addEdge(scores.start(), scratch, l, l, states, own);
                addEdge(scores.end(), scratch, (scratch.lengths[l] - 1) * states * GROUP + l, l, states, own);
            }
        }
    }

    /// Adds start or end scores to those of a step, both less their maxima, so that large ones do not cost the
    /// digits of the others.
    private static void addEdge(MemorySegment edge, ChainScratch scratch, int at, int l, int states, int own) {
        if (edge == null) {
            return;
        }
        float[] b = scratch.b;
        float max = Float.NEGATIVE_INFINITY;
        float maxEdge = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < own; j++) {
            max = Math.max(max, b[at + j * GROUP]);
            maxEdge = Math.max(maxEdge, get(edge, j));
        }
        max = max == Float.NEGATIVE_INFINITY ? 0 : max;
        maxEdge = maxEdge == Float.NEGATIVE_INFINITY ? 0 : maxEdge;
        for (int j = 0; j < own; j++) {
            b[at + j * GROUP] = b[at + j * GROUP] - max + (get(edge, j) - maxEdge);
        }
        scratch.maxima[l] += (double) max + maxEdge;
    }

    /// log Z of a lane from F at its end.
    private static double logPartition(ChainScratch scratch, int l, int steps, int states) {
        if (scratch.lengths[l] == 0) {
            return 0;
        }
        double sum = 0;
        int last = (steps - 1) * states * GROUP + l;
        for (int j = 0; j < states; j++) {
            sum += scratch.f[last + j * GROUP];
        }
        return Certificate.logOf(sum, scratch.exponents[l]) + scratch.maxima[l];
    }

    /// Ξ of every lane.
    private void storePairs(
            ChainScores scores, ChainResults results, long q, int count, ChainScratch scratch, int steps, int states) {
        int own = scores.states();
        for (int i = 0; i < own && results.transitions() != null; i += 4) {
            for (int j = 0; j < own; j += 4) {
                chainLoop().pairs(scratch.f, scratch.b, steps, states, i, j, scratch.block);
                for (int e = 0; e < 16; e++) {
                    int row = i + e / 4;
                    int col = j + e % 4;
                    for (int l = 0; l < count && row < own && col < own; l++) {
                        double a = scratch.a[row * states + col];
                        put(results.transitions(), ((q + l) * own + row) * own + col, (float)
                                (a * scratch.block[e * GROUP + l]));
                    }
                }
            }
        }
    }

    /// Looks at every lane: stores its marginals if all is well, else does it again in f64.
    private void finish(
            ChainScores scores,
            Form form,
            ChainResults results,
            long q,
            int count,
            ChainScratch scratch,
            int steps,
            int states) {
        int suspects = 0;
        for (int l = 0; l < count; l++) {
            double logZ = logPartition(scratch, l, steps, states);
            boolean both = results.wantsGradient() && scratch.lengths[l] > 0;
            double other =
                    both ? Certificate.logOf(scratch.first[l], scratch.backExponents[l]) + scratch.maxima[l] : logZ;
            boolean agree = Math.abs(logZ - other) <= 1e-4 + 2e-7 * scratch.lengths[l];
            if (scratch.lengths[l] == 0 || logZ == Double.NEGATIVE_INFINITY && form == Form.SCALED_F32) {
                results.clear(scores, q + l);
            } else if (agree || form == Form.SCALED_F32) {
                storeMarginals(scores, results, q, l, scratch, states);
            } else {
                suspects |= 1 << l;
            }
        }
        // The f64 forms use none of the lanes' memory; still they come last, so that all lanes are read first.
        for (int l = 0; l < count; l++) {
            if ((suspects >>> l & 1) != 0) {
                logPartitionOf(scores, Form.AUTO, results, q + l);
            }
        }
    }

    private static void storeMarginals(
            ChainScores scores, ChainResults results, long q, int l, ChainScratch scratch, int states) {
        if (results.unary() == null) {
            return;
        }
        int own = scores.states();
        int length = scratch.lengths[l];
        for (int t = 0; t < length; t++) {
            long row = scores.unaryAt(q + l, t);
            int at = t * states * GROUP + l;
            for (int j = 0; j < own; j++) {
                put(results.unary(), row + j, scratch.gamma[at + j * GROUP]);
            }
        }
        long end = scores.unaryAt(q + l, length);
        ChainResults.zero(results.unary(), end, scores.unaryAt(q + l, scores.steps()) - end);
    }

    @Override
    default void scaleSequences(
            MemorySegment dValue, MemorySegment x, MemorySegment dx, long each, long from, long to, boolean first) {
        for (long q = from; q < to; q++) {
            float factor = get(dValue, q);
            for (long e = q * each; e < (q + 1) * each; e++) {
                contribute(dx, e, factor * get(x, e), first);
            }
        }
    }

    @Override
    default void sumSequences(
            MemorySegment dValue,
            MemorySegment x,
            MemorySegment dx,
            int n,
            long each,
            long from,
            long to,
            boolean first) {
        for (long e = from; e < to; e++) {
            double sum = 0;
            for (long q = 0; q < n; q++) {
                sum = Math.fma((double) get(dValue, q), (double) get(x, q * each + e), sum);
            }
            contribute(dx, e, (float) sum, first);
        }
    }

    @Override
    default void sumEdges(
            ChainScores scores,
            MemorySegment dValue,
            MemorySegment x,
            MemorySegment dx,
            boolean last,
            long from,
            long to,
            boolean first) {
        for (long i = from; i < to; i++) {
            double sum = 0;
            for (long q = 0; q < scores.n(); q++) {
                int length = scores.length(q);
                if (length > 0) {
                    long at = scores.unaryAt(q, last ? length - 1 : 0) + i;
                    sum = Math.fma((double) get(dValue, q), (double) get(x, at), sum);
                }
            }
            contribute(dx, i, (float) sum, first);
        }
    }
}
