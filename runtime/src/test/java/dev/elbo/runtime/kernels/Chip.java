package dev.elbo.runtime.kernels;

import dev.elbo.kernels.KernelEntry;
import dev.elbo.kernels.Launch.Dim;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// What runs the kernels of [Twins]: the simulator's machine with every check on, or the GPU of this run.
interface Chip {
    /// Memory in which a kernel that reads it finds out that nobody has written it: by an error, or by NaN.
    ///
    /// @return its address
    long allocate(long bytes, Arena owner);

    void copyIn(MemorySegment host, long address);

    /// Fills all of `host`, after every kernel so far.
    void copyOut(long address, MemorySegment host);

    /// @param arguments packed as the kernel's header declares them
    void run(KernelEntry entry, Dim grid, MemorySegment arguments);
}
