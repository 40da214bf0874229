package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// What a provider consists of: loops over runs of consecutive elements. Everything else is composed of them, once.
interface Loops {
    UnaryLoop loop(Unary f);

    BinaryLoop loop(Binary f);

    TermLoop loop(Term term);

    RowLoop loop(RowMap map);

    /// The largest of a run, NaN if one is; −∞ for an empty run.
    float max(MemorySegment x, long start, long length);

    /// How many elements of a run stand before the first that equals `value`; a NaN equals a NaN. `length` if none
    /// does.
    long find(float value, MemorySegment x, long start, long length);

    /// `sums[at + k] += x[start + k]`, in f64.
    void add(MemorySegment x, long start, double[] sums, int at, int length);

    /// `y[at + k]` = the Philox word of element `element` + k, as bits.
    void drawWords(MemorySegment y, long at, long element, long length, long seed, long step, int operation);

    /// `y[at + k]` = the standard normal of element `element` + k.
    void drawNormals(MemorySegment y, long at, long element, long length, long seed, long step, int operation);
}
