package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.runtime.chain.Form;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// [ChainMath] in f32, composed of a provider's loops: sixteen sequences at a time, one in each lane. What f32
/// cannot vouch for goes to [ChainSequences], one sequence at a time in f64.
interface LoopedChain extends LoopedScan, LoopedSteps {
    @Override
    default void logPartition(ChainScores scores, Form form, ChainResults results, long from, long to) {
        for (long q = from; q < to; q += GROUP) {
            int count = (int) Math.min(GROUP, to - q);
            if (scores.perStep() && (form == Form.SCALED_F32 || form == Form.AUTO)) {
                for (long one = q; one < q + count; one++) {
                    steps(scores, form, results, one);
                }
            } else if (form == Form.SCALED_F32 || form == Form.SCAN || form == Form.AUTO && Certificate.holds(scores)) {
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
        int scanned = 0;
        for (int l = 0; l < GROUP; l++) {
            lengths[l] = l < count ? scores.length(q + l) : 0;
            if (lengths[l] >= ChainMath.scanFrom(form, scores.states())) {
                scanned |= 1 << l;
                lengths[l] = 0;
            }
            steps = Math.max(steps, lengths[l]);
        }
        int states = (scores.states() + 3) / 4 * 4;
        scratch.reserve(Math.max(1, steps), states);
        float maxTransition = ChainLanes.prepare(scores, scratch, states);
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
            Arrays.fill(scratch.r, 0, states * GROUP, 1.0f);
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
        for (int l = 0; l < count; l++) {
            if ((scanned >>> l & 1) != 0) {
                scan(scores, form, results, q + l);
            }
        }
    }

    /// Scores into lanes: 0 in the padding, −∞ for states beyond the chain's own.
    private void load(ChainScores scores, long q, ChainScratch scratch, int steps, int states) {
        int own = scores.states();
        int stride = ChainLanes.stride(steps, states);
        float[] rows = scratch.gamma; // the scores of one sequence after the other, until γ takes their place
        for (int l = 0; l < GROUP; l++) {
            int live = scratch.lengths[l] * own;
            if (live > 0) {
                MemorySegment.copy(scores.unary(), JAVA_FLOAT, scores.unaryAt(q + l, 0) << 2, rows, l * stride, live);
            }
            Arrays.fill(rows, l * stride + live, l * stride + steps * own, 0.0f);
        }
        ChainLanes.spread(chainLoop(), rows, scratch.b, steps, own, states);
        for (int l = 0; l < GROUP; l++) {
            if (scratch.lengths[l] > 0) {
                ChainLanes.addEdge(scores.start(), scratch, l, l, states, own);
                ChainLanes.addEdge(
                        scores.end(), scratch, (scratch.lengths[l] - 1) * states * GROUP + l, l, states, own);
            }
        }
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
        int own = scores.states();
        int stride = ChainLanes.stride(steps, states);
        float[] rows = scratch.b; // W has served
        if (results.unary() != null) {
            chainLoop().collect(scratch.gamma, rows, stride, steps, own, states);
        }
        for (int l = 0; l < count; l++) {
            double logZ = logPartition(scratch, l, steps, states);
            boolean both = results.wantsGradient() && scratch.lengths[l] > 0;
            double other =
                    both ? Certificate.logOf(scratch.first[l], scratch.backExponents[l]) + scratch.maxima[l] : logZ;
            boolean agree = Math.abs(logZ - other) <= 1e-4 + 2e-7 * scratch.lengths[l];
            if (scratch.lengths[l] == 0 || logZ == Double.NEGATIVE_INFINITY && form == Form.SCALED_F32) {
                results.clear(scores, q + l);
            } else if (agree || form == Form.SCALED_F32) {
                store(scores, results, q + l, rows, l * stride, scratch.lengths[l] * own);
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

    /// What `rows` has of a sequence, and zero in the padding.
    private static void store(ChainScores scores, ChainResults results, long q, float[] rows, int from, int live) {
        MemorySegment unary = results.unary();
        if (unary == null) {
            return;
        }
        long at = scores.unaryAt(q, 0);
        if (live > 0) {
            MemorySegment.copy(rows, from, unary, JAVA_FLOAT, at << 2, live);
        }
        ChainResults.zero(unary, at + live, scores.unaryAt(q + 1, 0) - at - live);
    }

    @Override
    default void scaleSequences(
            MemorySegment dValue, MemorySegment x, MemorySegment dx, long each, long from, long to, boolean first) {
        for (long q = from; q < to; q++) {
            loop(RowMap.SCALE).run(x, q * each, get(dValue, q), 0, dx, q * each, each, first);
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
