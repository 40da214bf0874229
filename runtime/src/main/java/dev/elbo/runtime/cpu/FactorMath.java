package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Normals with a full covariance L Lᵀ, L lower triangular with a positive diagonal. The twin is `gaussian_full.cu`.
///
/// A factor is packed by columns, and of the diagonal the logarithm is kept:
///
/// ```
/// factor = log L₀₀, L₁₀, L₂₀, …,  log L₁₁, L₂₁, …,  …,  log L_dd           cols (cols + 1) / 2 elements
/// ```
///
/// v[k] = 2 log L[k,k] is the logarithm of a variance and is held to ±20 like any other; no gradient flows into what
/// lies beyond. Sums over the elements of a row or of a factor give element [j,k] to accumulator j mod 16 and take
/// the columns in their order, so that a diagonal factor gives the bits of the diagonal normal.
public interface FactorMath {
    /// Elements of a packed factor.
    static int packed(int cols) {
        return Math.toIntExact(cols * (cols + 1L) / 2);
    }

    /// Draws, with the divergence from N(0, 1) and their density.
    ///
    /// ```
    /// z[r,j]  = μ[i,j] + Σ_{k<j} L[j,k] ε[r,k] + exp(½ v[j]) ε[r,j]      i = r / samples, one fma after the other
    /// kl[i]   = ½ Σ_j μ² + exp v − 1 − v + Σ_{k<j} L[j,k]²
    /// logQ[r] = −½ Σ_j log 2π + (v[j] + ε[r,j]²)
    /// ratio[r] = ½ Σ_j (v[j] + ε[r,j]²) − z[r,j]²            log N(z | 0, I) − log q(z)
    /// ```
    ///
    /// @param mean   (rows, cols)
    /// @param factor (rows, packed)
    /// @param z      (rows · samples, cols), or null
    /// @param kl     (rows), or null
    /// @param logQ   (rows · samples), or null
    /// @param ratio  (rows · samples), or null as it has to be where z is
    /// @param from   first row of `mean`
    void factorDraws(
            MemorySegment mean,
            MemorySegment factor,
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

    /// Pullback of [#factorDraws], which draws ε again, and of [#factorDensity], whose ε is given. Sums over the
    /// samples of a row in the order of [CpuMath], rounded to f32 before the divergence is added.
    ///
    /// ```
    /// g                   = dz − dRatio z
    /// dMean[i,j]       (+)= Σ_r g[r,j] + dKl μ[i,j]
    /// dFactor[i,(j,k)] (+)= Σ_r g[r,j] ε[r,k] + dKl L[j,k]                            j > k
    /// dFactor[i,(k,k)] (+)= Σ_r (g[r,k] exp(½ v[k]) ε[r,k] − (dLogQ[r] − dRatio[r])) + dKl (exp v[k] − 1)
    /// ```
    ///
    /// @param z       (rows · samples, cols), or null where dRatio is 0
    /// @param dz      (rows · samples, cols), or null for 0
    /// @param epsilon (rows · samples, cols), or null to draw it
    /// @param dKl     of the rows
    /// @param dLogQ   of rows · samples, as is `dRatio`
    /// @param dMean   (rows, cols), or null
    /// @param dFactor (rows, packed), or null
    void factorPullback(
            MemorySegment mean,
            MemorySegment factor,
            MemorySegment z,
            MemorySegment dz,
            MemorySegment epsilon,
            PerRow dKl,
            PerRow dLogQ,
            PerRow dRatio,
            MemorySegment dMean,
            MemorySegment dFactor,
            long from,
            long to,
            int samples,
            int cols,
            long seed,
            long step,
            int operation,
            boolean firstMean,
            boolean firstFactor);

    /// Log-density.
    ///
    /// ```
    /// w[r] = L⁻¹ (x[r] − μ[i])                        i = r / samples; by columns, one fma after the other
    /// y[r] = −½ Σ_j log 2π + (v[j] + w[r,j]²)
    /// ```
    ///
    /// @param x    (rows · samples, cols)
    /// @param w    (rows · samples, cols), overwritten
    /// @param y    (rows · samples), overwritten
    /// @param from first row of `x`
    void factorDensity(
            MemorySegment x,
            MemorySegment mean,
            MemorySegment factor,
            MemorySegment w,
            MemorySegment y,
            long from,
            long to,
            int samples,
            int cols);

    /// First half of the pullback of [#factorDensity]; the second is [#factorPullback] of g as dz, w as ε and dy as
    /// dLogQ.
    ///
    /// ```
    /// g[r] = dy[r] L⁻ᵀ w[r]          from the last element to the first; sums in the order of CpuMath
    /// dx[r] (+)= −g[r]
    /// ```
    ///
    /// @param g    (rows · samples, cols), overwritten
    /// @param dx   (rows · samples, cols), or null
    /// @param from first row of `w`
    void factorDensityPullback(
            MemorySegment factor,
            MemorySegment w,
            MemorySegment dy,
            MemorySegment g,
            MemorySegment dx,
            long from,
            long to,
            int samples,
            int cols,
            boolean first);
}
