package dev.elbo.runtime.cpu;

import dev.elbo.runtime.chain.Form;
import java.lang.foreign.MemorySegment;

/// Inference in linear chains. The twins are `chain*.cu`.
///
/// What a sequence gets depends on its own scores alone, not on its neighbours, its place in the batch or the
/// threads. What lies beyond its length is never looked at.
///
/// ```
/// F_t(j) = b_t(j) Σ_i F_{t−1}(i) A(i,j)      b_t(j) = exp(unary − max), F_0 = b_0
/// r_t(i) = Σ_j A(i,j) b_{t+1}(j) r_{t+1}(j)  A = exp(transitions − max), r_last = 1
/// g_t    = Σ_j F_t(j) r_t(j)
/// γ_t(j) = F_t(j) r_t(j) / g_t               Ξ(i,j) = A(i,j) Σ_t F_t(i) W_{t+1}(j),  W = b r / g up to the scales
/// log Z  = log Σ_j F_last(j) + all maxima − log of all scales
/// ```
///
/// Σ_i and Σ_j of the recursions are chains of 16 fma, ascending.
///
/// F and r are scaled at every step by a power of two, so that no digit is touched.
public interface ChainMath {
    /// Sequences that are worked on side by side.
    int GROUP = 16;

    /// How far apart, in nats, the transition scores of one matrix may be for scaled f32 to be certain.
    ///
    /// Let ρ be the largest of A over its smallest. A state that is lost is below 2⁻¹⁴⁹ ρ of its step's
    /// largest, which each successor could have come from as well, at no less than 1/ρ; so whatever it would have
    /// added to a later state or posterior is below ρ² 2⁻¹⁴⁹ of it. Over all T steps and S states that is below
    /// 2⁻²⁴, and cannot be seen in f32, while ρ² T S < 2¹²⁵. The scales leave 46 bits of headroom, so ρ < 2⁴⁶
    /// besides. Emissions do not enter.
    static float certainSpread(int steps, int states) {
        int cells = Math.getExponent(Math.max(1.0, (double) steps * states)) + 1;
        return (float) (Math.min(ChainLoop.HEADROOM, (125 - cells) / 2.0) * StrictMath.log(2));
    }

    /// Steps from which a sequence is scanned: cut into chunks that run side by side. Nothing else is looked at, so
    /// that a sequence gets the same bits in every batch.
    static int scanFrom(Form form, int states) {
        return switch (form) {
            case SCAN -> 2;
            case AUTO -> states <= LoopedScan.STATES ? LoopedScan.LENGTH : Integer.MAX_VALUE;
            case SCALED_F32, SCALED_F64, LOG, TILES, CLUSTERS -> Integer.MAX_VALUE;
        };
    }

    /// log Z and its gradients, the marginals.
    ///
    /// @param form how; [Form#AUTO] chooses per sequence
    /// @param from first sequence
    void logPartition(ChainScores scores, Form form, ChainResults results, long from, long to);

    /// The entropy of p(y | scores), nats, and its gradients.
    ///
    /// ```
    /// P(j|i) = ξ_t(i,j) / γ_t(i)                     forwards, and P'(i|j) = ξ_t(i,j) / γ_{t+1}(j) backwards
    /// B_t(i) = Σ_j P(j|i) (B_{t+1}(j) − log P(j|i))  entropy of what follows
    /// C_t(j) = Σ_i P'(i|j) (C_{t−1}(i) − log P'(i|j)) entropy of what came before
    /// H      = Σ_i γ_0(i) (B_0(i) − log γ_0(i))
    /// ∂H/∂unary_t(i)         = γ_t(i) (B_t(i) + C_t(i) − log γ_t(i) − H)
    /// ∂H/∂transitions_t(i,j) = ξ_t(i,j) (C_t(i) + B_{t+1}(j) − log ξ_t(i,j) − H)
    /// ```
    void entropy(ChainScores scores, Form form, ChainResults results, long from, long to);

    /// log p(labels | scores) = score − log Z in f64, and its gradients.
    ///
    /// A path the scores forbid has −∞ and no gradient; a label that is no state NaN and no gradient.
    ///
    /// @param labels  (n, steps), i32
    /// @param results as [#logPartition] left them; all but `exact` and `served` overwritten
    void logLikelihood(ChainScores scores, MemorySegment labels, ChainResults results, long from, long to);

    /// The best paths, best first. Of equal ones the path whose last state is lowest comes first, then the last but
    /// one, and so on.
    ///
    /// @param k          paths per sequence
    /// @param paths      (n, k, steps) i32, −1 in the padding and where there is no further possible path
    /// @param pathScores (n, k), −∞ where there is no further possible path
    void bestPaths(ChainScores scores, int k, MemorySegment paths, MemorySegment pathScores, long from, long to);

    /// Independent draws from p(y | scores): forwards once, then each draw backwards.
    ///
    /// @param m     draws per sequence
    /// @param paths (n, m, steps) i32, −1 in the padding and where the sequence is impossible
    void samples(
            ChainScores scores,
            Form form,
            int m,
            MemorySegment paths,
            long seed,
            long step,
            int operation,
            long from,
            long to);

    /// `dx[q,e] (+)= dValue[q] · x[q,e]`.
    ///
    /// @param x    (n, each)
    /// @param dx   (n, each)
    /// @param from first sequence
    void scaleSequences(
            MemorySegment dValue, MemorySegment x, MemorySegment dx, long each, long from, long to, boolean first);

    /// `dx[e] (+)= Σ_q dValue[q] · x[q,e]`, q ascending, in f64.
    ///
    /// @param x    (n, each)
    /// @param dx   (each)
    /// @param from first element
    void sumSequences(
            MemorySegment dValue,
            MemorySegment x,
            MemorySegment dx,
            int n,
            long each,
            long from,
            long to,
            boolean first);

    /// `dx[i] (+)= Σ_q dValue[q] · x[q,t,i]`, q ascending, in f64, with t the first or the last of each sequence:
    /// what start and end are owed. Sequences of length 0 have neither.
    ///
    /// @param x    (n, steps, states)
    /// @param dx   (states)
    /// @param from first state
    void sumEdges(
            ChainScores scores,
            MemorySegment dValue,
            MemorySegment x,
            MemorySegment dx,
            boolean last,
            long from,
            long to,
            boolean first);
}
