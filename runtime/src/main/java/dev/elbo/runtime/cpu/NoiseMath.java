package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Draws. Element e of an output takes the noise of element e, so a range draws what the whole would have drawn
/// there.
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

    /// `samples` draws around each mean, ε standard normal:
    ///
    /// ```
    /// z[i,s,j] = mean[i,j] + exp(½ logVariance[i,j]) · ε[i,s,j]      (rows, cols) → (rows, samples, cols)
    /// ```
    ///
    /// @param from first row of `mean`
    void reparameterise(
            MemorySegment mean,
            MemorySegment logVariance,
            MemorySegment z,
            long from,
            long to,
            int samples,
            int cols,
            long seed,
            long step,
            int operation);

    /// Pullback of [#reparameterise], which draws ε again; sums over s ascend from the first sample, in f32.
    ///
    /// ```
    /// dMean[i,j]        (+)= Σ_s dz[i,s,j]
    /// dLogVariance[i,j] (+)= ½ exp(½ logVariance[i,j]) · Σ_s dz[i,s,j] · ε[i,s,j]        a chain of fma
    /// ```
    void reparameterisePullback(
            MemorySegment logVariance,
            MemorySegment dz,
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
