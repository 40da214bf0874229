package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Normalisers of rows. x is (rows, cols), ranges are rows. The twins are `logsumexp.cu` and, for labels,
/// `likelihood.cu`.
///
/// ```
/// m = max_j x[i,j]      S = Σ_j exp(x[i,j] − m), in the order of CpuMath      L = m + log((float) S)
/// ```
///
/// A row that is all −∞, or has no columns, has S = 0 and L = −∞; its weights and gradients are 0. A +∞ or a NaN in
/// a row makes the row's results NaN.
public interface SoftmaxMath {
    /// `y[i] = L + shift`.
    ///
    /// @param shift 0 for log-sum-exp, −log cols for log-mean-exp
    void logSumExpRows(MemorySegment x, MemorySegment y, long from, long to, int cols, float shift);

    /// `dx[i,j] (+)= dy[i] · exp(x[i,j] − (y[i] − shift))`.
    void logSumExpRowsPullback(
            MemorySegment x,
            MemorySegment y,
            PerRow dy,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            float shift,
            boolean first);

    /// `y[i,j] = exp(x[i,j] − m) / (float) S`.
    ///
    /// @param y (rows, cols)
    void softmaxRows(MemorySegment x, MemorySegment y, long from, long to, int cols);

    /// `dx[i,j] (+)= y[i,j] · (dy[i,j] − (float) Σ_j dy[i,j] · y[i,j])`.
    void softmaxRowsPullback(
            MemorySegment y, MemorySegment dy, MemorySegment dx, long from, long to, int cols, boolean first);

    /// `y[i,j] = x[i,j] − L`, −∞ all along a row of L = −∞.
    ///
    /// @param y (rows, cols)
    void logSoftmaxRows(MemorySegment x, MemorySegment y, long from, long to, int cols);

    /// `dx[i,j] (+)= dy[i,j] − exp y[i,j] · (float) Σ_j dy[i,j]`, 0 where y is −∞.
    void logSoftmaxRowsPullback(
            MemorySegment y, MemorySegment dy, MemorySegment dx, long from, long to, int cols, boolean first);

    /// The importance weights of log-weights x, their log-sum, and how many equal weights they are worth.
    ///
    /// ```
    /// w[i,j] = exp(x[i,j] − m) / (float) S      y[i] = L + shift      ess[i] = S² / Σ_j exp(x[i,j] − m)²
    /// ```
    ///
    /// @param w   (rows, cols)
    /// @param y   (rows)
    /// @param ess (rows), between 1 and cols; 0 for a row of −∞
    void importanceWeightsRows(
            MemorySegment x,
            MemorySegment w,
            MemorySegment y,
            MemorySegment ess,
            long from,
            long to,
            int cols,
            float shift);

    /// `y[i] = x[i,label[i]] − L`, log of the probability of a label. A label of probability 0 gives −∞, one
    /// outside of `[0, cols)` NaN.
    ///
    /// @param label  (rows) i32
    /// @param y      (rows)
    /// @param logSum (rows), gets L
    void categoricalRows(
            MemorySegment x, MemorySegment label, MemorySegment y, MemorySegment logSum, long from, long to, int cols);

    /// `dx[i,j] (+)= dy[i] · ([j = label[i]] − exp(x[i,j] − logSum[i]))`, 0 for a label of probability 0 or
    /// outside.
    void categoricalRowsPullback(
            MemorySegment x,
            MemorySegment label,
            MemorySegment logSum,
            MemorySegment dy,
            MemorySegment dx,
            long from,
            long to,
            int cols,
            boolean first);
}
