package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// The loop that draws noise of one kind.
interface DrawLoop {
    /// What a Philox block becomes.
    enum Kind {
        /// Its words, as bits.
        WORDS,
        /// Four standard normals.
        NORMALS
    }

    /// `y[at + k]` = the draw of element `element` + k, for k < `length`.
    void run(MemorySegment y, long at, long element, long length, long seed, long step, int operation);
}
