package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// What is asked of a run of consecutive elements as a whole.
interface Runs {
    /// The largest of a run, NaN if one is; −∞ for an empty run.
    float max(MemorySegment x, long start, long length);

    /// How many elements of a run stand before the first that equals `value`; a NaN equals a NaN. `length` if none
    /// does.
    long find(float value, MemorySegment x, long start, long length);

    /// Which of the elements of a run are not zero, the first in the lowest bit; a NaN is not.
    ///
    /// @param length at most 64
    long nonZeros(MemorySegment x, long start, int length);

    /// Whether no element of a run is infinite or NaN.
    boolean finite(MemorySegment x, long start, long length);

    /// `sums[at + k] += x[start + k]`, in f64.
    default void add(MemorySegment x, long start, double[] sums, int at, int length) {
        add(x, start, 0, 1, sums, at, length);
    }

    /// `sums[at + k] = (sums[at + k] + x[start + k]) + x[start + stride + k] + …`, `count` runs in their order, in f64.
    void add(MemorySegment x, long start, long stride, int count, double[] sums, int at, int length);

    /// `x = exp(x)`.
    ///
    /// @param length of x's own, which has room for a multiple of 16
    void exp(float[] x, int length);

    /// `x = log(x)`.
    ///
    /// @param length as for [#exp]
    void log(float[] x, int length);
}
