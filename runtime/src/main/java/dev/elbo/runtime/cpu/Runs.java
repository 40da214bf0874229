package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// What is asked of a run of consecutive elements as a whole.
interface Runs {
    /// The largest of a run, NaN if one is; −∞ for an empty run.
    float max(MemorySegment x, long start, long length);

    /// How many elements of a run stand before the first that equals `value`; a NaN equals a NaN. `length` if none
    /// does.
    long find(float value, MemorySegment x, long start, long length);

    /// `sums[at + k] += x[start + k]`, in f64.
    void add(MemorySegment x, long start, double[] sums, int at, int length);
}
