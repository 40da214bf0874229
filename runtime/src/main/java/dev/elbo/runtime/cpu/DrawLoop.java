package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// A loop that draws noise; contracts in [Loops].
interface DrawLoop {
    /// What becomes of the words of a Philox block.
    enum Kind {
        WORDS,
        NORMALS
    }

    void run(MemorySegment y, long at, long element, long length, long seed, long step, int operation);
}
