package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.runtime.chain.Form;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// One sequence with a matrix of transitions for every step, in f32: its states side by side.
///
/// ```
/// F_t(j) = b_t(j) Σ_i F_{t−1}(i) A_{t−1}(i,j)          A_t = exp(transitions_t − max)
/// r_t(i) = Σ_j A_t(i,j) w_{t+1}(j),  w = b r scaled    r_last = 1
/// γ_t(j) = F_t(j) r_t(j) / g_t,  ξ_t(i,j) = A_t(i,j) F_t(i) w_{t+1}(j) / g_t       g_t = Σ_j F_t(j) r_t(j)
/// ```
///
/// A weight is made of its score in either direction anew: all of them have no room in a cache.
interface LoopedSteps extends ChainSequences {
    /// The provider's loops.
    Warmed<StepLoop> stepLoops();

    default StepLoop stepLoop() {
        return stepLoops().get();
    }

    /// log Z and its gradients of one sequence, in f32 if that is certain or forced, else in f64.
    default void steps(ChainScores scores, Form form, ChainResults results, long q) {
        boolean force = form == Form.SCALED_F32;
        StepScratch scratch = Scratch.ofThread().steps();
        scratch.reserve(scores, q);
        float limit = force ? Float.POSITIVE_INFINITY : ChainMath.certainSpread(scores.steps(), scores.states());
        if (!forward(scores, scratch, q, limit, force)) {
            logPartitionOf(scores, Form.AUTO, results, q);
            return;
        }
        double logZ = scratch.logPartition();
        results.put(q, logZ, Form.SCALED_F32);
        results.clear(scores, q);
        if (!results.wantsGradient() || scratch.length == 0 || force && logZ == Double.NEGATIVE_INFINITY) {
            return;
        }
        double other = backward(scores, results, scratch, q);
        if (!force && !(Math.abs(logZ - other) <= 1e-4 + 2e-7 * scratch.length)) {
            logPartitionOf(scores, Form.AUTO, results, q);
        }
    }

    /// F of all steps.
    ///
    /// @return whether f32 is certain
    private boolean forward(ChainScores scores, StepScratch scratch, long q, float limit, boolean force) {
        int states = scratch.states;
        for (int t = 0; t < scratch.length; t++) {
            emit(scores, scratch, q, t);
            int at = t * states;
            if (t == 0) {
                System.arraycopy(scratch.b, 0, scratch.f, 0, states);
            } else {
                float spread = weights(scores, scratch, q, t - 1);
                if (!force && !(spread < limit)) {
                    return false;
                }
                scratch.maxima += scratch.bounds[0];
                stepLoop().multiply(scratch.f, at - states, scratch.a, scratch.f, at, states);
                for (int j = 0; j < states; j++) {
                    scratch.f[at + j] *= scratch.b[at + j] * scratch.scale;
                }
                scratch.exponent += Math.getExponent(scratch.scale);
            }
            scratch.scale = StepScratch.scaleOf(scratch.f, at, states);
        }
        return true;
    }

    /// b_t.
    private void emit(ChainScores scores, StepScratch scratch, long q, int t) {
        int own = scores.states();
        int at = t * scratch.states;
        float[] b = scratch.b;
        MemorySegment.copy(scores.unary(), JAVA_FLOAT, scores.unaryAt(q, t) << 2, b, at, own);
        Arrays.fill(b, at + own, at + scratch.states, Float.NEGATIVE_INFINITY);
        if (t == 0) {
            scratch.addEdge(scores.start(), at, own);
        }
        if (t == scratch.length - 1) {
            scratch.addEdge(scores.end(), at, own);
        }
        float max = StepScratch.largest(b, at, own);
        scratch.maxima += max;
        stepLoop().weigh(b, at, scratch.states, max);
    }

    /// A_t, its largest score left in `bounds`.
    ///
    /// @return the largest score less the smallest
    private float weights(ChainScores scores, StepScratch scratch, long q, int t) {
        int own = scores.states();
        int square = own * own;
        int whole = (square + StepLoop.LANES - 1) / StepLoop.LANES * StepLoop.LANES;
        float[] flat = scratch.flat;
        MemorySegment.copy(scores.transitions(), JAVA_FLOAT, scores.transitionsAt(q, t) << 2, flat, 0, square);
        Arrays.fill(flat, square, whole, flat[0]);
        stepLoop().bounds(flat, whole, scratch.bounds);
        float spread = scratch.bounds[0] - scratch.bounds[StepLoop.LANES];
        scratch.bounds[0] = scratch.bounds[0] == Float.NEGATIVE_INFINITY ? 0 : scratch.bounds[0];
        stepLoop().weigh(flat, 0, whole, scratch.bounds[0]);
        for (int i = 0; i < own; i++) {
            System.arraycopy(flat, i * own, scratch.a, i * scratch.states, own);
        }
        return spread;
    }

    /// γ and ξ of all steps.
    ///
    /// @return log Z as it is seen from the end
    private double backward(ChainScores scores, ChainResults results, StepScratch scratch, long q) {
        int own = scores.states();
        int states = scratch.states;
        float[] r = scratch.r;
        float[] w = scratch.w;
        long exponent = 0;
        float joint = 0;
        Arrays.fill(r, 0, states, 1.0f);
        for (int t = scratch.length - 1; t >= 0; t--) {
            int at = t * states;
            joint = scratch.joint(at);
            float inverse = 1.0f / joint;
            if (t < scratch.length - 1 && results.transitions() != null) {
                storePairs(scores, results, scratch, q, t, inverse);
            }
            float scale = StepScratch.scaleOf(r, 0, states);
            for (int j = 0; j < states; j++) {
                w[j] = scratch.b[at + j] * r[j] * scale;
                r[j] = scratch.f[at + j] * r[j] * inverse;
            }
            if (results.unary() != null) {
                MemorySegment.copy(r, 0, results.unary(), JAVA_FLOAT, scores.unaryAt(q, t) << 2, own);
            }
            if (t > 0) {
                exponent += Math.getExponent(scale);
                weights(scores, scratch, q, t - 1);
                stepLoop().multiplyRows(scratch.a, w, r, states, scratch.terms);
            }
        }
        return Certificate.logOf(joint, exponent) + scratch.maxima;
    }

    private void storePairs(
            ChainScores scores, ChainResults results, StepScratch scratch, long q, int t, float inverse) {
        int own = scores.states();
        for (int i = 0; i < own; i++) {
            float left = scratch.f[t * scratch.states + i] * inverse;
            stepLoop().pairs(scratch.a, i * scratch.states, left, scratch.w, scratch.flat, scratch.states);
            long to = scores.transitionsAt(q, t) + (long) i * own;
            MemorySegment.copy(scratch.flat, 0, results.transitions(), JAVA_FLOAT, to << 2, own);
        }
    }
}
