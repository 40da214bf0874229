package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// The loops over one [Binary], over runs of `length` elements: a from `aAt` on, b from `bAt` on, the others from
/// `at` on.
interface BinaryLoop {
    /// Which of the three loops.
    enum Part {
        VALUE,
        GRADIENT_OF_A,
        GRADIENT_OF_B
    }

    /// @param dy    null for [Part#VALUE]
    /// @param out   y, or the gradient of one operand
    /// @param first whether to overwrite; values always do
    void run(
            Part part,
            MemorySegment a,
            long aAt,
            MemorySegment b,
            long bAt,
            MemorySegment dy,
            MemorySegment out,
            long at,
            long length,
            boolean first);

    /// Elements `[from, to)` of a launch over (rows, cols), its operands read by strides as [PointwiseMath#binary]
    /// has them.
    ///
    /// A loop wants runs of consecutive elements, and a column or a number has none. So its element is written out
    /// as often as the run is long, and the loops know one layout only.
    default void strided(
            Part part,
            MemorySegment a,
            int aRow,
            int aCol,
            MemorySegment b,
            int bRow,
            int bCol,
            MemorySegment dy,
            MemorySegment out,
            long from,
            long to,
            int cols,
            boolean first) {
        if (aCol == 1 && aRow == cols && bCol == 1 && bRow == cols) {
            run(part, a, from, b, from, dy, out, from, to - from, first);
            return;
        }
        Scratch scratch = Scratch.ofThread();
        boolean rowless = (aCol == 1 ? aRow == cols : aRow == 0) && (bCol == 1 ? bRow == cols : bRow == 0);
        long width = rowless ? to : cols; // beside one number, a matrix is a run from end to end
        int length;
        for (long e = from; e < to; e += length) {
            long i = e / width;
            long j = e % width;
            length = (int) Math.min(Math.min(width - j, to - e), Scratch.RUN);
            boolean aRuns = aCol == 1;
            boolean bRuns = bCol == 1;
            MemorySegment u = aRuns ? a : scratch.copies(0, Floats.get(a, i * aRow), length);
            MemorySegment v = bRuns ? b : scratch.copies(1, Floats.get(b, i * bRow), length);
            run(part, u, aRuns ? i * aRow + j : 0, v, bRuns ? i * bRow + j : 0, dy, out, e, length, first);
        }
    }
}
