package dev.elbo.ffi;

/// How a kernel is launched: grid, block, dynamic shared memory, and what the launch asks beyond that.
///
/// @param gridX        blocks in x, at least 1
/// @param gridY        blocks in y, at least 1
/// @param gridZ        blocks in z, at least 1
/// @param blockX       threads of a block in x, at least 1
/// @param blockY       threads of a block in y, at least 1
/// @param blockZ       threads of a block in z, at least 1
/// @param sharedBytes  dynamic shared memory of a block, bytes
/// @param cluster      blocks of a thread block cluster, in x; 1 for none
/// @param cooperative  whether all blocks run at once, so that the grid may synchronise
/// @param programmatic whether the kernel may start before its predecessor on the stream has ended; it must wait by
///     `griddepcontrol.wait` before it reads what that one writes
public record LaunchShape(
        int gridX,
        int gridY,
        int gridZ,
        int blockX,
        int blockY,
        int blockZ,
        int sharedBytes,
        int cluster,
        boolean cooperative,
        boolean programmatic) {

    public LaunchShape {
        if (gridX < 1 || gridY < 1 || gridZ < 1 || blockX < 1 || blockY < 1 || blockZ < 1) {
            throw new IllegalArgumentException(
                    "empty launch: grid=" + dims(gridX, gridY, gridZ) + ", block=" + dims(blockX, blockY, blockZ));
        }
        if (sharedBytes < 0 || cluster < 1 || gridX % cluster != 0) {
            throw new IllegalArgumentException(
                    "impossible launch: sharedBytes=" + sharedBytes + ", cluster=" + cluster + ", gridX=" + gridX);
        }
    }

    /// `blocks` blocks of `threads` threads.
    public static LaunchShape of(int blocks, int threads) {
        return of(blocks, 1, threads, 1);
    }

    /// A grid of (gridX, gridY) blocks of (blockX, blockY) threads.
    public static LaunchShape of(int gridX, int gridY, int blockX, int blockY) {
        return new LaunchShape(gridX, gridY, 1, blockX, blockY, 1, 0, 1, false, false);
    }

    /// With this many bytes of dynamic shared memory.
    public LaunchShape shared(int bytes) {
        return new LaunchShape(gridX, gridY, gridZ, blockX, blockY, blockZ, bytes, cluster, cooperative, programmatic);
    }

    /// In clusters of `blocks` blocks along x, which must divide the grid.
    public LaunchShape clusters(int blocks) {
        return new LaunchShape(
                gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes, blocks, cooperative, programmatic);
    }

    /// With all blocks running at once.
    public LaunchShape together() {
        return new LaunchShape(gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes, cluster, true, programmatic);
    }

    /// Started before its predecessor has ended.
    public LaunchShape overlapping() {
        return new LaunchShape(gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes, cluster, cooperative, true);
    }

    /// Whether the launch needs nothing but grid, block and shared memory.
    boolean plain() {
        return cluster == 1 && !cooperative && !programmatic;
    }

    private static String dims(int x, int y, int z) {
        return "(" + x + ", " + y + ", " + z + ")";
    }

    @Override
    public String toString() {
        return "grid=" + dims(gridX, gridY, gridZ) + ", block=" + dims(blockX, blockY, blockZ) + ", sharedBytes="
                + sharedBytes + (cluster > 1 ? ", cluster=" + cluster : "") + (cooperative ? ", cooperative" : "")
                + (programmatic ? ", programmatic" : "");
    }
}
