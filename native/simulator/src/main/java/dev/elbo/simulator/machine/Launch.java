package dev.elbo.simulator.machine;

import dev.elbo.simulator.Dim3;
import java.lang.foreign.MemorySegment;

/// One kernel launch.
///
/// @param module             where the kernel was loaded
/// @param kernel             its name
/// @param grid               blocks
/// @param block              threads of a block
/// @param cluster            blocks of a cluster, which divide the grid; null for what the kernel was compiled for
/// @param dynamicSharedBytes shared memory beyond what the kernel declares
/// @param parameters         the parameter block, laid out as [Kernel#parameters] says; borrowed until the launch ends
public record Launch(
        LoadedModule module,
        String kernel,
        Dim3 grid,
        Dim3 block,
        Dim3 cluster,
        int dynamicSharedBytes,
        MemorySegment parameters) {
    /// A launch with clusters as the kernel was compiled for: mostly of one block.
    public Launch(
            LoadedModule module,
            String kernel,
            Dim3 grid,
            Dim3 block,
            int dynamicSharedBytes,
            MemorySegment parameters) {
        this(module, kernel, grid, block, null, dynamicSharedBytes, parameters);
    }
}
