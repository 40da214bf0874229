package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Draws. Element e of an output takes the noise of element e, so a range draws what the whole would have drawn
/// there. The twins are `random.cu` and `reparameterise.cu`.
///
/// `seed`, `step` and `operation` are those of a [dev.elbo.runtime.random.Noise], spelt out because a replayed step
/// asks for them anew each time and does not allocate.
public interface NoiseMath {
    /// `y[e]` uniform in `[0, 1)`.
    void uniforms(MemorySegment y, long from, long to, long seed, long step, int operation);

    /// `y[e]` standard normal.
    void normals(MemorySegment y, long from, long to, long seed, long step, int operation);

    /// `y[e] = 1` with probability `p[e]`, else 0.
    void bernoulli(MemorySegment p, MemorySegment y, long from, long to, long seed, long step, int operation);

    /// `y[e] = 1` with probability sigmoid `x[e]`, else 0.
    void bernoulliLogits(MemorySegment x, MemorySegment y, long from, long to, long seed, long step, int operation);

    /// `y[e] (+)= scale · x[e]` with probability `keep`, else 0. It is its own pullback.
    void dropout(
            MemorySegment x,
            MemorySegment y,
            long from,
            long to,
            float keep,
            float scale,
            long seed,
            long step,
            int operation,
            boolean first);

    /// The row of a data set that stands at a place, where every epoch takes each row once, in an order of its own.
    ///
    /// ```
    /// epoch, slot = position / count, position mod count
    /// row         = permutation(seed, operation, epoch) of slot
    /// ```
    ///
    /// @param position among the rows of all epochs in a line, from 0
    /// @param count    rows of the data set
    int shuffledRow(long position, int count, long seed, int operation);

    /// Normal draws as a function of mean and log-variance, with the divergence from N(0, 1), the density of the draws,
    /// and what they weigh under N(0, 1).
    ///
    /// ```
    /// z[r,j]   = fma(exp(½ v[i,j]), ε[r,j], mean[i,j])     i = r / samples, ε normal of element r · cols + j
    /// kl[i]    = ½ Σ_j mean² + exp v − 1 − v               v = logVariance, held to ±20
    /// logQ[r]  = −½ Σ_j log 2π + (v + ε²)                  sums over j in the order of CpuMath
    /// ratio[r] = ½ Σ_j (v + ε²) − z²                       log N(z | 0, 1) − log q(z)
    /// ```
    ///
    /// @param mean (rows, cols), as is `logVariance`
    /// @param z    (rows · samples, cols), the samples of a row together
    /// @param kl   (rows), or null
    /// @param logQ (rows · samples), or null, as is `ratio`
    /// @param from first row of `mean`
    void reparameterise(
            MemorySegment mean,
            MemorySegment logVariance,
            MemorySegment z,
            MemorySegment kl,
            MemorySegment logQ,
            MemorySegment ratio,
            long from,
            long to,
            int samples,
            int cols,
            long seed,
            long step,
            int operation);

    /// Pullback of [#reparameterise], which draws ε again. Nothing flows into a log-variance out of bounds. Sums
    /// over the samples of a row in the order of [CpuMath], rounded to f32 before the divergence is added.
    ///
    /// ```
    /// g             = dz − dRatio z
    /// dMean        (+)= Σ_r g + dKl · mean
    /// dLogVariance (+)= Σ_r ½ (g exp(½ v) ε − (dLogQ − dRatio)) + ½ dKl (exp v − 1)
    /// ```
    ///
    /// @param z            (rows · samples, cols), or null where dRatio is 0
    /// @param dz           (rows · samples, cols), or null for 0
    /// @param dKl          of the rows
    /// @param dLogQ        of rows · samples, as is `dRatio`
    /// @param dMean        (rows, cols), or null
    /// @param dLogVariance (rows, cols), or null
    void reparameterisePullback(
            MemorySegment mean,
            MemorySegment logVariance,
            MemorySegment z,
            MemorySegment dz,
            PerRow dKl,
            PerRow dLogQ,
            PerRow dRatio,
            MemorySegment dMean,
            MemorySegment dLogVariance,
            long from,
            long to,
            int samples,
            int cols,
            long seed,
            long step,
            int operation,
            boolean firstMean,
            boolean firstLogVariance);
}
